#include "results/run_result.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/result_builder.h"
#include "tests/support/scratch_folder.h"

/// A kernel's result: written, read, refused, and made a reference; and how files are written.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

const fs::path golden = fs::path(PROJECT_FILES) / "tests/results/golden/run_result.json";

/// Something in every member.
RunResult full_result() {
  RunResult full = result("6.1.0-47-cloud-amd64", {});
  full.kernel = {"debian-6.1",
                 "6.1.0-47-cloud-amd64",
                 "#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-3 (2026-09-01)",
                 "x86_64",
                 "linux-image-6.1.0-47-cloud-amd64=6.1.170-3",
                 std::string(64, 'a')};
  full.guest = {GuestEnding::oops,
                "BUG: at net/socket.c",
                "tcg",
                "warp",
                "7.2.0",
                "9.0.0",
                "pvh",
                "console=ttyS0 panic=-1",
                {"libcrc32c", "sctp"},
                {{"boot", 1.5}, {"run", 6.25}},
                {{"sctp", "ENOMEM"}},
                std::string(64, 'c'),
                std::string(64, 'd'),
                true};
  full.probe = {"0.1.0", std::string(64, 'b'), {"tcp/*"}};
  Observation shortened = completed(
      "tcp/late-accept",
      {step("send#1", {{"returned", 1}}),
       step("send#2",
            {{"returned", -1},
             {"errno", "EPIPE"},
             {"signals", {{{"signal", "SIGPIPE"}, {"code", "SI_USER"}, {"pid", "self"}}}}}),
       step("poll#1", {{"revents", {"POLLIN", "POLLHUP"}}})});
  shortened.shortened = {"net.ipv4.tcp_fin_timeout=2"};
  shortened.disagreeing = {completed("tcp/late-accept", {step("send#1", {{"returned", 1}})})};
  Observation unsupported =
      ended("entry/listening/io-uring-send", ScenarioEnding::unsupported, "no io_uring");
  unsupported.feature = "io_uring";
  unsupported.proof = "ENOSYS";
  full.lacks = {{"ax25", "CONFIG_AX25 is not set"}};
  full.observations = {
      killed("entry/listening/aio", "SIGSEGV", {step("io_submit#1", {{"returned", "never"}})}),
      unsupported, shortened};
  return full;
}

/// What reading these bytes says: the error's words, or nothing where they are accepted.
std::string complaint_about(const std::string& text) {
  const testing::ScratchFolder folder;
  const fs::path file = folder.path() / "result.json";
  write_file(file, text);
  try {
    read_run_result(file);
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr(file.string()));
    return e.what();
  }
  return {};
}

TEST(RunResult, RoundTripKeepsEveryMember) {
  const testing::ScratchFolder folder;
  write_run_result(folder.path() / "result.json", full_result());
  EXPECT_EQ(read_run_result(folder.path() / "result.json"), full_result());
}

TEST(RunResult, ReferenceWrittenFromSourcesHasNeitherGuestNorProbe) {
  RunResult reference = result("3.16.0", {completed("tcp/x", {step("send#1", {{"returned", 1}})})});
  reference.guest = {};
  reference.from_sources = true;
  reference.observations[0].steps[0].basis = Basis::derived;
  reference.observations[0].steps[0].lines = "net/ipv4/tcp.c:1131";
  const Json written = Json::parse(to_json_text(reference));
  EXPECT_FALSE(written.contains("guest"));
  EXPECT_FALSE(written.contains("probe"));
  const testing::ScratchFolder folder;
  write_run_result(folder.path() / "reference.json", reference);
  EXPECT_EQ(read_run_result(folder.path() / "reference.json"), reference);
}

TEST(RunResult, EqualResultsGiveEqualBytesHoweverTheirObservationsAreOrdered) {
  RunResult reversed = full_result();
  std::reverse(reversed.observations.begin(), reversed.observations.end());
  EXPECT_EQ(to_json_text(reversed), to_json_text(full_result()));
}

TEST(RunResult, WritesTheCanonicalFileByteForByte) {
  EXPECT_EQ(to_json_text(full_result()), read_file(golden));
}

TEST(RunResult, KeepsAWordThatIsNoUtf8Readable) {
  RunResult odd = full_result();
  odd.kernel.version = "#1 \xff";
  EXPECT_EQ(Json::parse(to_json_text(odd))["kernel"]["version"], "#1 \xef\xbf\xbd");
}

TEST(RunResult, FileCutAtAnyByteIsRefusedAsTruncated) {
  const std::string whole = to_json_text(full_result());
  // Without the newline at its end a file is still whole.
  for (std::size_t length = 0; length + 1 < whole.size(); length += 61)
    EXPECT_THAT(complaint_about(whole.substr(0, length)), ::testing::HasSubstr("truncated"))
        << "cut at " << length;
}

TEST(RunResult, GarbageIsRefusedAsNoJson) {
  EXPECT_THAT(complaint_about("{\"schema\": 1, what}"), ::testing::HasSubstr("no JSON"));
}

TEST(RunResult, OtherSchemaNumberIsRefusedWithBothNumbers) {
  Json other = Json::parse(to_json_text(full_result()));
  other["schema"] = 2;
  EXPECT_THAT(complaint_about(other.dump()),
              ::testing::HasSubstr("of schema 2, and this program reads schema 1"));
  other.erase("schema");
  EXPECT_THAT(complaint_about(other.dump()), ::testing::HasSubstr("\"schema\" is missing"));
}

TEST(RunResult, MissingFieldIsNamedWithItsPlace) {
  const Json whole = Json::parse(to_json_text(full_result()));
  struct Field {
    const char* parent;
    const char* key;
    const char* place;
  };
  for (const Field& field : std::vector<Field>{
           {"", "kernel", ""},
           {"", "guest", ""},
           {"", "probe", ""},
           {"", "observations", ""},
           {"/kernel", "sha256", "kernel: "},
           {"/guest", "clock", "guest: "},
           {"/probe", "selection", "probe: "},
           {"/observations/0", "scenario", "observations[0]: "},
           {"/observations/0", "ending", "observations[0]: "},
           {"/observations/2", "steps", "observations[2]: "},
           {"/observations/2/steps/1", "step", "observations[2].steps[1]: "},
           {"/observations/2/steps/1", "call", "observations[2].steps[1]: "},
           {"/observations/2/steps/1", "args", "observations[2].steps[1]: "},
       }) {
    Json cut = whole;
    cut[Json::json_pointer(field.parent)].erase(field.key);
    EXPECT_THAT(complaint_about(cut.dump()), ::testing::HasSubstr(std::string(field.place) + "\"" +
                                                                  field.key + "\" is missing"));
  }
}

TEST(RunResult, WrongValueIsNamedWithItsPlace) {
  const Json whole = Json::parse(to_json_text(full_result()));
  struct Change {
    const char* place;
    Json value;
    const char* complaint;
  };
  for (const Change& change : std::vector<Change>{
           {"/guest/ending", "fine", "guest.ending: \"fine\" is none of finished, boot_timeout"},
           {"/observations/0/ending", "passed", "observations[0].ending: \"passed\" is none of"},
           {"/observations/0/steps", 3, "observations[0].steps: not a list"},
           {"/observations/0/scenario", 3, "observations[0].scenario: not a string"},
           {"/guest/timings/boot", "long", "guest.timings.boot: not a number"},
           {"/guest/timings/boot", -1, "guest.timings.boot: negative"},
           {"/kernel", "6.1", "kernel: not an object"},
           {"/lacks", Json::array(), "lacks: not an object"},
           {"/lacks/ax25", true, "lacks.ax25: not a string"},
           {"/guest/modules_failed/sctp", 12, "guest.modules_failed.sctp: not a string"},
           {"/observations/1/scenario", "entry/listening/aio",
            "observations[1]: scenario \"entry/listening/aio\" is there twice"},
           {"/observations/2/steps/1/step", "send#1", "steps[1]: step \"send#1\" is there twice"},
           {"/observations/0/verdict", "same", "observations[0]: \"verdict\" is not known here"},
           {"/observations/2/signal", "SIGSEGV",
            "observations[2]: completed, and yet there is a \"signal\""},
           {"/observations/1/reason", "",
            R"(observations[1]: unsupported, and "reason" does not say why)"},
           {"/observations/2/steps/0/lines", "net/socket.c:1",
            R"(observations[2].steps[0]: only a reference has "basis" and "lines")"},
       }) {
    Json wrong = whole;
    wrong[Json::json_pointer(change.place)] = change.value;
    EXPECT_THAT(complaint_about(wrong.dump()), ::testing::HasSubstr(change.complaint));
  }
}

TEST(RunResult, TypeOfWhatWasSeenIsHeldAndItsWordIsTheKernels) {
  const Json whole = Json::parse(to_json_text(full_result()));
  const auto seeing = [&](const char* key, const Json& value) {
    Json other = whole;
    other["observations"][2]["steps"][0][key] = value;
    return complaint_about(other.dump());
  };
  const std::string place = "observations[2].steps[0].";
  EXPECT_THAT(seeing("errno", 32), ::testing::HasSubstr(place + "errno: not a string"));
  EXPECT_THAT(seeing("returned", 0.5),
              ::testing::HasSubstr(place + "returned: neither a whole number nor a string"));
  EXPECT_THAT(seeing("revents", "POLLIN"),
              ::testing::HasSubstr(place + "revents: not a list of strings"));
  EXPECT_THAT(seeing("signals", {{{"code", "SI_USER"}}}),
              ::testing::HasSubstr(place + "signals: not a list of objects that name"));
  EXPECT_THAT(seeing("core_dumped", "yes"),
              ::testing::HasSubstr(place + "core_dumped: neither true nor false"));
  EXPECT_THAT(seeing("returned", 0x8000000000000000U),
              ::testing::HasSubstr(place + "returned: neither a whole number nor a string"))
      << "beyond what a system call returns";
  EXPECT_EQ(seeing("returned", 0x7fffffffffffffffU), "");
  EXPECT_EQ(seeing("errno", "errno 530"), "");
  EXPECT_EQ(seeing("state", "13"), "");
  EXPECT_EQ(seeing("odd", {{"any", {1, "thing"}}}), "");
}

TEST(RunResult, NumberThatNothingHoldsIsRefusedWithItsByte) {
  std::string text = to_json_text(full_result());
  const std::string number = R"("boot": )";
  const auto at = text.find(number) + number.size();
  text.replace(at, text.find_first_of(",\n", at) - at, "1e999");
  EXPECT_THAT(complaint_about(text), ::testing::HasSubstr(fmt::format(
                                         "a number beyond a double's range, at byte {}", at + 6)));
}

TEST(RunResult, WhatWasSeenAHundredThousandLevelsDeepIsRefused) {
  std::string text = to_json_text(full_result());
  const std::string key = R"("returned": )";
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  text.insert(text.find(key), R"("odd": )" + deep + ", ");
  EXPECT_THAT(complaint_about(text), ::testing::HasSubstr("deeper than 64 levels"));
}

TEST(RunResult, KilledWithoutASignalIsRefused) {
  Json wrong = Json::parse(to_json_text(full_result()));
  wrong["observations"][0].erase("signal");
  EXPECT_THAT(complaint_about(wrong.dump()), ::testing::HasSubstr("killed"));
}

TEST(Reference, ValueWithoutItsBasisIsNamedWithItsPlace) {
  RunResult reference = result("3.16.0", {completed("tcp/x", {step("send#1", {{"returned", 1}})})});
  reference.from_sources = true;
  Json wrong = Json::parse(to_json_text(reference));
  Json& written = wrong["observations"][0]["steps"][0];
  EXPECT_THAT(complaint_about(wrong.dump()),
              ::testing::HasSubstr("observations[0].steps[0]: \"basis\" is missing"));
  written["basis"] = "felt";
  EXPECT_THAT(complaint_about(wrong.dump()),
              ::testing::HasSubstr("steps[0].basis: \"felt\" is none of recorded, derived"));
  written["basis"] = "derived";
  EXPECT_THAT(complaint_about(wrong.dump()),
              ::testing::HasSubstr("steps[0]: derived, and \"lines\" does not say from where"));
}

TEST(RunResult, AbsentFileSaysWhy) {
  try {
    read_run_result("/nowhere/result.json");
    FAIL() << "was read";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("/nowhere/result.json: No such file or directory"));
  }
}

TEST(Record, ObservationKeepsWhatEveryStepHasSeen) {
  const Json record = Json::parse(R"({"record":"observation","scenario":"tcp/x",
      "ending":"killed","signal":"SIGSEGV","shortened":["net.ipv4.tcp_fin_timeout=2"],
      "steps":[{"step":"peer.send#1","call":"send","args":"1, MSG_NOSIGNAL",
                "returned":-1,"errno":"EPIPE","news":[1]}]})");
  const Observation observation = observation_from_record(record);
  EXPECT_EQ(observation.scenario, "tcp/x");
  EXPECT_EQ(observation.ending, ScenarioEnding::killed);
  EXPECT_EQ(observation.signal, "SIGSEGV");
  EXPECT_THAT(observation.shortened, ::testing::ElementsAre("net.ipv4.tcp_fin_timeout=2"));
  ASSERT_EQ(observation.steps.size(), 1U);
  EXPECT_EQ(observation.steps[0].id, "peer.send#1");
  EXPECT_EQ(observation.steps[0].call, "send");
  EXPECT_EQ(observation.steps[0].args, "1, MSG_NOSIGNAL");
  EXPECT_EQ(observation.steps[0].seen,
            Json::parse(R"({"returned":-1,"errno":"EPIPE","news":[1]})"));
}

TEST(Record, OtherRecordIsNoObservation) {
  EXPECT_THROW(observation_from_record(Json::parse(R"({"record":"begin","scenario":"tcp/x"})")),
               Error);
  EXPECT_THROW(observation_from_record(Json::parse(R"(["observation"])")), Error);
}

TEST(Reference, MadeOfARunIsRecordedInEveryStepAndEnding) {
  RunResult run = full_result();
  run.observations[2].disagreeing.clear();
  for (const Observation& observation : reference_from_run(run).observations) {
    EXPECT_EQ(observation.basis, Basis::recorded);
    for (const Step& s : observation.steps) EXPECT_EQ(s.basis, Basis::recorded);
  }
}

TEST(Reference, IsNotMadeOfWhatNobodySaw) {
  RunResult unfinished = result("3.16.0", {completed("tcp/x", {})});
  unfinished.guest.ending = GuestEnding::no_progress;
  EXPECT_THROW(reference_from_run(unfinished), Error);
  EXPECT_THROW(
      reference_from_run(result("3.16.0", {ended("tcp/x", ScenarioEnding::timed_out, "60 s")})),
      Error);
  EXPECT_THROW(
      reference_from_run(result("3.16.0", {ended("tcp/x", ScenarioEnding::broken, "bind")})),
      Error);
  EXPECT_THROW(reference_from_run(full_result()), Error) << "repeats disagree";
}

TEST(Glob, StarMatchesSlashes) {
  EXPECT_TRUE(matches("entry/*", "entry/listening/send+nosignal"));
  EXPECT_TRUE(matches("entry/*/send", "entry/listening/send"));
  EXPECT_FALSE(matches("entry/*/send", "entry/listening/send+nosignal"));
}

TEST(File, IsReplacedWholeAndLeavesNothingBeside) {
  const testing::ScratchFolder folder;
  const fs::path file = folder.path() / "file";
  write_file(file, "old");
  write_file(file, "new");
  EXPECT_EQ(read_file(file), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(File, SymbolicLinkStaysAndItsTargetIsReplaced) {
  const testing::ScratchFolder folder;
  write_file(folder.path() / "target", "old");
  fs::create_symlink("target", folder.path() / "link");
  write_file(folder.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_file(folder.path() / "target"), "new");
}

TEST(File, DeviceIsWrittenToAndNotReplaced) {
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(File, FullDiskIsAnErrorThatSaysWhatToDo) {
  try {
    write_file("/dev/full", "text");
    FAIL() << "was written";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("/dev/full: No space left on device"));
    EXPECT_THAT(e.what(), ::testing::HasSubstr("Make room"));
  }
}

/// In a process of its own: the limit would also hold for the test's other files.
[[noreturn]] void replace_with_more_than_fits(const fs::path& file) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1024, 1024};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  try {
    write_file(file, std::string(4096, 'x'));
  } catch (const Error&) {
    std::_Exit(3);
  }
  std::_Exit(0);
}

TEST(File, WriteThatFailsHalfwayKeepsTheOldFileAndLeavesNothingBeside) {
  const testing::ScratchFolder folder;
  const fs::path file = folder.path() / "file";
  write_file(file, "old");
  EXPECT_EXIT(replace_with_more_than_fits(file), ::testing::ExitedWithCode(3), "");
  EXPECT_EQ(read_file(file), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(File, FolderThatIsNotThereIsAnError) {
  const testing::ScratchFolder folder;
  EXPECT_THROW(write_file(folder.path() / "absent" / "file", "text"), Error);
}

}  // namespace
}  // namespace brokenpipe
