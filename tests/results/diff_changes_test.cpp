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
  EXPECT_TRUE(expected.explained);
  EXPECT_THAT(expected.places[1].changes, ::testing::ElementsAre("a-change"));

  const ScenarioVerdict other =
      verdict(reference, completed("tcp/x", {step("send#1", reset)}), changes);
  EXPECT_EQ(other.verdict, Verdict::differs);
  EXPECT_FALSE(other.explained);
  EXPECT_THAT(other.places[1].changes, ::testing::IsEmpty());
}

TEST(Diff, ScenarioIsExplainedOnlyWhereEveryDifferenceInItIs) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Diff result = compare(
      {completed("tcp/x", {step("send#1", one), step("send#2", one)})},
      {completed("tcp/x", {step("send#1", broken_pipe), step("send#2", broken_pipe)})}, changes);
  EXPECT_FALSE(result.scenarios[0].explained);
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
  EXPECT_TRUE(scenario.explained);
}

TEST(Diff, ChangeThatExplainsNothingWhereItIsInEffectIsIdle) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Observation answer = completed("tcp/x", {step("send#1", one)});
  EXPECT_THAT(compare({answer}, {answer}, changes).idle,
              ::testing::ElementsAre(IdleMove{"a-change", {"tcp/*"}, "send#1"}));
  EXPECT_THAT(compare({answer}, {ended("tcp/x", ScenarioEnding::broken, "")}, changes).idle,
              ::testing::IsEmpty());
}

TEST(Diff, AChangeCannotShowWhereNeitherKernelHasWhatItTakes) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Observation lacks = ended("tcp/x", ScenarioEnding::unsupported, "no vsock");
  EXPECT_THAT(compare({lacks}, {lacks}, changes).idle, ::testing::IsEmpty());
}

TEST(Diff, TwoContendersAreComparedLikeAnyOther) {
  const RunResult a = result("6.1.0", {completed("tcp/x", {step("send#1", one)})});
  const RunResult b = result("6.12.0", {completed("tcp/x", {step("send#1", broken_pipe)})});
  Changes changes{{change("send#1", one, broken_pipe)}};
  EXPECT_FALSE(diff(a, b, changes).scenarios[0].explained) << "both have a change of 4.6";
  changes.changes[0].mainline = {6, 2, 0};
  EXPECT_TRUE(diff(a, b, changes).scenarios[0].explained);
  EXPECT_TRUE(diff(b, a, changes).scenarios[0].explained);
}

TEST(Diff, ChangesThatCancelOutAreNotIdle) {
  Changes changes{{change("send#1", one, broken_pipe), change("send#1", broken_pipe, one)}};
  changes.changes[1].id = "taken-back";
  changes.changes[1].mainline = {5, 3, 0};
  const Observation answer = completed("tcp/x", {step("send#1", one)});
  EXPECT_THAT(compare({answer}, {answer}, changes).idle, ::testing::IsEmpty());
  changes.changes[1].mainline = {4, 5, 0};
  EXPECT_EQ(compare({answer}, {answer}, changes).idle.size(), 2U)
      << "what was taken back before it came is a mistake of the list";
}

}  // namespace
}  // namespace brokenpipe
