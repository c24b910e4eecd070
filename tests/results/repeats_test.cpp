#include "results/repeats.h"

#include <gtest/gtest.h>

#include "tests/support/result_builder.h"

/// Repeats of a run, which agree or do not.
namespace brokenpipe {
namespace {

RunResult answering(long returned) {
  return result("6.1.0", {completed("tcp/x", {step("send#1", {{"returned", returned}})})});
}

TEST(Repeats, RunsThatAgreeAreOneRun) {
  EXPECT_EQ(merge_repeats({answering(1), answering(1), answering(1)}), answering(1));
}

TEST(Repeats, AnObservationKeepsEachOtherAnswerOnce) {
  const RunResult merged = merge_repeats({answering(1), answering(2), answering(2), answering(3)});
  const auto& disagreeing = merged.observations.at(0).disagreeing;
  ASSERT_EQ(disagreeing.size(), 2U);
  EXPECT_EQ(disagreeing[0].steps.at(0).seen.at("returned"), 2);
  EXPECT_EQ(disagreeing[1].steps.at(0).seen.at("returned"), 3);
}

TEST(Repeats, AnotherEndingDisagreesToo) {
  RunResult timed_out = answering(1);
  timed_out.observations.at(0).ending = ScenarioEnding::timed_out;
  EXPECT_EQ(merge_repeats({answering(1), timed_out}).observations.at(0).disagreeing.size(), 1U);
}

TEST(Repeats, ARunThatDidNotFinishStandsForAll) {
  RunResult truncated = answering(1);
  truncated.guest.ending = GuestEnding::truncated;
  EXPECT_EQ(merge_repeats({answering(1), truncated}), truncated);
}

}  // namespace
}  // namespace brokenpipe
