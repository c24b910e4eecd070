#include "orchestrator/nightly/nightly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "results/base/error.h"
#include "results/base/folder.h"
#include "tests/nightly/nightly_bench.h"

/// What a night runs, takes over and goes on with.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::Bench;
using testing::came;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::nights_in;
using ::testing::SizeIs;
using Came = KernelNight::Came;

TEST(Nightly, TheFirstNightRunsEveryKernelAndPublishes) {
  Bench bench;
  const NightReport night = bench.night();
  EXPECT_THAT(came(night), ElementsAre(Came::ran, Came::ran));
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
  EXPECT_EQ(bench.published, 1U);
  EXPECT_THAT(read_file(bench.options.state / "summary.md"), HasSubstr("2 of 2 kernels run"));
}

TEST(Nightly, TheSecondNightBootsNothingAndFindsNothingNew) {
  Bench bench;
  bench.night();
  const NightReport second = bench.night();
  EXPECT_EQ(bench.booted(), 2U);
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::as_before));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
  EXPECT_THAT(summary_line(second), HasSubstr("0 of 2 kernels run, nothing new"));
  EXPECT_EQ(bench.published, 2U);
}

TEST(Nightly, OnlyANewPointReleaseIsRun) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  const NightReport second = bench.night();
  EXPECT_EQ(bench.booted(), 3U);
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::ran));
  EXPECT_THAT(second.kernels[1].package, HasSubstr("6.12.10-1"));
  EXPECT_THAT(second.kernels[1].was, HasSubstr("6.12.9-1"));
}

TEST(Nightly, AKernelThatCouldNotBeRunIsTriedAgainAndNothingOfItIsFixed) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"].clear();
  const NightReport second = bench.night();
  EXPECT_EQ(exit_code(second), ExitCode::incomplete);
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::could_not));
  EXPECT_THAT(second.fixed, IsEmpty());

  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport third = bench.night();
  EXPECT_THAT(came(third), ElementsAre(Came::as_before, Came::ran));
  EXPECT_THAT(third.appeared, IsEmpty());
  EXPECT_THAT(third.standing, SizeIs(1));
}

TEST(Nightly, AnInconclusiveScenarioIsAskedAgain) {
  Bench bench;
  bench.answers["debian-6.1"] =
      R"({"record":"observation","scenario":"tcp/x","ending":"timed_out","reason":"10 s","steps":[]})";
  EXPECT_EQ(exit_code(bench.night()), ExitCode::incomplete);
  bench.answers["debian-6.1"] = Bench::says("EPIPE");
  const NightReport second = bench.night();
  EXPECT_THAT(came(second), ElementsAre(Came::ran, Came::as_before));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
}

void expect_killed_after_the_first_kernel(Bench& bench) {
  const auto killed = [&bench] {
    bench.before_answer = [](const std::string& id) {
      if (id == "debian-6.12") _exit(9);
    };
    bench.night();
  };
  EXPECT_EXIT(killed(), ::testing::ExitedWithCode(9), "");
}

TEST(Nightly, AKilledNightIsFinishedByTheNext) {
  Bench bench;
  expect_killed_after_the_first_kernel(bench);
  const std::vector<std::string> after_the_kill = nights_in(bench);
  ASSERT_THAT(after_the_kill, SizeIs(1));
  EXPECT_EQ(bench.published, 0U);

  const NightReport next = bench.night();
  EXPECT_EQ(nights_in(bench), after_the_kill);
  EXPECT_EQ(bench.booted(), 1U) << "debian-6.1 was done before the kill";
  EXPECT_EQ(exit_code(next), ExitCode::as_reference);
  EXPECT_TRUE(next.data.run->finished);
}

TEST(Nightly, AKilledNightIsFinishedByOneProbe) {
  Bench bench;
  expect_killed_after_the_first_kernel(bench);
  bench.options.campaign.order.identity.sha256 = "another";
  const NightReport next = bench.night();
  EXPECT_EQ(bench.booted(), 2U);
  EXPECT_THAT(came(next), ElementsAre(Came::ran, Came::ran));
}

TEST(Nightly, AKilledNightOfOtherKernelsIsTakenOver) {
  Bench bench;
  expect_killed_after_the_first_kernel(bench);
  bench.kernels.pop_back();
  const NightReport next = bench.night();
  EXPECT_THAT(nights_in(bench), SizeIs(2));
  EXPECT_EQ(bench.booted(), 0U);
  EXPECT_EQ(exit_code(next), ExitCode::as_reference);
}

TEST(Nightly, AnInterruptedNightPublishesNothingAndIsGoneOnWith) {
  Bench bench;
  std::stop_source stop;
  bench.before_answer = [&](const std::string&) { stop.request_stop(); };
  EXPECT_TRUE(bench.night(stop.get_token()).interrupted);
  EXPECT_EQ(bench.published, 0U);
  bench.before_answer = nullptr;
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
  EXPECT_THAT(nights_in(bench), SizeIs(1));
}

TEST(Nightly, ASeriesNoLongerOnOfferComesFromTheStore) {
  Bench bench;
  bench.night();
  bench.withdraw("6.12", false);
  const NightReport second = bench.night();
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::as_before));
  EXPECT_FALSE(second.kernels[1].on_offer);
  EXPECT_THAT(summary_markdown(second), HasSubstr("not on offer any more"));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
}

TEST(Nightly, OfASeriesThatIsNowhereTheLastNightStands) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.withdraw("6.12", true);
  const NightReport second = bench.night();
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::last_night_stands));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
  EXPECT_THAT(second.standing, SizeIs(1));
  EXPECT_THAT(came(bench.night()), ElementsAre(Came::as_before, Came::last_night_stands));
}

TEST(Nightly, ASeriesThatWasNeverOnOfferIsNoError) {
  Bench bench;
  bench.withdraw("6.12", true);
  const NightReport night = bench.night();
  EXPECT_THAT(came(night), ElementsAre(Came::ran, Came::never));
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
}

TEST(Nightly, WhereNoKernelIsToBeHadNothingWasShown) {
  Bench bench;
  bench.withdraw("6.1", true);
  bench.withdraw("6.12", true);
  EXPECT_EQ(exit_code(bench.night()), ExitCode::incomplete);
}

TEST(Nightly, TwoNightsDoNotWorkOnOneState) {
  Bench bench;
  fs::create_directories(bench.options.state);
  const FileLock held(bench.options.state / "lock");
  try {
    bench.night();
    FAIL() << "the other night was not noticed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another one is at work"));
  }
  EXPECT_EQ(bench.booted(), 0U);
}

}  // namespace
}  // namespace brokenpipe
