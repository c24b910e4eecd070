#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "tests/nightly/nightly_bench.h"

/// Which nights are kept, and which go.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::Bench;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::nights_in;
using ::testing::SizeIs;

TEST(Nightly, AnUnreadableNightOfOldIsPassedOverAndToldOf) {
  Bench bench;
  bench.night();
  const fs::path runs = bench.options.state / "runs";
  write_file(runs / nights_in(bench).at(0) / "debian-6.1.json", "{");
  fs::create_directory(runs / "20200101T000000Z");
  write_file(runs / "20200101T000000Z" / "run.json", R"({"schema": 99})");
  const NightReport second = bench.night();
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
  EXPECT_EQ(bench.published, 1U) << "only the night that can be read";
  EXPECT_THAT(read_file(bench.told()),
              ::testing::AllOf(HasSubstr("debian-6.1.json"), HasSubstr("20200101T000000Z")));
  EXPECT_THAT(nights_in(bench), SizeIs(3));
}

TEST(Nightly, AResultOfOldWithANumberThatDoesNotFitBlocksNoNight) {
  Bench bench;
  bench.night();
  const fs::path file = bench.options.state / "runs" / nights_in(bench).at(0) / "debian-6.1.json";
  std::string text = read_file(file);
  const std::string returned = R"("returned": )";
  write_file(file, text.replace(text.find(returned) + returned.size(), 2, "1e999"));
  const NightReport second = bench.night();
  EXPECT_EQ(second.kernels.size(), 2U);
  EXPECT_THAT(read_file(bench.told()), HasSubstr(file.string()));
}

TEST(Nightly, ALostResultOfAKilledNightIsAskedAgain) {
  Bench bench;
  std::stop_source killed;
  bench.before_answer = [&](const std::string& id) {
    if (id == "debian-6.12") killed.request_stop();
  };
  EXPECT_TRUE(bench.night(killed.get_token()).interrupted);
  bench.before_answer = {};
  const fs::path file = bench.options.state / "runs" / nights_in(bench).at(0) / "debian-6.1.json";
  ASSERT_TRUE(fs::remove(file));
  const NightReport night = bench.night();
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
  EXPECT_THAT(nights_in(bench), SizeIs(1)) << "the killed night was gone on with";
  EXPECT_THAT(read_file(bench.told()), HasSubstr(file.string() + " is gone"));
}

TEST(Nightly, KeepsAsManyNightsAsItIsTold) {
  Bench bench;
  bench.options.keep = 2;
  bench.night();
  const std::string first = nights_in(bench).at(0);
  bench.night();
  bench.night();
  EXPECT_THAT(nights_in(bench), SizeIs(2));
  EXPECT_THAT(nights_in(bench), ::testing::Not(::testing::Contains(first)));
  EXPECT_EQ(bench.published, 2U);
}

TEST(Nightly, KeepsTheNightWithTheNewestResultOfAKernel) {
  Bench bench;
  bench.options.keep = 1;
  bench.night();
  const std::string first = nights_in(bench).at(0);
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"].clear();
  bench.night();
  const NightReport third = bench.night();
  EXPECT_THAT(nights_in(bench), ElementsAre(first, third.data.run->id));

  bench.answers["debian-6.12"] = Bench::says("EIO");
  EXPECT_THAT(bench.night().changed, SizeIs(1));
  EXPECT_THAT(nights_in(bench), SizeIs(1));
}

TEST(Nightly, KeepsItselfWhereTheClockWasSetBack) {
  Bench bench;
  bench.options.keep = 1;
  bench.night();
  const fs::path runs = bench.options.state / "runs";
  RunRecord of_tomorrow = RunDirectory::open(runs / nights_in(bench).at(0)).run();
  fs::remove_all(runs);
  of_tomorrow.id = "29991231T235959Z";
  of_tomorrow.started = "2999-12-31T23:59:59Z";
  RunDirectory::create(runs, of_tomorrow);
  const NightReport tonight = bench.night();
  EXPECT_THAT(nights_in(bench), ElementsAre(tonight.data.run->id));
}

TEST(Nightly, NothingIsRemovedBeforeTheOthersArePublished) {
  Bench bench;
  bench.options.keep = 1;
  bench.night();
  bench.options.publish = [](const std::vector<RunDirectory>&) {
    throw Error("publishing", "the disk is full");
  };
  EXPECT_THROW(bench.night(), Error);
  EXPECT_THAT(nights_in(bench), SizeIs(2));
}

TEST(Nightly, WhatAKilledNightLeftOfARemovedOneGoes) {
  Bench bench;
  fs::create_directories(bench.options.state / "removed");
  write_file(bench.options.state / "removed" / "debian-6.1.json", "{}");
  bench.night();
  EXPECT_FALSE(fs::exists(bench.options.state / "removed"));
}

}  // namespace
}  // namespace brokenpipe
