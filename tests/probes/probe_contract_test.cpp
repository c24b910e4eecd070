#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "orchestrator/guest/record_stream.h"
#include "results/base/run_command.h"

/// What the probe promises to whoever reads its output, kept by the binary itself.
namespace brokenpipe {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string probe = PROBE;
const std::string faulty_probe = FAULTY_PROBE;

std::vector<json> records_of(const std::string& output) {
  std::vector<json> records;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) records.push_back(json::parse(line));
  return records;
}

std::vector<json> run(const std::vector<std::string>& command) {
  const CommandResult result = run_command(command);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  return records_of(result.out);
}

json observation_of(const std::string& scenario, const std::vector<std::string>& options = {}) {
  std::vector<std::string> command{faulty_probe, scenario};
  command.insert(command.end(), options.begin(), options.end());
  const std::vector<json> records = run(command);
  return records.size() == 4 ? records.at(2) : json();
}

CommandResult shell(const std::string& script, const std::string& program) {
  return run_command({"sh", "-c", script, program});
}

// --- The stream ----------------------------------------------------------------------------------

TEST(ProbeStream, IsProbeThenBeginAndObservationOfEachThenEnd) {
  const auto records = run({faulty_probe, "faulty/completes", "faulty/lacks"});
  ASSERT_EQ(records.size(), 6U);
  EXPECT_EQ(records.at(0).at("record"), "probe");
  EXPECT_EQ(records.at(0).at("schema"), 1);
  EXPECT_EQ(records.at(0).at("scenarios"), 2);
  EXPECT_EQ(records.at(1), json({{"record", "begin"}, {"scenario", "faulty/completes"}}));
  EXPECT_EQ(records.at(2).at("record"), "observation");
  EXPECT_EQ(records.at(2).at("scenario"), "faulty/completes");
  EXPECT_EQ(records.at(3), json({{"record", "begin"}, {"scenario", "faulty/lacks"}}));
  EXPECT_EQ(records.at(4).at("scenario"), "faulty/lacks");
  EXPECT_EQ(records.at(5), json({{"record", "end"}, {"observations", 2}}));
}

TEST(ProbeStream, NamesTheKernelThatAnswered) {
  const auto records = run({faulty_probe, "faulty/completes"});
  std::string release = run_command({"uname", "-r"}).out;
  release.pop_back();
  EXPECT_EQ(records.at(0).at("release"), release);
}

// A host's log is everybody's.
TEST(ProbeStream, SaysThatOnAHostTheKernelsLogIsNotRead) {
  EXPECT_EQ(run({faulty_probe, "faulty/completes"}).at(0).at("kernel_log"), false);
}

TEST(ProbeStream, FramedIsReadByTheHostWithoutDamage) {
  const std::string nonce = "0123456789abcdef";
  const CommandResult result = run_command({faulty_probe, "--framed", nonce, "faulty/completes"});
  RecordStream stream(nonce);
  const std::vector<GuestRecord> records = stream.feed(result.out);
  EXPECT_TRUE(stream.ended());
  EXPECT_EQ(stream.damage(), Damage{});
  EXPECT_EQ(records.size(), 4U);
}

TEST(ProbeStream, FramesCarryWhatTheLinesSay) {
  const std::string nonce = "0123456789abcdef";
  std::istringstream framed(run_command({faulty_probe, "--framed", nonce, "faulty/completes"}).out);
  std::vector<json> payloads;
  for (std::string line; std::getline(framed, line);)
    payloads.push_back(json::parse(line.substr(line.find('{'))));
  EXPECT_EQ(payloads, run({faulty_probe, "faulty/completes"}));
}

TEST(ProbeStream, HasTheSameObservationsWhateverTheNumberOfJobs) {
  const auto observations = [](const std::string& jobs) {
    std::map<std::string, json> by_scenario;
    for (const json& record : run({faulty_probe, "faulty/*", "--jobs", jobs})) {
      if (record.at("record") == "observation") by_scenario[record.at("scenario")] = record;
    }
    return by_scenario;
  };
  const auto one_by_one = observations("1");
  EXPECT_GT(one_by_one.size(), 10U);
  EXPECT_EQ(one_by_one, observations("4"));
}

TEST(ProbeStream, EndsWithTheScenariosThatRunLast) {
  const auto records = run({faulty_probe, "faulty/at-the-end", "faulty/completes"});
  EXPECT_EQ(records.at(records.size() - 2).at("scenario"), "faulty/at-the-end");
}

TEST(ProbeStream, ReaderThatIsGoneIsAnErrorOfItsOwn) {
  // A pipe that has no reader any more when the probe begins to write.
  const CommandResult result = shell(
      "d=$(mktemp -d) && mkfifo $d/f && exec 3<>$d/f 4>$d/f 3<&- && rm -r $d && "
      "exec \"$0\" faulty/completes >&4",
      faulty_probe);
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.err, HasSubstr("writing a record: Broken pipe"));
}

TEST(ProbeStream, FullDiskIsAnError) {
  const CommandResult result = shell("exec \"$0\" faulty/completes >/dev/full", faulty_probe);
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_THAT(result.err, HasSubstr("No space left on device"));
}

// --- The command line ----------------------------------------------------------------------------

TEST(ProbeCommandLine, GlobThatMatchesNothingIsUsage) {
  const CommandResult result = run_command({faulty_probe, "faulty/completes", "no/such/*"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_THAT(result.err, HasSubstr("'no/such/*'"));
  EXPECT_EQ(result.out, "");
}

TEST(ProbeCommandLine, WhatItDoesNotKnowIsUsage) {
  EXPECT_EQ(run_command({faulty_probe, "--no-such-option"}).exit_status, 2);
  EXPECT_EQ(run_command({faulty_probe, "--jobs", "0"}).exit_status, 2);
  EXPECT_EQ(run_command({faulty_probe, "--jobs", "2x"}).exit_status, 2);
  EXPECT_EQ(run_command({faulty_probe, "--jobs"}).exit_status, 2);
  EXPECT_EQ(run_command({faulty_probe, "--clock", "sand"}).exit_status, 2);
}

TEST(ProbeCommandLine, ListIsSortedAndRunsNothing) {
  const CommandResult result = run_command({probe, "--list"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const json list = json::parse(result.out);
  EXPECT_EQ(list.at("schema"), 1);
  std::vector<std::string> ids;
  for (const json& scenario : list.at("scenarios")) ids.push_back(scenario.at("id"));
  EXPECT_FALSE(ids.empty());
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST(ProbeCommandLine, ListNamesSysctls) {
  const json list = json::parse(run_command({faulty_probe, "--list"}).out);
  const auto entry = [&](const std::string& id) {
    return *std::find_if(list.at("scenarios").begin(), list.at("scenarios").end(),
                         [&](const json& scenario) { return scenario.at("id") == id; });
  };
  EXPECT_EQ(entry("faulty/sets-a-sysctl").at("sysctls"), json({{"net.ipv4.tcp_fin_timeout", "7"}}));
  EXPECT_EQ(entry("faulty/shortens-a-timeout").at("shortened"),
            json({{"net.ipv4.tcp_fin_timeout", "3"}}));
}

// --- Endings -------------------------------------------------------------------------------------

TEST(ProbeEnding, CompletedHasItsSteps) {
  EXPECT_EQ(observation_of("faulty/completes"),
            json::parse(R"({"record": "observation", "scenario": "faulty/completes",
                            "ending": "completed",
                            "steps": [{"step": "getppid#1", "call": "getppid", "args": "",
                                       "returned": 1}]})"));
}

TEST(ProbeEnding, HangIsTimedOutAndKeepsThePendingStep) {
  const json observation = observation_of("faulty/hangs");
  EXPECT_EQ(observation.at("ending"), "timed_out");
  EXPECT_THAT(observation.at("reason").get<std::string>(), HasSubstr("1 s"));
  EXPECT_EQ(observation.at("steps").size(), 2U);
  EXPECT_EQ(observation.at("steps").at(1).at("returned"), "never");
}

TEST(ProbeEnding, ScenarioDuringWhichTheMachineWasPausedIsRunOnceMore) {
  const json observation = observation_of("paused/once");
  EXPECT_EQ(observation.at("ending"), "completed");
  ASSERT_EQ(observation.at("steps").size(), 1U);
  EXPECT_EQ(observation.at("steps").at(0).at("number"), 2);
}

TEST(ProbeEnding, ScenarioThatIsPausedEachTimeIsBroken) {
  const json observation = observation_of("paused/always");
  EXPECT_EQ(observation.at("ending"), "broken");
  EXPECT_THAT(observation.at("reason").get<std::string>(), HasSubstr("paused"));
}

TEST(ProbeEnding, DeathIsKilledBySignal) {
  const json observation = observation_of("faulty/dies");
  EXPECT_EQ(observation.at("ending"), "killed");
  EXPECT_EQ(observation.at("signal"), "SIGSEGV");
  EXPECT_EQ(observation.at("steps").at(0).at("returned"), "never");
}

TEST(ProbeEnding, FailedSetUpIsBrokenAndKeepsItsSteps) {
  const json observation = observation_of("faulty/is-broken");
  EXPECT_EQ(observation.at("ending"), "broken");
  EXPECT_EQ(observation.at("reason"), "open: ENOENT");
  EXPECT_EQ(observation.at("steps").size(), 1U);
}

TEST(ProbeEnding, AnyOtherFailureOfAScenarioIsBroken) {
  EXPECT_EQ(observation_of("faulty/throws").at("reason"), "out of ideas");
  const json exits = observation_of("faulty/exits");
  EXPECT_EQ(exits.at("ending"), "broken");
  EXPECT_THAT(exits.at("reason").get<std::string>(), HasSubstr("exited 3"));
}

// What is no exception must not end the runner either, nor what it has still to run.
TEST(ProbeEnding, WhatIsThrownAndNoExceptionIsBroken) {
  const auto records =
      run({faulty_probe, "faulty/throws-what-is-no-exception", "faulty/completes"});
  ASSERT_EQ(records.size(), 6U);
  const auto ending = [&](const std::string& scenario) {
    return std::find_if(records.begin(), records.end(),
                        [&](const json& record) {
                          return record.at("record") == "observation" &&
                                 record.at("scenario") == scenario;
                        })
        ->at("ending");
  };
  EXPECT_EQ(ending("faulty/throws-what-is-no-exception"), "broken");
  EXPECT_EQ(ending("faulty/completes"), "completed");
}

// No call under test raises SIGABRT, and none SIGKILL: these are ours or the machine's.
TEST(ProbeEnding, AbortIsOurFaultAndNeverTheKernels) {
  const json observation = observation_of("faulty/aborts");
  EXPECT_EQ(observation.at("ending"), "broken");
  EXPECT_EQ(observation.at("reason"), "the probe aborted");
  EXPECT_FALSE(observation.contains("signal"));
  EXPECT_EQ(observation.at("steps").at(0).at("returned"), "never");
}

TEST(ProbeEnding, SigkillThatWeDidNotSendIsNotTheKernelsAnswer) {
  const json observation = observation_of("faulty/is-killed-by-somebody");
  EXPECT_EQ(observation.at("ending"), "broken");
  EXPECT_THAT(observation.at("reason").get<std::string>(), HasSubstr("which we did not send"));
  EXPECT_FALSE(observation.contains("signal"));
}

TEST(ProbeEnding, EndOfAChildIsAStepWhereItIsTheKernels) {
  const json observation = observation_of("faulty/has-a-child-that-dies");
  EXPECT_EQ(observation.at("ending"), "completed");
  EXPECT_EQ(observation.at("steps").at(0).at("status"), "killed by SIGSEGV");
}

TEST(ProbeEnding, ChildThatFailsByItselfBreaksItsScenario) {
  for (const std::string how :
       {"aborts", "is-killed-by-somebody", "throws", "throws-what-is-no-exception"}) {
    const json observation = observation_of("faulty/has-a-child-that-" + how);
    EXPECT_EQ(observation.at("ending"), "broken") << how;
    EXPECT_THAT(observation.at("reason").get<std::string>(), HasSubstr("of a forked child")) << how;
    EXPECT_TRUE(observation.at("steps").empty()) << how;
  }
}

TEST(ProbeEnding, LackOfTheKernelIsUnsupportedWithTheReason) {
  const json observation = observation_of("faulty/lacks");
  EXPECT_EQ(observation.at("ending"), "unsupported");
  EXPECT_EQ(observation.at("reason"), "no moon");
  EXPECT_FALSE(observation.contains("feature"));
  EXPECT_FALSE(observation.contains("proof"));
}

TEST(ProbeEnding, LackThatIsProvenNamesTheFeatureAndTheProof) {
  const json observation = observation_of("faulty/lacks-by-proof");
  EXPECT_EQ(observation.at("ending"), "unsupported");
  EXPECT_EQ(observation.at("feature"), "moon");
  EXPECT_EQ(observation.at("proof"), "ENOSYS");
}

TEST(ProbeEnding, NeedThatTheKernelProvablyLacksNamesFeatureAndProof) {
  const json observation = observation_of("faulty/needs-what-is-proven-absent");
  EXPECT_EQ(observation.at("ending"), "unsupported");
  EXPECT_EQ(observation.at("reason"), "no proven-absent: socket: EPROTO");
  EXPECT_EQ(observation.at("feature"), "proven-absent");
  EXPECT_EQ(observation.at("proof"), "EPROTO");
}

// Then nobody has asked the kernel.
TEST(ProbeEnding, NeedThatAModuleMayBringHasNoProof) {
  const json observation = observation_of("faulty/needs-what-is-not-there");
  EXPECT_EQ(observation.at("ending"), "unsupported");
  EXPECT_EQ(observation.at("feature"), "not-there");
  EXPECT_FALSE(observation.contains("proof"));
}

TEST(ProbeEnding, NeedThatNoFeatureIsCalledIsBroken) {
  const json observation = observation_of("faulty/needs-what-no-feature-is-called");
  EXPECT_EQ(observation.at("ending"), "broken");
  EXPECT_THAT(observation.at("reason").get<std::string>(), HasSubstr("the-moon"));
}

// --- Isolation -----------------------------------------------------------------------------------

TEST(ProbeIsolation, OutputOfAScenarioIsNoRecord) {
  const auto records = run({faulty_probe, "faulty/writes-to-stdout"});
  EXPECT_EQ(records.size(), 4U);
  EXPECT_EQ(records.at(2).at("ending"), "completed");
}

TEST(ProbeIsolation, WhatAScenarioForkedEndsWithIt) {
  // run_command comes back when nobody holds the probe's stderr any more.
  EXPECT_EQ(observation_of("faulty/leaves-a-process").at("ending"), "completed");
}

TEST(ProbeTrace, SignalsOutsideOfAnyStepAreStepsOfTheirOwn) {
  const json steps = observation_of("faulty/is-signalled-outside-its-steps").at("steps");
  const json sigpipe = {{{"signal", "SIGPIPE"}, {"code", "SI_TKILL"}, {"pid", "self"}}};
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps.at(0).at("step"), "signals#1");
  EXPECT_EQ(steps.at(0).at("signals"), sigpipe);
  EXPECT_EQ(steps.at(1).contains("signals"), false);
  EXPECT_EQ(steps.at(2).at("step"), "signals#2");
  EXPECT_EQ(steps.at(2).at("signals"), sigpipe);
}

TEST(ProbeIsolation, ScenarioDoesNotInheritTheCallersSignals) {
  const auto records = run({"env", "--block-signal=USR1", "--ignore-signal=TERM",
                            "--ignore-signal=CHLD", faulty_probe, "faulty/inherits"});
  ASSERT_EQ(records.size(), 4U);
  const json seen = records.at(2).at("steps").at(0);
  EXPECT_EQ(seen.at("blocked"), false);
  EXPECT_EQ(seen.at("ignored"), false);
  EXPECT_EQ(seen.at("leader"), true);
  EXPECT_EQ(seen.at("cpus"), 1);
}

// --- Sysctls on a host ---------------------------------------------------------------------------

TEST(ProbeSysctls, AreSetInANamespaceOfTheScenariosOwnOrNotAtAll) {
  const std::string before = run_command({"cat", "/proc/sys/net/ipv4/tcp_fin_timeout"}).out;
  const json observation = observation_of("faulty/sets-a-sysctl");
  if (observation.at("ending") == "unsupported") {
    EXPECT_THAT(observation.at("reason").get<std::string>(), HasSubstr("network namespace"));
  } else {
    EXPECT_EQ(observation.at("steps").at(0).at("value"), "7\n");
  }
  EXPECT_EQ(run_command({"cat", "/proc/sys/net/ipv4/tcp_fin_timeout"}).out, before);
}

TEST(ProbeSysctls, ThatTheKernelLacksAreUnsupportedAndTheirAbsenceIsTheProof) {
  const json observation = observation_of("faulty/sets-an-unknown-sysctl");
  EXPECT_EQ(observation.at("ending"), "unsupported");
  // Who may not have a network namespace does not get as far as to ask.
  const bool asked =
      observation.at("reason").get<std::string>().find("no_such_thing") != std::string::npos;
  EXPECT_EQ(observation.contains("proof"), asked);
}

TEST(ProbeSysctls, ShortenATimeoutUnderTheRealClockOnlyAndSaySo) {
  const json real = observation_of("faulty/shortens-a-timeout", {"--clock", "real"});
  EXPECT_THAT(real.at("shortened"), ElementsAre("net.ipv4.tcp_fin_timeout=3"));
  if (real.at("ending") == "completed") {
    EXPECT_EQ(real.at("steps").at(0).at("value"), "3\n");
  }
  const json warp = observation_of("faulty/shortens-a-timeout", {"--clock", "warp"});
  EXPECT_EQ(warp.at("ending"), "completed");
  EXPECT_FALSE(warp.contains("shortened"));
  EXPECT_NE(warp.at("steps").at(0).at("value"), "3\n");
}

// --- The scenarios themselves --------------------------------------------------------------------

TEST(ProbeScenarios, CompleteOrAreUnsupportedOnThisKernel) {
  size_t completed = 0;
  for (const json& record : run({probe, "--jobs", "4"})) {
    if (record.at("record") != "observation") continue;
    if (record.at("ending") == "completed") {
      ++completed;
      continue;
    }
    EXPECT_EQ(record.at("ending"), "unsupported") << record;
    EXPECT_FALSE(record.at("reason").get<std::string>().empty()) << record;
  }
  EXPECT_GT(completed, 0U);
}

}  // namespace
}  // namespace brokenpipe
