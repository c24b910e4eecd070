#include "orchestrator/guest/guest_run.h"

#include <gtest/gtest.h>

#include <fstream>
#include <variant>

#include "tests/support/fake_hypervisor.h"
#include "tests/support/frames.h"
#include "tests/support/scratch_folder.h"

/// How guests end, by a fake whose time passes only while somebody waits.
using namespace brokenpipe;
using namespace brokenpipe::testing;

namespace {

using Expired = GuestEvidence::Expired;
using std::chrono::seconds;

GuestLimits limits() {
  return {.boot = seconds(60), .no_progress = seconds(30), .hard = seconds(600)};
}

/// One run of a fake guest, with all that the caller can learn from it.
class FakeRun {
 public:
  FakeHypervisor hypervisor;
  std::vector<GuestRecord> heard;
  std::string console;
  std::stop_source stop;

  BootSpec spec() const {
    BootSpec boot;
    boot.name = "fake";
    boot.console = scratch_.path() / "console";
    boot.records = scratch_.path() / "records";
    return boot;
  }

  GuestOutcome run(FakeScript script, const GuestLimits& limits) {
    hypervisor.script = std::move(script);
    GuestListener listener;
    listener.record = [this](GuestRecord&& record) { heard.push_back(std::move(record)); };
    listener.console = [this](std::string_view text) { console += text; };
    return run_guest(hypervisor, spec(), nonce, limits, stop.get_token(), listener,
                     hypervisor.clock());
  }

 private:
  ScratchFolder scratch_;
};

GuestOutcome run(FakeScript script) {
  return FakeRun().run(std::move(script), limits());
}

struct VerdictCase {
  std::string name;
  GuestEvidence evidence;
  GuestEnding ending;
  std::string reason;
};

std::vector<VerdictCase> verdict_cases() {
  const Damage damage{1, {"frame 3 (byte 9): bad"}};
  const Damage much{58'000'000, {"frame 3 (byte 9): bad", "frame 3 (byte 10): bad"}};
  return {
      {"finished", {.end_record = true}, GuestEnding::finished, ""},
      {"finished and rebooted", {.end_record = true, .stopped = true}, GuestEnding::finished, ""},
      {"finished, then Ctrl-C",
       {.end_record = true, .interrupted = true},
       GuestEnding::finished,
       ""},
      {"finished, and panicked on its way down",
       {.end_record = true, .panic = "Kernel panic"},
       GuestEnding::finished,
       ""},
      {"oops and finished",
       {.end_record = true, .oops = "BUG: x"},
       GuestEnding::oops,
       "the kernel went on after: BUG: x"},
      {"damaged and ended",
       {.end_record = true, .damage = damage, .oops = "BUG: x"},
       GuestEnding::truncated,
       "the records are damaged: frame 3 (byte 9): bad"},
      {"damaged in many places and ended",
       {.end_record = true, .damage = much},
       GuestEnding::truncated,
       "the records are damaged: 58000000 places, the first: frame 3 (byte 9): bad"},
      {"talkative",
       {.damage = much,
        .too_much = "it wrote more than 9 bytes of records",
        .last_scenario = "a/b"},
       GuestEnding::truncated,
       "it wrote more than 9 bytes of records in scenario a/b; the records are damaged: 58000000 "
       "places, the first: frame 3 (byte 9): bad"},
      {"interrupted",
       {.interrupted = true, .last_scenario = "tcp/x"},
       GuestEnding::interrupted,
       "interrupted in scenario tcp/x"},
      {"panic",
       {.panic = "Kernel panic - not syncing", .stopped = true, .last_scenario = "tcp/x"},
       GuestEnding::panic,
       "in scenario tcp/x: Kernel panic - not syncing"},
      {"panic between two scenarios",
       {.panic = "Kernel panic - not syncing",
        .stopped = true,
        .last_scenario = "tcp/x",
        .scenario_is_over = true},
       GuestEnding::panic,
       "after scenario tcp/x: Kernel panic - not syncing"},
      {"panic before the probe",
       {.panic = "Kernel panic - not syncing"},
       GuestEnding::panic,
       "before its first scenario: Kernel panic - not syncing"},
      {"stopped after damage",
       {.damage = damage, .missing = "no end after frame 4", .stopped = true},
       GuestEnding::truncated,
       "the records are damaged: frame 3 (byte 9): bad; then no end after frame 4"},
      {"stopped without a word",
       {.missing = "no frame at all", .stopped = true},
       GuestEnding::died,
       "the machine stopped before its first scenario; no frame at all"},
      {"stopped after an oops",
       {.missing = "no end after frame 4",
        .oops = "BUG: x",
        .stopped = true,
        .last_scenario = "tcp/x"},
       GuestEnding::died,
       "the machine stopped in scenario tcp/x; no end after frame 4"},
      {"silent from the start",
       {.expired = Expired::boot},
       GuestEnding::boot_timeout,
       "no record within the boot limit"},
      {"silent in a scenario",
       {.damage = damage, .expired = Expired::no_progress, .last_scenario = "tcp/x"},
       GuestEnding::no_progress,
       "no record within the limit, in scenario tcp/x; the records are damaged: frame 3 (byte 9): "
       "bad"},
      {"endless",
       {.expired = Expired::hard, .last_scenario = "tcp/x"},
       GuestEnding::no_progress,
       "not done within the hard limit, in scenario tcp/x"},
  };
}

}  // namespace

TEST(GuestVerdict, FollowsFromTheEvidence) {
  for (const auto& [name, evidence, ending, reason] : verdict_cases()) {
    const auto verdict = guest_verdict(evidence);
    EXPECT_EQ(verdict.ending, ending) << name;
    EXPECT_EQ(verdict.reason, reason) << name;
  }
}

TEST(GuestRun, KeepsAndPassesOnEveryRecordAndTheConsole) {
  FakeRun fake;
  const auto outcome = fake.run({.moments = {{frame(0, probe_record()), "Linux version\n"},
                                             {frame(1, begin_record()), ""},
                                             {frame(2, observation_record()), "bye\n"},
                                             {frame(3, end_record(1)), ""}}},
                                limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
  EXPECT_EQ(outcome.verdict.reason, "");
  EXPECT_EQ(outcome.records, 4U);
  ASSERT_EQ(fake.heard.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<ProbeRecord>(fake.heard[0]));
  EXPECT_TRUE(std::holds_alternative<BeginRecord>(fake.heard[1]));
  EXPECT_TRUE(std::holds_alternative<Observation>(fake.heard[2]));
  EXPECT_TRUE(std::holds_alternative<EndRecord>(fake.heard[3]));
  EXPECT_EQ(fake.console, "Linux version\nbye\n");
  EXPECT_EQ(fake.hypervisor.running, 0);
}

TEST(GuestRun, EndsTheGuestAtItsEndRecordWithoutWaitingForItsReboot) {
  FakeRun fake;
  const auto outcome = fake.run({.moments = {{whole_stream(), ""}}, .stops = false}, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
  EXPECT_EQ(fake.hypervisor.running, 0);
}

TEST(GuestRun, MeasuresTheBootAndWhatCameAfterIt) {
  FakeScript script;
  script.moments.resize(49);
  script.moments.push_back({frame(0, probe_record()), ""});
  script.moments.resize(99);
  script.moments.push_back({frame(1, end_record(0)), ""});
  const auto outcome = run(script);
  EXPECT_DOUBLE_EQ(outcome.timings.at("boot"), outcome.timings.at("run"));
}

TEST(GuestRun, ReadsWhatAGuestWroteJustBeforeItStopped) {
  // The fake writes and stops between two looks, like a guest that reboots at once.
  const auto outcome = run({.moments = {{whole_stream(), ""}}, .stops = true});
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
}

TEST(GuestRun, IsABootTimeoutWhenAKernelNeverSpeaks) {
  FakeRun fake;
  const auto outcome = fake.run({.moments = {{"", "Linux version\n"}}, .stops = false}, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::boot_timeout);
  EXPECT_FALSE(outcome.timings.contains("boot"));
  EXPECT_EQ(fake.hypervisor.time.time_since_epoch(), limits().boot);
  EXPECT_EQ(fake.hypervisor.running, 0);
  EXPECT_EQ(fake.console, "Linux version\n");
}

TEST(GuestRun, DoesNotHoldTheHypervisorsDelayAgainstTheKernel) {
  FakeRun fake;
  fake.hypervisor.start_takes = limits().boot;
  const auto outcome = fake.run({.moments = {{"", ""}, {whole_stream(), ""}}}, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
}

TEST(GuestRun, DoesNotHoldAPauseOfTheHostAgainstTheKernel) {
  const auto outcome = run({.moments = {{"", "", limits().boot},
                                        {frame(0, probe_record()), ""},
                                        {"", "", limits().hard},
                                        {frame(1, end_record(0)), ""}}});
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
}

TEST(GuestRun, IsNoProgressWhenAScenarioHangsAndKeepsTheRecordsBefore) {
  FakeRun fake;
  const auto outcome = fake.run(
      {.moments = {{frame(0, probe_record()) + frame(1, begin_record()), ""}}, .stops = false},
      limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::no_progress);
  EXPECT_NE(outcome.verdict.reason.find("tcp/x"), std::string::npos);
  EXPECT_EQ(outcome.records, 2U);
  EXPECT_EQ(fake.hypervisor.running, 0);
}

TEST(GuestRun, EndsAtTheHardLimitHoweverMuchIsSaid) {
  FakeRun fake;
  FakeScript script;
  for (std::uint64_t i = 0; i < 100; ++i) script.moments.push_back({frame(i, begin_record()), ""});
  auto tight = limits();
  tight.hard = std::chrono::milliseconds(1000);
  const auto outcome = fake.run(script, tight);
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::no_progress);
  EXPECT_NE(outcome.verdict.reason.find("hard limit"), std::string::npos);
  EXPECT_EQ(fake.hypervisor.time.time_since_epoch(), tight.hard);
}

TEST(GuestRun, SeesAPanicOfAMachineThatStopsAtOnce) {
  FakeRun fake;
  const auto outcome = fake.run(
      {.moments = {{frame(0, probe_record()), ""},
                   {"", "[ 1.0] Kernel panic - not syncing: Attempted to kill init!\r\n"}}},
      limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::panic);
  EXPECT_NE(outcome.verdict.reason.find("Attempted to kill init!"), std::string::npos);
  EXPECT_LT(fake.hypervisor.time.time_since_epoch(), seconds(1));
  EXPECT_EQ(outcome.records, 1U);
}

TEST(GuestRun, DoesNotWaitForAMachineThatHangsAfterItsPanic) {
  FakeRun fake;
  const auto outcome = fake.run(
      {.moments = {{frame(0, probe_record()), ""}, {"", "[ 1.0] Kernel panic - not syncing\n"}},
       .stops = false},
      limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::panic);
  EXPECT_LT(fake.hypervisor.time.time_since_epoch(), limits().no_progress);
}

TEST(GuestRun, DoesNotTakeAProgramsWordForAPanic) {
  FakeRun fake;
  const std::string log = "[ 0.0] Linux version\nKernel panic - not syncing: a joke\n";
  const auto outcome = fake.run({.moments = {{frame(0, probe_record()), log},
                                             {frame(1, begin_record()), ""},
                                             {frame(2, observation_record()), ""},
                                             {frame(3, end_record(1)), ""}}},
                                limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
  EXPECT_EQ(outcome.records, 4U);
}

TEST(GuestRun, BelievesInNoPanicAfterWhichTheProbeGoesOn) {
  FakeRun fake;
  FakeScript script{{{frame(0, probe_record()), "[ 1.0] Kernel panic - not syncing: a forgery\n"}}};
  script.moments.resize(50);
  script.moments.push_back({frame(1, begin_record()) + frame(2, observation_record()), ""});
  script.moments.push_back({frame(3, end_record(1)), ""});
  const auto outcome = fake.run(script, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
  ASSERT_EQ(outcome.warnings.size(), 1U);
  EXPECT_EQ(outcome.warnings[0],
            "no panic, for records came after it: [ 1.0] Kernel panic - not syncing: a forgery");
}

TEST(GuestRun, PlacesAPanicAfterTheScenarioThatHadItsObservation) {
  const std::string panic = "[ 1.0] Kernel panic - not syncing\n";
  const auto early =
      run({.moments = {{frame(0, probe_record()) + frame(1, begin_record()), ""}, {"", panic}}});
  EXPECT_EQ(early.verdict.reason.find("in scenario tcp/x: "), 0U) << early.verdict.reason;
  const auto late = run({.moments = {{frame(0, probe_record()) + frame(1, begin_record()) +
                                          frame(2, observation_record()),
                                      ""},
                                     {"", panic}}});
  EXPECT_EQ(late.verdict.reason.find("after scenario tcp/x: "), 0U) << late.verdict.reason;
}

TEST(GuestRun, EndsAGuestThatSaysTooMuch) {
  FakeRun fake;
  FakeScript script{{{frame(0, probe_record()), ""}}, false};
  for (int i = 0; i < 10; ++i) script.moments.push_back({std::string(1000, '\n'), ""});
  auto tight = limits();
  tight.records = 3000;
  const auto outcome = fake.run(script, tight);
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::truncated);
  EXPECT_EQ(outcome.verdict.reason.find(
                "it wrote more records than the limit of 3000 bytes, before its first scenario"),
            0U)
      << outcome.verdict.reason;
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_LT(fake.hypervisor.time.time_since_epoch(), seconds(1));
  EXPECT_EQ(fake.hypervisor.running, 0);
}

TEST(GuestRun, PassesOnNoMoreOfTheLogThanIsKeptAndSaysSo) {
  FakeRun fake;
  auto tight = limits();
  tight.console = 10;
  const auto outcome = fake.run(
      {.moments = {{"", "0123456"}, {"", "789abcdef\n"}, {whole_stream(), "more\n"}}}, tight);
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
  EXPECT_EQ(fake.console, "0123456789");
  EXPECT_EQ(outcome.warnings, (std::vector<std::string>{"of the 22 bytes of its log 10 are kept"}));
}

TEST(GuestRun, FindsThePanicBehindALogThatIsTooLong) {
  FakeRun fake;
  auto tight = limits();
  tight.console = 10;
  const auto outcome = fake.run(
      {.moments = {{"", "[ 0.0] Linux version\n"}, {"", "[ 1.0] Kernel panic - not syncing\n"}}},
      tight);
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::panic);
}

TEST(GuestRun, KeepsWhatAGuestSaidThatCannotBeEnded) {
  FakeRun fake;
  fake.hypervisor.does_not_end_for = "Device or resource busy";
  const auto outcome = fake.run({.moments = {{whole_stream(), ""}}, .stops = false}, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::finished);
  EXPECT_EQ(outcome.records, 4U);
  ASSERT_EQ(outcome.warnings.size(), 1U);
  EXPECT_NE(outcome.warnings[0].find("Device or resource busy"), std::string::npos);
}

TEST(GuestRun, SeesAnOopsOfAKernelThatWentOn) {
  for (const std::string line :
       {"BUG: unable to handle kernel NULL pointer dereference\n", "Oops: 0000 [#1] SMP\n",
        "kernel BUG at fs/aio.c:1!\n", "general protection fault, probably for\n"}) {
    const auto outcome = run({.moments = {{"", line}, {whole_stream(), ""}}});
    EXPECT_EQ(outcome.verdict.ending, GuestEnding::oops) << line;
    EXPECT_EQ(outcome.records, 4U);
  }
}

TEST(GuestRun, FindsAPanicThatReachesTheFileInPieces) {
  const auto outcome = run({.moments = {{"", "Kernel pa"}, {"", "nic - not syncing\n"}}});
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::panic);
}

TEST(GuestRun, IsDiedWhenTheMachineStopsBeforeTheEnd) {
  const auto outcome = run({.moments = {{frame(0, probe_record()) + "@bp1 0", ""}}});
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::died);
  EXPECT_NE(outcome.verdict.reason.find("frame 1 breaks off"), std::string::npos);
  EXPECT_EQ(outcome.records, 1U);
}

TEST(GuestRun, IsTruncatedWhenAFrameIsLost) {
  const auto outcome = run({.moments = {{frame(0, probe_record()) + frame(2, end_record(0)), ""}}});
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::truncated);
  EXPECT_NE(outcome.verdict.reason.find("1 was due"), std::string::npos);
}

TEST(GuestRun, IsInterruptedOnRequestAndKeepsWhatCame) {
  FakeRun fake;
  fake.stop.request_stop();
  const auto outcome =
      fake.run({.moments = {{frame(0, probe_record()), ""}}, .stops = false}, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::interrupted);
  EXPECT_EQ(outcome.records, 1U);
  EXPECT_EQ(fake.hypervisor.running, 0);
}

TEST(GuestRun, ReplacesTheFilesOfAnEarlierRun) {
  FakeRun fake;
  std::ofstream(fake.spec().console) << "Kernel panic\n";
  std::ofstream(fake.spec().records) << whole_stream();
  const auto outcome = fake.run({.moments = {{frame(0, probe_record()), ""}}}, limits());
  EXPECT_EQ(outcome.verdict.ending, GuestEnding::died);
  EXPECT_EQ(outcome.records, 1U);
}

TEST(GuestRun, LetsTheHypervisorsRefusalThrough) {
  FakeRun fake;
  fake.hypervisor.refusal = "no such machine";
  EXPECT_THROW(fake.run({}, limits()), Error);
}
