#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/diff.h"
#include "tests/results/compared.h"

/// Differences and the changes that explain them, or ought to and do not.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

TEST(Diff, ChangeExplainsItsExactValueAndNoOther) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Observation reference = completed("tcp/x", {step("send#1", one)});

  const ScenarioVerdict expected =
      verdict(reference, completed("tcp/x", {step("send#1", broken_pipe)}), changes);
  EXPECT_EQ(expected.verdict, Verdict::differs);
  EXPECT_TRUE(expected.explained());
  EXPECT_THAT(expected.places[1].changes, ::testing::ElementsAre("a-change"));

  const ScenarioVerdict other =
      verdict(reference, completed("tcp/x", {step("send#1", reset)}), changes);
  EXPECT_EQ(other.verdict, Verdict::differs);
  EXPECT_TRUE(other.unexplained());
  EXPECT_THAT(other.places[1].changes, ::testing::IsEmpty());
}

TEST(Diff, ScenarioIsExplainedOnlyWhereEveryDifferenceInItIs) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Diff result = compare(
      {completed("tcp/x", {step("send#1", one), step("send#2", one)})},
      {completed("tcp/x", {step("send#1", broken_pipe), step("send#2", broken_pipe)})}, changes);
  EXPECT_FALSE(result.scenarios[0].explained());
  EXPECT_EQ(result.scenario_totals.unexplained, 1U);
  EXPECT_EQ(result.scenario_totals.explained, 0U);
  EXPECT_EQ(result.step_totals.unexplained, 1U);
  EXPECT_EQ(result.step_totals.explained, 1U);
}

TEST(Diff, EndingAndMissingStepAreExplainedLikeAnyOther) {
  Changes changes{{change("ending", Json{{"ending", "killed"}, {"signal", "SIGSEGV"}},
                          Json{{"ending", "completed"}}),
                   change("send#1", one, nullptr)}};
  changes.changes[1].id = "another-change";
  const ScenarioVerdict scenario =
      verdict(killed("tcp/x", "SIGSEGV", {step("send#1", one)}), completed("tcp/x", {}), changes);
  EXPECT_EQ(scenario.verdict, Verdict::differs);
  EXPECT_TRUE(scenario.explained());
}

TEST(Diff, TheReferencesOwnAnswerIsUnexplainedWhereAChangeIsInEffect) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Observation answer = completed("tcp/x", {step("send#1", one)});
  const Diff lost = compare({answer}, {answer}, changes);
  EXPECT_EQ(exit_code(lost), ExitCode::differs) << "a fix was lost";
  const PlaceVerdict& place = lost.scenarios[0].places[1];
  EXPECT_EQ(place.verdict, Verdict::same);
  EXPECT_EQ(place.standing, Standing::unexplained);
  EXPECT_EQ(place.predicted->seen, broken_pipe);
}

TEST(Diff, AnswerThatTheVersionDoesNotHaveIsAheadOrBehindWhereTheVersionDoesNotTell) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const RunResult reference = reference_of({completed("tcp/x", {step("send#1", one)})});
  const auto judged = [&](const std::string& release, const Json& seen) {
    return diff(reference, result(release, {completed("tcp/x", {step("send#1", seen)})}), changes)
        .scenarios[0];
  };
  const ScenarioVerdict behind = judged("6.1.0", one);
  EXPECT_EQ(behind.standing, Standing::behind);
  EXPECT_THAT(behind.places[1].changes, ::testing::ElementsAre("a-change"));
  const ScenarioVerdict ahead = judged("4.5.0", broken_pipe);
  EXPECT_EQ(ahead.standing, Standing::ahead);
  EXPECT_THAT(ahead.places[1].changes, ::testing::ElementsAre("a-change"));
  EXPECT_EQ(judged("6.1.0", reset).standing, Standing::unexplained) << "no change gives it";
  EXPECT_EQ(judged("6.1.0", broken_pipe).standing, Standing::predicted);
}

TEST(Diff, WhatTheKernelReportsIsPredictedOrUnexplained) {
  const Json warning{{"report", "WARNING in tcp_foo"}};
  Step report = step("kernel#1", warning);
  report.call = "kernel";
  const Observation quiet = completed("tcp/x", {step("send#1", one)});
  const Observation warns = completed("tcp/x", {step("send#1", one), report});
  EXPECT_EQ(exit_code(compare({quiet}, {quiet})), ExitCode::as_reference);
  EXPECT_EQ(exit_code(compare({quiet}, {warns})), ExitCode::differs);
  EXPECT_EQ(exit_code(compare({quiet}, {warns}, {{change("kernel#1", nullptr, warning)}})),
            ExitCode::as_reference);
}

TEST(Diff, OfTwoContendersAChangeThatOughtToShowAndDoesNotIsIdle) {
  Changes changes{{change("send#1", one, broken_pipe)}};
  changes.changes[0].mainline = {6, 2, 0};
  const RunResult a = result("6.1.0", {completed("tcp/x", {step("send#1", one)})});
  const RunResult b = result("6.12.0", {completed("tcp/x", {step("send#1", one)})});
  const IdleMove idle{"a-change", {"tcp/*"}, "send#1"};
  EXPECT_THAT(diff(a, b, changes).idle, ::testing::ElementsAre(idle));
  const RunResult broken = result("6.12.0", {ended("tcp/x", ScenarioEnding::broken, "no memory")});
  EXPECT_THAT(diff(a, broken, changes).idle, ::testing::IsEmpty());
  const RunResult lacks_a =
      result("6.1.0", {ended("tcp/x", ScenarioEnding::unsupported, "no vsock")});
  const RunResult lacks_b =
      result("6.12.0", {ended("tcp/x", ScenarioEnding::unsupported, "no vsock")});
  EXPECT_THAT(diff(lacks_a, lacks_b, changes).idle, ::testing::IsEmpty())
      << "neither has what it takes";
}

TEST(Diff, ChangesThatCancelOutAreNotIdle) {
  Changes changes{{change("send#1", one, broken_pipe), change("send#1", broken_pipe, one)}};
  changes.changes[1].id = "taken-back";
  changes.changes[1].mainline = {5, 3, 0};
  const RunResult a = result("4.4.0", {completed("tcp/x", {step("send#1", one)})});
  const RunResult b = result("6.1.0", {completed("tcp/x", {step("send#1", one)})});
  EXPECT_THAT(diff(a, b, changes).idle, ::testing::IsEmpty());
  changes.changes[1].mainline = {4, 5, 0};
  EXPECT_EQ(diff(a, b, changes).idle.size(), 2U)
      << "what was taken back before it came is a mistake of the list";
}

}  // namespace
}  // namespace brokenpipe
