#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/faults/bench.h"

/// The faults that take long, for `make soak`: floods that go to the limit, many guests in a row,
/// and kills at random moments. What was measured is printed.
namespace brokenpipe::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

// $FAULTS_SOAK_TIMES: fewer, to see that it works.
int times(int usual) {
  const char* fewer = std::getenv("FAULTS_SOAK_TIMES");
  return fewer == nullptr ? usual : std::atoi(fewer);
}

// What must not grow from guest to guest.
struct Held {
  long kilobytes = 0;
  long files = 0;
  long zombies = 0;
};

long kilobytes_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

Held held_by(const Process& process) {
  Held held;
  for (const pid_t pid : our_processes(process)) {
    held.kilobytes += kilobytes_of(pid);
    std::error_code gone;
    for ([[maybe_unused]] const auto& file :
         fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone))
      ++held.files;
  }
  held.zombies = zombies_below(process.pid());
  return held;
}

void await_boots(Process& process, int boots) {
  const auto booted = [&] {
    const std::string said = process.err();
    int count = 0;
    for (std::size_t at = 0; (at = said.find("booting", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  await([&] { return booted() >= boots || !process.runs(); }, std::chrono::hours(1));
}

Outcome flood(const std::string& mode) {
  const Bench bench;
  Outcome outcome = bench.run(bench.run_words(mode));
  std::printf("%s: %s, exit code %d, %ld MB at its peak\n", mode.c_str(), outcome.word.c_str(),
              outcome.exit_code, outcome.megabytes);
  EXPECT_THAT(bench.left_behind(), IsEmpty());
  return outcome;
}

TEST(Soak, AFloodOfRecordsEndsTheGuestAtTheLimit) {
  const Outcome outcome = flood("newline-flood");
  EXPECT_EQ(outcome.word, "truncated") << outcome.err;
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.observations, 1);
  EXPECT_LE(outcome.megabytes, 200);
}

TEST(Soak, AFloodOfConsoleTextIsCutAtTheLimit) {
  const Outcome outcome = flood("console-flood");
  EXPECT_EQ(outcome.word, "finished") << outcome.err;
  EXPECT_EQ(outcome.observations, 2);
  EXPECT_LE(outcome.megabytes, 200);
}

TEST(Soak, GuestsInARowTakeNoMoreThanTheFirst) {
  constexpr int warm = 10;
  const int all = times(200);
  const Bench bench;
  const auto process = bench.start(bench.run_words("none", {"--repeat", std::to_string(all)}));
  await_boots(*process, std::min(warm, all));
  const Held early = held_by(*process);
  await_boots(*process, all);
  const Held late = held_by(*process);
  const Outcome outcome = bench.finish(*process);
  std::printf("guests: %d; early: %ld KB, %ld files, %ld zombies; late: %ld KB, %ld, %ld\n", all,
              early.kilobytes, early.files, early.zombies, late.kilobytes, late.files,
              late.zombies);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_LE(late.files, early.files + 8);  // a guest more or less is up when it is looked at
  EXPECT_LE(late.zombies, 1);
  EXPECT_LE(late.kilobytes, early.kilobytes + 20 * 1024L);
  EXPECT_THAT(bench.left_behind(), IsEmpty());
}

TEST(Soak, KillsAtRandomMomentsLeaveNothing) {
  const int all = times(100);
  const unsigned seed = std::random_device()();
  std::printf("kills: %d, seed %u\n", all, seed);
  std::mt19937 lot(seed);
  const Bench bench;
  for (int i = 0; i < all; ++i) {
    const auto process = bench.start(bench.run_words("none"));
    // Waits for nothing: the moment is the stimulus, from the start to the guest's end.
    std::this_thread::sleep_for(std::chrono::milliseconds(lot() % 6000));
    std::vector<pid_t> victims = our_processes(*process);
    for (const ProcessWords& one : descendants(process->pid())) {
      if (one.name.starts_with("qemu-system")) victims.push_back(one.pid);
    }
    constexpr std::array<int, 4> signals{SIGKILL, SIGTERM, SIGINT, SIGHUP};
    const pid_t victim = victims[lot() % victims.size()];
    if (process->runs()) kill(victim, signals[lot() % signals.size()]);
    const int code = process->wait();
    EXPECT_THAT((std::array<int, 6>{0, 3, 129, 130, 137, 143}), ::testing::Contains(code))
        << process->err();
  }
  // Sweeps what those have left that could not any more.
  const Outcome last = bench.run(bench.run_words("none"));
  EXPECT_EQ(last.exit_code, 0) << last.err;
  const std::vector<std::string> left = bench.left_behind();
  std::printf("left behind: %zu\n", left.size());
  EXPECT_THAT(left, IsEmpty());
}

}  // namespace
}  // namespace brokenpipe::testing
