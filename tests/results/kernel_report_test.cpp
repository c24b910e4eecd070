#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/compared.h"

/// What the kernel itself reports, held against what was predicted: a silence proves something only
/// where the probe has read the kernel's log.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

const Json bug{{"report", "BUG in net/socket.c"}};

Observation calls(std::vector<Step> reports = {}) {
  Observation observation = completed("tcp/x", {step("send#1", one)});
  for (Step& report : reports) {
    report.call = "kernel";
    report.args = "log";
    observation.steps.push_back(std::move(report));
  }
  return observation;
}

const Observation quiet = calls();
const Observation reports = calls({step("kernel#1", bug)});

RunResult hearing(RunResult result) {
  result.guest.kernel_log = true;
  return result;
}

Diff held(const Observation& reference, const RunResult& contender, const Changes& changes = {}) {
  return diff(reference_of({reference}), contender, changes);
}

const PlaceVerdict& report_in(const Diff& diff) {
  const auto& places = diff.scenarios.at(0).places;
  return *std::find_if(places.begin(), places.end(),
                       [](const PlaceVerdict& place) { return place.place == "kernel#1"; });
}

TEST(KernelReport, ThatWasPredictedAndDidNotComeIsUnexplainedWhereTheLogWasRead) {
  const Diff silent = held(reports, hearing(package("3.16.0", {quiet})));
  EXPECT_EQ(silent.scenarios[0].standing, Standing::unexplained);
  EXPECT_EQ(exit_code(silent), ExitCode::differs);
  EXPECT_EQ(held(reports, hearing(package("3.16.0", {reports}))).scenarios[0].standing,
            Standing::predicted);
}

TEST(KernelReport, ThatWasPredictedIsNotJudgedWhereTheLogWasNotRead) {
  const Diff unheard = held(reports, package("3.16.0", {quiet}));
  EXPECT_EQ(report_in(unheard).verdict, Verdict::not_asked);
  EXPECT_EQ(report_in(unheard).standing, Standing::unjudged);
  EXPECT_EQ(unheard.step_totals.not_asked, 1U);
  EXPECT_EQ(unheard.step_totals.as_predicted(), 1U) << "the send";
  EXPECT_EQ(unheard.scenarios[0].verdict, Verdict::same) << "of what was asked";
  EXPECT_EQ(unheard.scenarios[0].standing, Standing::predicted);
  EXPECT_EQ(exit_code(unheard), ExitCode::as_reference);
}

TEST(KernelReport, ThatAChangeTookAwayIsExplainedOnlyWhereTheLogWasRead) {
  const Changes mended{{change("kernel#1", bug, nullptr)}};
  const Diff heard = held(reports, hearing(package("6.1.0", {quiet})), mended);
  EXPECT_THAT(report_in(heard).changes, ::testing::ElementsAre("a-change"));
  EXPECT_TRUE(heard.scenarios[0].explained());
  const Diff unheard = held(reports, package("6.1.0", {quiet}), mended);
  EXPECT_EQ(report_in(unheard).verdict, Verdict::not_asked);
  EXPECT_EQ(unheard.step_totals.explained, 0U);
  EXPECT_EQ(held(reports, hearing(package("6.1.0", {reports})), mended).scenarios[0].standing,
            Standing::unexplained)
      << "it has lost the fix";
}

TEST(KernelReport, ThatIsThereIsJudgedThoughNothingSaysThatTheLogWasRead) {
  EXPECT_EQ(held(quiet, package("6.1.0", {reports})).scenarios[0].standing, Standing::unexplained);
}

TEST(KernelReport, OfOneOfTwoKernelsHasChangedWhereTheOthersLogWasRead) {
  const RunResult loud = hearing(package("6.1.0", {reports}));
  const RunResult silent = hearing(package("6.12.0", {quiet}));
  const RunResult unheard = package("6.12.0", {quiet});
  EXPECT_EQ(report_in(diff(loud, silent, {})).verdict, Verdict::differs);
  EXPECT_EQ(report_in(diff(silent, loud, {})).verdict, Verdict::differs);
  EXPECT_EQ(report_in(diff(loud, unheard, {})).verdict, Verdict::not_asked);
  EXPECT_EQ(report_in(diff(unheard, loud, {})).verdict, Verdict::not_asked);
  EXPECT_EQ(diff(loud, unheard, {}).scenarios[0].verdict, Verdict::same) << "of what was asked";
}

}  // namespace
}  // namespace brokenpipe
