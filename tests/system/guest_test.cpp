#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>

#include "results/base/file.h"
#include "results/base/unique_fd.h"
#include "tests/support/cli.h"
#include "tests/system/runs.h"

/// Real kernels in real guests, by the command as people type it. The kernels come from the
/// user's store, fetched where they are not there yet.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using testing::Cli;
using ::testing::HasSubstr;
using testing::newest;
using ::testing::Not;
using testing::oldest;
using testing::report_of;
using testing::result_of;
using testing::results_of;
using testing::test_probe;
using testing::unexplained;

TEST(Guest, TheOldestAndTheNewestKernelAnswerAsTheReferenceOrAsExplained) {
  const Cli cli;
  const CommandResult run = cli({"run", oldest(), newest()});
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
  for (const std::string& kernel : {oldest(), newest()}) {
    const json result = result_of(run, kernel);
    EXPECT_EQ(result.at("guest").at("ending"), "finished") << kernel;
    EXPECT_EQ(result.at("guest").at("clock"), "warp");
    for (const json& observation : result.at("observations")) {
      EXPECT_THAT((std::array<std::string, 2>{"completed", "unsupported"}),
                  ::testing::Contains(observation.at("ending").get<std::string>()))
          << kernel << " " << observation.at("scenario");
    }
  }
}

TEST(Guest, ASecondRunOfAKernelIsTheSameBytes) {
  const Cli cli;
  const CommandResult once = cli({"run", newest(), "--fresh"});
  const CommandResult again = cli({"run", newest(), "--fresh"});
  EXPECT_EQ(result_of(once, newest()).at("observations").dump(),
            result_of(again, newest()).at("observations").dump());
}

TEST(Guest, WhatWasRunOnceIsNotRunAgain) {
  const Cli cli;
  const std::vector<std::string> words{"run", oldest(), "--scenario", "sigpipe/*"};
  const CommandResult once = cli(words);
  const CommandResult again = cli(words);
  EXPECT_THAT(once.err, HasSubstr("booting"));
  EXPECT_THAT(again.err, AllOf(HasSubstr("as before"), Not(HasSubstr("booting"))));
  EXPECT_EQ(result_of(once, oldest()), result_of(again, oldest()));
}

TEST(Guest, TheStoryEndsInSigpipeUnderTheRealClockToo) {
  const Cli cli;
  const CommandResult run =
      cli({"run", newest(), "--clock", "real", "--scenario", "tcp/late-accept*"});
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("accelerator: "));
  const json result = result_of(run, newest());
  for (const json& observation : result.at("observations")) {
    if (observation.at("scenario") != "tcp/late-accept") continue;
    EXPECT_FALSE(observation.at("shortened").empty());
    EXPECT_EQ(observation.at("steps").back().at("status"), "killed by SIGPIPE");
    return;
  }
  FAIL() << "the story was not told";
}

TEST(Guest, AnAnswerFalsifiedOnItsWayIsSeenAndNoOther) {
  const Cli cli;
  const CommandResult run = cli({"run", newest(), "--probe", test_probe("falsified"), "--scenario",
                                 "tcp/p*", "--scenario", "sigpipe/*"});
  EXPECT_EQ(run.exit_status, 1) << run.out << run.err;
  EXPECT_EQ(unexplained(report_of(cli, run)),
            (std::vector<std::string>{"tcp/positional-write-after-shut-wr#pwrite#1",
                                      "tcp/positional-write-on-socket#pwrite#1"}));
}

TEST(Guest, ACatalogueEntryThatPointsAtAnotherKernelIsAnError) {
  const Cli cli;
  json wrong = json::parse(read_file(PROJECT_FILES "/images/kernels.json"));
  json old_one;
  for (const json& entry : wrong.at("kernels")) {
    if (entry.at("id") == oldest()) old_one = entry;
  }
  for (json& entry : wrong.at("kernels")) {
    if (entry.at("id") != "debian-6.1") continue;
    entry.at("suites") = old_one.at("suites");
    entry.at("packages") = old_one.at("packages");
  }
  const fs::path file = cli.folder() / "kernels.json";
  write_file(file, wrong.dump());
  const CommandResult run =
      cli({"run", "debian-6.1", "--catalogue", file.string(), "--scenario", "sigpipe/*"});
  EXPECT_EQ(run.exit_status, 3) << run.out << run.err;
  EXPECT_THAT(run.err, AllOf(HasSubstr("promises series 6.1"), HasSubstr("5.10")));
}

TEST(Guest, AKernelThatBootsButNeverSpeaksIsABootTimeout) {
  const Cli cli;
  const CommandResult run = cli({"run", newest(), "--probe", test_probe("silent"), "--scenario",
                                 "sigpipe/*", "--boot-timeout", "30"});
  EXPECT_EQ(run.exit_status, 3) << run.out << run.err;
  EXPECT_EQ(result_of(run, newest()).at("guest").at("ending"), "boot_timeout");
}

TEST(Guest, AKernelThatPanicsIsAPanicWithItsLog) {
  const Cli cli;
  const CommandResult run =
      cli({"run", newest(), "--probe", test_probe("dying"), "--scenario", "sigpipe/*"});
  EXPECT_EQ(run.exit_status, 3) << run.out << run.err;
  EXPECT_EQ(result_of(run, newest()).at("guest").at("ending"), "panic");
  EXPECT_THAT(read_file(results_of(run) / (newest() + ".console.txt")),
              HasSubstr("Attempted to kill init"));
}

TEST(Guest, ThePrintedCommandBootsTheGuest) {
  const Cli cli;
  const CommandResult printed = cli({"run", oldest(), "--dry-run", "--scenario", "sigpipe/*"});
  ASSERT_EQ(printed.exit_status, 0) << printed.err;
  ASSERT_THAT(printed.out, HasSubstr("qemu-system-x86_64"));
  const CommandResult pasted = run_command({"timeout", "300", "sh", "-c", printed.out});
  const std::string marker = "/dry-run/" + oldest() + "/";
  const size_t at = printed.out.find(marker);
  ASSERT_NE(at, std::string::npos) << printed.out;
  const size_t begin = printed.out.find_last_of(" =", at) + 1;
  const fs::path folder = printed.out.substr(begin, at + marker.size() - begin);
  EXPECT_THAT(read_file(folder / "records.txt"), HasSubstr(R"("record":"end")"))
      << printed.out << pasted.err;
}

TEST(Guest, TheLogIsShownAndTheCommandLineAppendedWhereAskedFor) {
  const Cli cli;
  const CommandResult run = cli({"run", oldest(), "--console", "--append", "brokenpipe.test=yes",
                                 "--scenario", "sigpipe/sigpipe-default"});
  EXPECT_EQ(run.exit_status, 0) << run.out;
  EXPECT_THAT(run.err, AllOf(HasSubstr("Linux version 5.10"), HasSubstr("brokenpipe.test=yes")));
}

// The command in the background, its stderr in a pipe.
class Background {
 public:
  Background(const Cli& cli, const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"/usr/bin/env", "XDG_STATE_HOME=" + cli.folder().string(),
                                   BROKENPIPE_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    stderr_ = UniqueFd(ends[0]);
    const UniqueFd writer(ends[1]);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(writer.get(), STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }

  // Reads until the text has come; false at the end of the stream.
  bool until(const std::string& text) {
    std::array<char, 4096> buffer{};
    while (said_.find(text) == std::string::npos) {
      const ssize_t count = read(stderr_.get(), buffer.data(), buffer.size());
      if (count <= 0) return false;
      said_.append(buffer.data(), static_cast<size_t>(count));
    }
    return true;
  }
  void signal(int number) const { kill(pid_, number); }
  int wait() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& said() const { return said_; }

 private:
  pid_t pid_ = -1;
  UniqueFd stderr_;
  std::string said_;
};

TEST(Guest, AnInterruptedRunKeepsWhatWasDoneAndGoesOn) {
  const Cli cli;
  Background run(cli, {"run", oldest(), newest(), "--jobs", "1", "--scenario", "tcp/*"});
  ASSERT_TRUE(run.until(oldest() + "  finished")) << run.said();
  ASSERT_TRUE(run.until(newest() + "   booting")) << run.said();
  run.signal(SIGINT);
  run.until("nothing that is ever said");
  EXPECT_EQ(run.wait(), 130) << run.said();
  const std::string label = "--resume ";
  const size_t at = run.said().find(label);
  ASSERT_NE(at, std::string::npos) << run.said();
  const std::string folder =
      run.said().substr(at + label.size(), run.said().find('\n', at) - at - label.size());

  const CommandResult resumed = cli({"run", "--resume", folder});
  EXPECT_EQ(resumed.exit_status, 0) << resumed.out << resumed.err;
  EXPECT_THAT(resumed.err, Not(HasSubstr(oldest() + "  booting")));
  for (const std::string& kernel : {oldest(), newest()}) {
    EXPECT_EQ(
        json::parse(read_file(fs::path(folder) / (kernel + ".json"))).at("guest").at("ending"),
        "finished");
  }
}

}  // namespace
}  // namespace brokenpipe
