#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/diff.h"
#include "results/waivers.h"
#include "tests/results/compared.h"

/// Two contenders, neither of which is right: what one of them could not be asked has not come or
/// gone.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Observation answer = completed("sctp/x", {step("send#1", one)});
const Observation no_module = ended("sctp/x", ScenarioEnding::unsupported, "no module sctp");

Observation proven() {
  Observation observation = no_module;
  observation.proof = "EPROTONOSUPPORT";
  return observation;
}

RunResult kernel(const std::string& version, const Observation& observation) {
  RunResult run = package(version, {observation});
  run.kernel.id = "debian-" + version;
  return run;
}

/// Of 6.1 and 6.12.
ScenarioVerdict judged(const Observation& a, const Observation& b, const Changes& changes = {}) {
  return diff(kernel("6.1.0", a), kernel("6.12.0", b), changes).scenarios.at(0);
}

TEST(Diff, TwoContendersAreComparedLikeAnyOther) {
  const RunResult a = result("6.1.0", {completed("tcp/x", {step("send#1", one)})});
  const RunResult b = result("6.12.0", {completed("tcp/x", {step("send#1", broken_pipe)})});
  Changes changes{{change("send#1", one, broken_pipe)}};
  EXPECT_FALSE(diff(a, b, changes).scenarios[0].explained()) << "both have a change of 4.6";
  changes.changes[0].mainline = {6, 2, 0};
  EXPECT_TRUE(diff(a, b, changes).scenarios[0].explained());
  EXPECT_TRUE(diff(b, a, changes).scenarios[0].explained());
}

TEST(SideBySide, WhatOneOfTwoCouldNotBeAskedHasNotComeOrGone) {
  const ScenarioVerdict there = judged(answer, no_module);
  EXPECT_EQ(there.verdict, Verdict::not_asked);
  EXPECT_EQ(there.standing, Standing::unjudged);
  EXPECT_EQ(there.reason, "no module sctp");
  const ScenarioVerdict back = judged(no_module, answer);
  EXPECT_EQ(back.verdict, Verdict::not_asked);
  EXPECT_EQ(back.reason, "A could not be asked: no module sctp");
  EXPECT_EQ(judged(no_module, no_module).verdict, Verdict::not_asked);
  EXPECT_EQ(judged(no_module, proven()).verdict, Verdict::not_asked);
  EXPECT_EQ(judged(proven(), no_module).verdict, Verdict::not_asked);
}

TEST(SideBySide, WhatOneOfTwoLacksByEvidenceHasComeOrGone) {
  EXPECT_EQ(judged(answer, proven()).verdict, Verdict::gone);
  EXPECT_EQ(judged(proven(), answer).verdict, Verdict::added);
  EXPECT_EQ(judged(proven(), proven()).verdict, Verdict::absent);
}

TEST(SideBySide, TheConfigurationIsEvidence) {
  RunResult without = kernel("6.12.0", no_module);
  without.observations[0].feature = "sctp";
  without.lacks["sctp"] = "CONFIG_IP_SCTP is not set";
  EXPECT_EQ(diff(kernel("6.1.0", answer), without, {}).scenarios[0].verdict, Verdict::gone);
  EXPECT_EQ(diff(without, without, {}).scenarios[0].verdict, Verdict::absent);
}

TEST(SideBySide, TheLedgersIntroductionsAndRemovalsAreEvidence) {
  Change brought;
  brought.id = "sctp-comes";
  brought.mainline = {6, 5, 0};
  brought.introduces = {{answer, std::nullopt}};
  EXPECT_EQ(judged(no_module, answer, {{brought}}).verdict, Verdict::added);
  EXPECT_EQ(judged(no_module, no_module, {{brought}}).verdict, Verdict::not_asked)
      << "6.12 has it, and its module was out of reach";
  brought.mainline = {6, 13, 0};
  EXPECT_EQ(judged(no_module, no_module, {{brought}}).verdict, Verdict::absent);

  Change taken;
  taken.id = "sctp-goes";
  taken.mainline = {6, 5, 0};
  taken.removes = {"sctp/*"};
  EXPECT_EQ(judged(answer, no_module, {{taken}}).verdict, Verdict::gone);
  EXPECT_EQ(judged(no_module, no_module, {{taken}}).verdict, Verdict::not_asked)
      << "6.1 has it still";
}

TEST(SideBySide, ScenarioThatAProbeDoesNotKnowWasNotAsked) {
  const RunResult b = package("6.12.0", {});
  const ScenarioVerdict scenario = diff(kernel("6.1.0", answer), b, {}).scenarios.at(0);
  EXPECT_EQ(scenario.verdict, Verdict::not_asked);
  EXPECT_THAT(scenario.reason, HasSubstr("its probe does not know"));
}

TEST(SideBySide, WhatWasNotAskedIsWaivedForTheKernelThatCouldNotBe) {
  const auto waived = [](const Observation& a, const Observation& b,
                         const std::vector<std::string>& kernels) {
    Diff held = diff(kernel("6.1.0", a), kernel("6.12.0", b), {});
    apply_waivers(held, {{{{"no-modules", kernels, {"*"}, "None.", "somebody", "2027-06-30"}}},
                         "2026-11-26"});
    return held.scenarios.at(0).waiver;
  };
  EXPECT_THAT(judged(no_module, answer).not_asked_of, ElementsAre("debian-6.1.0"));
  EXPECT_EQ(waived(no_module, answer, {"debian-6.1.0"}), "no-modules");
  EXPECT_EQ(waived(no_module, answer, {"debian-6.12.0"}), "") << "6.12 was asked";
  EXPECT_EQ(waived(answer, no_module, {"debian-6.12.0"}), "no-modules");
  EXPECT_EQ(waived(no_module, no_module, {"debian-6.12.0"}), "") << "6.1 could not be, either";
  EXPECT_EQ(waived(no_module, no_module, {"debian-*"}), "no-modules");
}

}  // namespace
}  // namespace brokenpipe
