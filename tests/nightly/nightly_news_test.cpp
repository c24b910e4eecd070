#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "tests/nightly/nightly_bench.h"

/// What is news in a night, and until when.
namespace brokenpipe {
namespace {

using testing::Bench;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Nightly, AnUnexplainedDifferenceIsToldOnItsFirstNightAlone) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport first = bench.night();
  ASSERT_THAT(first.appeared, SizeIs(1));
  EXPECT_EQ(first.appeared[0].kernel, "debian-6.12");
  EXPECT_THAT(first.appeared[0].got, HasSubstr("EIO"));
  EXPECT_EQ(exit_code(first), ExitCode::differs);

  const NightReport second = bench.night();
  EXPECT_THAT(second.appeared, IsEmpty());
  EXPECT_THAT(second.standing, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
}

TEST(Nightly, ADifferenceThatIsGoneIsToldOnce) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  const NightReport second = bench.night();
  EXPECT_THAT(second.fixed, SizeIs(1));
  EXPECT_THAT(second.changed, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::differs);
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
}

TEST(Nightly, OneUnexplainedAnswerAfterAnotherIsNewAndNotFixed) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EBADF");
  const NightReport second = bench.night();
  EXPECT_THAT(second.appeared, SizeIs(1));
  EXPECT_THAT(second.fixed, IsEmpty());
}

constexpr const char* lacks_the_feature =
    R"({"record":"observation","scenario":"tcp/x","ending":"unsupported","reason":"no such call",)"
    R"("steps":[]})";

TEST(Nightly, WhatIsGoneIsNotFixed) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = lacks_the_feature;
  EXPECT_THAT(bench.night().fixed, IsEmpty());

  bench.offer("6.12", "6.12.11");
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport third = bench.night();
  EXPECT_THAT(third.appeared, IsEmpty());
  EXPECT_THAT(third.standing, SizeIs(1));
}

TEST(Nightly, AFeatureThatComesOrGoesIsAChangedAnswer) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = lacks_the_feature;
  const NightReport lost = bench.night();
  ASSERT_THAT(lost.changed, SizeIs(1));
  EXPECT_THAT(lost.changed[0].before, HasSubstr("completed"));
  EXPECT_THAT(lost.changed[0].now, HasSubstr("unsupported"));

  bench.offer("6.12", "6.12.11");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  EXPECT_THAT(bench.night().changed, SizeIs(1));
}

TEST(Nightly, ANightThatCouldNotPublishIsToldAgain) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const auto publish = bench.options.publish;
  bench.options.publish = [](const std::vector<RunDirectory>&) {
    throw Error("publishing", "the disk is full");
  };
  EXPECT_THROW(bench.night(), Error);
  bench.options.publish = publish;
  EXPECT_THAT(bench.night().appeared, SizeIs(1));
}

TEST(Nightly, ChangedAnswersOfANightThatCouldNotPublishAreToldByTheNext) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const auto publish = bench.options.publish;
  bench.options.publish = [](const std::vector<RunDirectory>&) {
    throw Error("publishing", "the disk is full");
  };
  EXPECT_THROW(bench.night(), Error);
  bench.options.publish = publish;
  const NightReport third = bench.night();
  ASSERT_THAT(third.changed, SizeIs(1));
  EXPECT_THAT(third.changed[0].before, HasSubstr("EPIPE"));
  EXPECT_THAT(bench.night().changed, IsEmpty());
}

}  // namespace
}  // namespace brokenpipe
