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
    R"("feature":"x","proof":"ENOSYS","steps":[]})";

constexpr const char* could_not_be_asked =
    R"({"record":"observation","scenario":"tcp/x","ending":"unsupported","reason":"no module",)"
    R"("feature":"x","steps":[]})";

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

Change change_of(const KernelVersion& mainline, const std::vector<KernelVersion>& stable) {
  Change change;
  change.id = "a-change";
  change.mainline = mainline;
  change.stable = stable;
  change.moves = {{{"tcp/x"},
                   "send#1",
                   {{"returned", -1}, {"errno", "EPIPE"}},
                   {{"returned", -1}, {"errno", "EIO"}}}};
  return change;
}

TEST(Nightly, AChangedAnswerIsNewsThoughItIsThePredictedOne) {
  Bench bench;
  bench.changes = {{change_of({7, 0, 0}, {{6, 12, 10}})}};
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport second = bench.night();
  EXPECT_THAT(second.appeared, IsEmpty()) << "it is predicted";
  ASSERT_THAT(second.changed, SizeIs(1));
  EXPECT_THAT(second.changed[0].changes, ::testing::ElementsAre("a-change"));
  EXPECT_EQ(exit_code(second), ExitCode::differs);
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference) << "it is told once";
}

TEST(Nightly, ALostFixIsNewsThoughTheReferenceAnswersSo) {
  Bench bench;
  bench.changes = {{change_of({4, 6, 0}, {})}};
  bench.answers = {{"debian-6.1", Bench::says("EIO")}, {"debian-6.12", Bench::says("EIO")}};
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  const NightReport second = bench.night();
  ASSERT_THAT(second.appeared, SizeIs(1));
  EXPECT_THAT(second.appeared[0].expected, HasSubstr("EIO"));
  EXPECT_THAT(second.appeared[0].got, HasSubstr("EPIPE"));
  EXPECT_THAT(second.changed, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::differs);
}

/// What 6.12 answers to what the reference kernel lacks, as its ledger says or otherwise.
void bring_the_feature(Bench& bench) {
  bench.reference.observations = {ended("tcp/x", ScenarioEnding::unsupported, "no such call")};
  Change introduction;
  introduction.id = "x";
  introduction.mainline = {5, 1, 0};
  Observation answer = completed("tcp/x", {step("send#1", {{"returned", -1}, {"errno", "EPIPE"}})});
  answer.basis = Basis::derived;
  answer.steps[0].basis = Basis::derived;
  introduction.introduces = {{answer, std::nullopt}};
  bench.changes = {{introduction}};
}

TEST(Nightly, AChangedAnswerToWhatTheReferenceLacksIsNews) {
  Bench bench;
  bring_the_feature(bench);
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport second = bench.night();
  EXPECT_THAT(second.appeared, SizeIs(1));
  EXPECT_THAT(second.changed, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::differs);

  bench.offer("6.12", "6.12.11");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  EXPECT_THAT(bench.night().fixed, SizeIs(1));
}

TEST(Nightly, AReportOfTheKernelsThatComesOrGoesIsNews) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] =
      R"({"record":"observation","scenario":"tcp/x","ending":"completed","steps":[)"
      R"({"step":"send#1","call":"send","args":"1","returned":-1,"errno":"EPIPE"},)"
      R"({"step":"kernel#1","call":"kernel","args":"log","report":"WARNING in tcp_x"}]})";
  const NightReport second = bench.night();
  ASSERT_THAT(second.changed, SizeIs(1));
  EXPECT_EQ(second.changed[0].before, "not made");
  EXPECT_EQ(second.changed[0].now, "kernel = WARNING in tcp_x");
  EXPECT_THAT(second.appeared, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::differs);

  bench.offer("6.12", "6.12.11");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  const NightReport third = bench.night();
  EXPECT_THAT(third.changed, SizeIs(1));
  EXPECT_THAT(third.fixed, SizeIs(1));
  EXPECT_EQ(exit_code(third), ExitCode::differs);
}

TEST(Nightly, WhatIsNotAskedIsToldAndIsNoChangedAnswer) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = could_not_be_asked;
  const NightReport second = bench.night();
  EXPECT_THAT(second.changed, IsEmpty());
  EXPECT_EQ(exit_code(second), ExitCode::incomplete);
  EXPECT_THAT(summary_line(second), HasSubstr("1 scenario on 1 kernel not asked and not waived"));
  EXPECT_THAT(summary_markdown(second), HasSubstr("### Not asked"));
}

TEST(Nightly, WhatIsNotAskedIsNoErrorWhileAWaiverHolds) {
  Bench bench;
  bench.options.waivers = {
      {{{"no-module", {"debian-6.12"}, {"tcp/*"}, "No module.", "somebody", "2027-06-30"}}},
      "2027-06-30"};
  bench.answers["debian-6.12"] = could_not_be_asked;
  const NightReport night = bench.night();
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
  EXPECT_THAT(summary_line(night),
              HasSubstr("1 scenario on 1 kernel not asked: waived until 2027-06-30"));
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

TEST(Nightly, WhereItIsLostWhatWasToldItIsToldAgain) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  EXPECT_THAT(bench.night().appeared, SizeIs(1));
  EXPECT_THAT(bench.night().appeared, IsEmpty());
  const std::filesystem::path file = bench.options.state / "unexplained.json";
  write_file(file, std::string(100'000, '['));
  EXPECT_THAT(bench.night().appeared, SizeIs(1));
  EXPECT_THAT(read_file(bench.told()), HasSubstr(file.string()));
  EXPECT_THAT(bench.night().appeared, IsEmpty());
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
