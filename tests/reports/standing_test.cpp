#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "tests/support/result_builder.h"

/// What is red and what is green, and what the exit code and the last line say of it: by what was
/// predicted, and never because something could not be asked.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const Json sent{{"returned", 1}};
const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
const Json silent{{"returned", -1}, {"errno", "EPIPE"}};

RunResult reference() {
  RunResult reference =
      result("3.16.0", {completed("tcp/fixed", {step("send#1", sent)}),
                        completed("tcp/x", {step("send#1", sent)}),
                        ended("vsock/new", ScenarioEnding::unsupported, "no vsock")});
  reference.from_sources = true;
  for (Observation& observation : reference.observations) {
    observation.basis = Basis::recorded;
    for (Step& step : observation.steps) step.basis = Basis::recorded;
  }
  return reference;
}

/// tcp/fixed answers otherwise from 4.6 on; vsock/new is there from 5.6 on, as recorded on 5.15.
Changes changes() {
  Change fix;
  fix.id = "a-fix";
  fix.mainline = {4, 6, 0};
  fix.moves = {{{"tcp/fixed"}, "send#1", sent, reset}};
  Change introduction;
  introduction.id = "vsock";
  introduction.mainline = {5, 6, 0};
  Observation answer = completed("vsock/new", {step("send#1", silent)});
  answer.basis = Basis::recorded;
  answer.steps[0].basis = Basis::recorded;
  introduction.introduces = {{answer, KernelVersion{5, 15, 0}}};
  return {{fix, introduction}};
}

RunResult package(const std::string& version, std::vector<Observation> observations) {
  RunResult contender = result(version, std::move(observations));
  contender.kernel.id = "debian-" + version.substr(0, version.rfind('.'));
  contender.kernel.package = "linux-image=" + version + "-1";
  return contender;
}

/// What 6.1 is predicted to answer.
std::vector<Observation> predicted() {
  return {completed("tcp/fixed", {step("send#1", reset)}),
          completed("tcp/x", {step("send#1", sent)}),
          completed("vsock/new", {step("send#1", silent)})};
}

WaiversOn waivers(const std::string& date) {
  return {{{{"no-vsock", {"debian-*"}, {"vsock/*"}, "No modules.", "somebody", "2027-06-30"}}},
          date};
}

ReportData told(const RunResult& contender, const std::string& date = "2026-11-26") {
  return report_data(contender, reference(), changes(), waivers(date));
}

std::string render(const std::string& format, const ReportData& data) {
  return report_named(format).render(data, {});
}

std::string last_line(const ReportData& data) {
  return conclusion(summarise(data), exit_code(data));
}

TEST(Standing, ThePredictedAnswersAreGreenWhateverTheReferenceAnswers) {
  const ReportData data = told(package("6.1.10", predicted()));
  EXPECT_EQ(exit_code(data), ExitCode::as_reference);
  EXPECT_EQ(last_line(data), "As predicted.");
  EXPECT_THAT(render("junit", data), AllOf(Not(HasSubstr("<failure")), Not(HasSubstr("<skipped"))));
}

TEST(Standing, ALostFixIsRedThoughItIsTheReferencesOwnAnswer) {
  auto answers = predicted();
  answers[0].steps[0].seen = sent;
  const ReportData data = told(package("6.1.10", answers));
  EXPECT_EQ(exit_code(data), ExitCode::differs);
  EXPECT_EQ(last_line(data), "1 unexplained difference.");
  EXPECT_THAT(render("text", data),
              HasSubstr("    predicted  send(1) = -1 ECONNRESET   [by a-fix]\n"
                        "    got        send(1) = 1   [linux-3.16.0's own, as before a-fix]\n"));
  EXPECT_THAT(render("junit", data), HasSubstr("<failure message=\"not as predicted\""));
  EXPECT_THAT(render("tap", data), HasSubstr("not ok 1 - tcp/fixed"));
  EXPECT_THAT(render("kcidb", data), HasSubstr("\"status\": \"FAIL\""));
}

TEST(Standing, AFalsifiedAnswerOfANewFeatureIsRed) {
  auto answers = predicted();
  answers[2].steps[0].seen = reset;
  const ReportData data = told(package("6.1.10", answers));
  EXPECT_EQ(exit_code(data), ExitCode::differs);
  EXPECT_THAT(render("text", data),
              HasSubstr("    predicted  send(1) = -1 EPIPE   [by vsock; recorded on 5.15]\n"));
  EXPECT_THAT(render("junit", data), HasSubstr("<failure"));
  EXPECT_THAT(render("kcidb", data), HasSubstr("\"status\": \"FAIL\""));
}

TEST(Standing, WhatTheKernelItselfReportsIsRedUnlessPredicted) {
  auto answers = predicted();
  answers[1].steps.push_back(step("kernel#1", {{"report", "WARNING in tcp_x"}}));
  const ReportData data = told(package("6.1.10", answers));
  EXPECT_EQ(exit_code(data), ExitCode::differs);
  EXPECT_THAT(render("text", data), HasSubstr("    got        kernel = WARNING in tcp_x\n"));
}

TEST(Standing, AFeatureThatOughtNotToBeThereIsOneDifference) {
  const ReportData data = told(package("5.4.10", predicted()));
  EXPECT_EQ(exit_code(data), ExitCode::differs);
  const Summary summary = summarise(data);
  ASSERT_THAT(summary.unexplained, SizeIs(1));
  EXPECT_EQ(summary.unexplained[0].place, "ending");
  EXPECT_EQ(summary.unexplained[0].expected, "the kernel lacks what the scenario needs");
  EXPECT_EQ(summary.unexplained[0].got, "ending = completed");
}

TEST(Standing, AnAnswerRecordedOnThisKernelIsNoProof) {
  const ReportData data = told(package("5.15.0", predicted()));
  EXPECT_EQ(exit_code(data), ExitCode::as_reference);
  EXPECT_EQ(last_line(data), "As predicted, besides 1 recorded here.");
  EXPECT_THAT(render("junit", data), HasSubstr("<skipped message=\"recorded here"));
}

std::vector<Observation> without_module() {
  auto answers = predicted();
  answers[2] = ended("vsock/new", ScenarioEnding::unsupported, "module vsock not available");
  return answers;
}

TEST(NotAsked, IsGreenWhileAWaiverHolds) {
  const ReportData data = told(package("6.1.10", without_module()), "2027-06-30");
  EXPECT_EQ(exit_code(data), ExitCode::as_reference);
  EXPECT_EQ(last_line(data),
            "As predicted; 1 scenario on 1 kernel not asked: waived until 2027-06-30.");
  for (const char* format : {"text", "markdown", "html"})
    EXPECT_THAT(render(format, data),
                AllOf(HasSubstr("Not asked"), HasSubstr("Waivers in use"), HasSubstr("No modules."),
                      HasSubstr("waived until 2027-06-30 (no-vsock)")))
        << format;
}

TEST(NotAsked, IsRedAgainOnceItsWaiverHasEnded) {
  const ReportData data = told(package("6.1.10", without_module()), "2027-07-01");
  EXPECT_EQ(exit_code(data), ExitCode::incomplete);
  EXPECT_EQ(last_line(data), "1 scenario on 1 kernel not asked and not waived, incomplete.");
  EXPECT_THAT(render("text", data),
              AllOf(HasSubstr("no waiver covers it: no-vsock ended on 2027-06-30"),
                    Not(HasSubstr("Waivers in use"))));
}

TEST(NotAsked, IsNeitherSameNorGoneInAnyFormat) {
  const ReportData data = report_data(package("6.1.10", without_module()), reference(), changes());
  EXPECT_EQ(exit_code(data), ExitCode::incomplete);
  const Totals& totals = data.kernels.at(0).diff->scenario_totals;
  EXPECT_EQ(totals.not_asked, 1U);
  EXPECT_EQ(totals.same + totals.gone + totals.absent, 1U) << "tcp/x";
  EXPECT_THAT(render("text", data), HasSubstr("on debian-6.1; no waiver covers it\n"));
  EXPECT_THAT(render("junit", data), HasSubstr("<skipped message=\"not asked: module vsock"));
  EXPECT_THAT(render("tap", data), AllOf(HasSubstr("ok 3 - vsock/new # SKIP not asked: module"),
                                         HasSubstr("not ok 1 - debian-6.1\n")));
  EXPECT_THAT(render("kcidb", data), HasSubstr("\"status\": \"MISS\""));
  EXPECT_THAT(render("csv", data), HasSubstr(",not asked,unjudged,"));
  EXPECT_EQ(Json::parse(render("json", data)).at("exit_code"), 3);
}

TEST(NotAsked, IsGoneWhereTheKernelProvesThatItLacksTheFeature) {
  auto answers = without_module();
  answers[2].proof = "EPROTONOSUPPORT";
  const ReportData data = told(package("6.1.10", answers));
  EXPECT_EQ(exit_code(data), ExitCode::as_reference);
  EXPECT_EQ(last_line(data), "As predicted.");
}

/// Somebody's own 4.5, with the fix of 4.6.
ReportData own_build(bool strict) {
  RunResult own = package("4.5.0", {completed("tcp/fixed", {step("send#1", reset)}),
                                    completed("tcp/x", {step("send#1", sent)})});
  own.kernel.package = "arch/x86/boot/bzImage";
  own.probe.selection = {"tcp/*"};
  ReportData data = told(own);
  data.strict = strict;
  return data;
}

TEST(Conclusion, OfWhatIsGoneByEvidenceIsThatAllIsAsPredicted) {
  Observation proven = ended("tcp/x", ScenarioEnding::unsupported, "no vsock");
  proven.proof = "ENOSYS";
  const ReportData data = report_data(package("6.1.0", {proven}), reference(), changes());
  EXPECT_EQ(exit_code(*data.kernels.at(0).diff), ExitCode::incomplete) << "the others are missing";
  RunResult only = package("6.1.0", {proven});
  only.probe.selection = {"tcp/x"};
  const ReportData selected = report_data(only, reference(), changes());
  EXPECT_EQ(exit_code(selected), ExitCode::as_reference);
  EXPECT_EQ(last_line(selected), "As predicted.");
}

TEST(Conclusion, BeginsWithACapitalLetter) {
  ReportData none;
  EXPECT_EQ(last_line(none), "Incomplete.");
}

TEST(Versions, SayWhereAChangeEndedInEverySeries) {
  Change change;
  change.mainline = {6, 4, 0};
  EXPECT_EQ(versions_of(change), "6.4");
  change.stable = {{5, 15, 116}, {6, 1, 33}};
  EXPECT_EQ(versions_of(change), "6.4, 5.15.116, 6.1.33");
  change.until = KernelVersion{6, 6, 0};
  EXPECT_EQ(versions_of(change), "6.4, 5.15.116, 6.1.33 until 6.6");
  change.until_stable = {{6, 1, 60}, {6, 5, 9}};
  EXPECT_EQ(versions_of(change), "6.4, 5.15.116, 6.1.33 until 6.6, 6.1.60, 6.5.9");
}

TEST(Strict, WhatIsAheadOfItsVersionIsToldAndIsRedOnlyOnDemand) {
  EXPECT_EQ(exit_code(own_build(false)), ExitCode::as_reference);
  EXPECT_EQ(last_line(own_build(false)), "As predicted, besides 1 ahead.");
  EXPECT_THAT(render("text", own_build(false)), HasSubstr("  ahead by a-fix\n"));
  EXPECT_EQ(exit_code(own_build(true)), ExitCode::differs);
  EXPECT_EQ(last_line(own_build(true)), "1 ahead.");
}

TEST(Strict, EveryFormatThatHasColoursHeedsIt) {
  EXPECT_THAT(render("junit", own_build(false)), Not(HasSubstr("<failure")));
  EXPECT_THAT(render("junit", own_build(true)), HasSubstr("<failure"));
  EXPECT_THAT(render("tap", own_build(false)), Not(HasSubstr("not ok")));
  EXPECT_THAT(render("tap", own_build(true)),
              AllOf(HasSubstr("not ok 1 - tcp/fixed"), HasSubstr("\nnot ok 1 - debian-4.5")));
  EXPECT_THAT(render("kcidb", own_build(false)), Not(HasSubstr("\"FAIL\"")));
  EXPECT_THAT(render("kcidb", own_build(true)), HasSubstr("\"FAIL\""));
  EXPECT_EQ(Json::parse(render("json", own_build(true))).at("exit_code"), 1);
}

TEST(Steps, AreCountedByWhatPredictedThem) {
  const Summary summary = summarise(told(package("6.1.10", predicted())));
  EXPECT_EQ(summary.predicted_from.reference, 1U);
  EXPECT_EQ(summary.predicted_from.derivations, 1U) << "a change moved it";
  EXPECT_EQ(summary.predicted_from.recordings, 1U);
  EXPECT_EQ(steps_sentence(summary),
            "3 steps: 3 as predicted (1 as the reference, 1 explained, 1 new), 0 unexplained, "
            "0 unreferenced. Predicted by the reference's own answers: 1, from derivations: 1, "
            "from recordings of other kernels: 1");
}

TEST(Steps, RecordedHereAreCountedApart) {
  const Summary summary = summarise(told(package("5.15.0", predicted())));
  EXPECT_EQ(summary.predicted_from.recordings, 0U);
  EXPECT_THAT(steps_sentence(summary), HasSubstr(", 1 recorded here, "));
}

}  // namespace
}  // namespace brokenpipe
