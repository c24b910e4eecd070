#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "orchestrator/reports/report.h"
#include "results/base/file.h"
#include "results/base/run_command.h"
#include "results/base/text.h"
#include "tests/support/result_builder.h"
#include "tests/support/sample_run.h"
#include "tests/support/scratch_folder.h"

/// Every format that others read, read by one of them: what they find is what the run has shown.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

/// What a reader of the format makes of it.
Json read_by(const std::vector<std::string>& reader, const std::string& text) {
  const testing::ScratchFolder folder;
  const fs::path file = folder.path() / "report";
  write_file(file, text);
  std::vector<std::string> command = reader;
  command.push_back(file.string());
  const CommandResult read = run_command(command);
  EXPECT_EQ(read.exit_status, 0) << read.err;
  return Json::parse(read.out);
}

std::string render(const std::string& format, const ReportData& data) {
  return report_named(format).render(data, {});
}

std::string script(const std::string& name) {
  return (fs::path(PROJECT_FILES) / "tests/reports/formats" / name).string();
}

/// Debian's Python, which has Debian's modules, whatever else the PATH may hold.
Json csv_rows(const ReportData& data) {
  return read_by({"/usr/bin/python3", script("read_csv.py")}, render("csv", data));
}

Json junit_suites(const ReportData& data) {
  return read_by({"/usr/bin/python3", script("read_junit.py")}, render("junit", data));
}

Json page(const ReportData& data) {
  return read_by({"/usr/bin/python3", script("read_html.py")}, render("html", data));
}

/// The events of node-tap-parser, which fails with the document; a NODE_PATH, because a node that
/// is not Debian's does not know where Debian's modules lie.
Json tap_events(const ReportData& data) {
  return read_by(
      {"/bin/sh", "-c",
       "NODE_PATH=/usr/share/nodejs tap-parser --strict --json=0 <\"$1\" || [ $? = 1 ]", "sh"},
      render("tap", data));
}

/// The values of a parser's events of one kind.
std::vector<Json> of_kind(const Json& events, const std::string& kind) {
  std::vector<Json> found;
  for (const Json& event : events)
    if (event.at(0) == kind) found.push_back(event.at(1));
  return found;
}

/// A kernel with words in it that a format could take for its own.
ReportData hostile() {
  const std::string words = "<b>&amp;\", # SKIP '{{x}}'\\\n\x01 | not ok 1";
  RunResult answer = result("6.1" + words, {completed("tcp/x", {step("send#1", {{"returned", 1}})}),
                                            ended("tcp/y", ScenarioEnding::broken, words)});
  answer.kernel.machine = words;
  RunResult reference = result("3.16", {completed("tcp/x", {step("send#1", {{"errno", words}})})});
  ReportData data = report_data(answer, reference, {});
  data.kernels.push_back({{words, KernelState::failed, words}, std::nullopt, std::nullopt});
  data.kernels.push_back({{"z", KernelState::not_offered, words}, std::nullopt, std::nullopt});
  return data;
}

TEST(Csv, HasARowForEveryPlaceWithItsVerdict) {
  const ReportData data = sample_run();
  const Json rows = csv_rows(data);
  for (const KernelReport& kernel : data.kernels) {
    std::map<std::pair<std::string, std::string>, std::size_t> steps;
    std::map<std::string, std::size_t> standings;
    std::size_t all = 0;
    for (const Json& row : rows) {
      if (row.at("kernel") != kernel.plan.id) continue;
      ++all;
      if (row.at("step") == "ending" || row.at("call").get<std::string>().empty()) continue;
      const std::string standing = row.at("standing");
      ++steps[{row.at("verdict").get<std::string>(), standing}];
      ++standings[standing];
    }
    EXPECT_GT(all, 0U) << kernel.plan.id;
    if (!kernel.diff) continue;
    const Totals& totals = kernel.diff->step_totals;
    const auto counted = [&](const char* verdict, const char* standing) {
      return steps[{verdict, standing}];
    };
    EXPECT_EQ(counted("same", "predicted"), totals.same) << kernel.plan.id;
    EXPECT_EQ(counted("differs", "predicted"), totals.explained) << kernel.plan.id;
    EXPECT_EQ(counted("new", "predicted"), totals.added) << kernel.plan.id;
    EXPECT_EQ(counted("gone", "predicted"), totals.gone) << kernel.plan.id;
    EXPECT_EQ(standings["unexplained"], totals.unexplained) << kernel.plan.id;
    EXPECT_EQ(standings["ahead"], totals.ahead) << kernel.plan.id;
    EXPECT_EQ(standings["behind"], totals.behind) << kernel.plan.id;
    EXPECT_EQ(standings["recorded here"], totals.recorded_here) << kernel.plan.id;
    EXPECT_EQ(counted("inconclusive", "unjudged"), totals.inconclusive) << kernel.plan.id;
    EXPECT_EQ(counted("unreferenced", "unjudged"), totals.unreferenced) << kernel.plan.id;
  }
}

TEST(Csv, RowSaysWhatWasExpectedPredictedSeenAndWhy) {
  const Json rows = csv_rows(sample_run());
  EXPECT_THAT(rows, Contains(Json{{"kernel", "debian-6.12"},
                                  {"release", "6.12.107+deb12-cloud-amd64"},
                                  {"guest", "finished"},
                                  {"scenario", "entry/listening/pwritev2-nowait"},
                                  {"step", "pwritev2#1"},
                                  {"call", "pwritev2"},
                                  {"args", "1"},
                                  {"verdict", "differs"},
                                  {"standing", "predicted"},
                                  {"expected", "-1 ENOSYS"},
                                  {"predicted", ""},
                                  {"got", "-1 EPIPE +SIGPIPE"},
                                  {"changes", "pwritev2-appears sockets-nowait"},
                                  {"basis", "derived"},
                                  {"grounds", "recorded"},
                                  {"reason", ""},
                                  {"waiver", ""}}));
  EXPECT_THAT(rows, Contains(Json{{"kernel", "debian-7.1"},
                                  {"release", "7.1.13-cloud-amd64"},
                                  {"guest", "finished"},
                                  {"scenario", "entry/listening/pwritev2-nowait"},
                                  {"step", "pwritev2#1"},
                                  {"call", "pwritev2"},
                                  {"args", "1"},
                                  {"verdict", "same"},
                                  {"standing", "unexplained"},
                                  {"expected", "-1 ENOSYS"},
                                  {"predicted", "-1 EPIPE +SIGPIPE"},
                                  {"got", "-1 ENOSYS"},
                                  {"changes", "pwritev2-appears sockets-nowait"},
                                  {"basis", "derived"},
                                  {"grounds", "recorded"},
                                  {"reason", ""},
                                  {"waiver", ""}}));
}

TEST(Csv, WhatWasNotAskedSaysWhyAndByWhichWaiver) {
  std::vector<std::pair<Json, Json>> seen;
  for (const Json rows = csv_rows(sample_run()); const Json& row : rows)
    if (row.at("verdict") == "not asked") seen.emplace_back(row.at("kernel"), row.at("waiver"));
  EXPECT_THAT(seen, ElementsAre(::testing::Pair("debian-7.1", ""),
                                ::testing::Pair("own-tree", "own-tree-without-modules")));
}

TEST(Csv, KernelThatSaidNothingHasARowWithTheReason) {
  const Json rows = csv_rows(sample_run());
  std::vector<std::string> reasons;
  for (const Json& row : rows)
    if (row.at("kernel") == "debian-6.16") reasons.push_back(row.at("reason"));
  EXPECT_THAT(reasons, ElementsAre("6.16 has left the mirror"));
}

TEST(Csv, LinesEndAndFieldsAreQuotedAsTheStandardHasIt) {
  const std::string text = render("csv", hostile());
  EXPECT_THAT(text, HasSubstr("grounds,reason,waiver\r\n"));
  const Json rows = csv_rows(hostile());
  EXPECT_EQ(rows.at(0).at("release"), terminal_text(hostile().kernels[0].result->kernel.release));
  EXPECT_EQ(rows.back().at("reason"), terminal_text(hostile().kernels[2].plan.reason));
}

TEST(Tap, KernelsAreTestPointsWithTheirScenariosAsSubtests) {
  const ReportData data = sample_run();
  const Json events = tap_events(data);
  EXPECT_THAT(of_kind(events, "version"), ElementsAre(Json(14)));
  const std::vector<Json> points = of_kind(events, "assert");
  ASSERT_EQ(points.size(), data.kernels.size());
  const std::vector<Json> children = of_kind(events, "child");
  std::size_t child = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].at("name"), data.kernels[i].plan.id);
    if (!data.kernels[i].diff) continue;
    const Totals& totals = data.kernels[i].diff->scenario_totals;
    const Json complete = of_kind(children.at(child++), "complete").at(0);
    EXPECT_EQ(complete.at("count"), totals.all()) << data.kernels[i].plan.id;
    EXPECT_EQ(complete.at("fail"), totals.unexplained + totals.flaky + totals.inconclusive);
    EXPECT_EQ(complete.at("skip"), totals.gone + totals.absent + totals.not_asked +
                                       totals.recorded_here + totals.unreferenced);
  }
  EXPECT_EQ(child, children.size());
  std::vector<bool> fine;
  fine.reserve(points.size());
  for (const Json& point : points) fine.push_back(point.at("ok"));
  EXPECT_THAT(fine, ElementsAre(true, true, false, false, false, true, false, true));
  EXPECT_EQ(points[5].at("skip"), "not_offered: 6.16 has left the mirror");
}

TEST(Tap, DifferenceIsInADiagnosticBlock) {
  const Json subtest = of_kind(tap_events(sample_run()), "child").at(2);
  const auto points = of_kind(subtest, "assert");
  const auto point = std::find_if(points.begin(), points.end(), [](const Json& p) {
    return p.at("name") == "tcp/close-wait-rst";
  });
  ASSERT_NE(point, points.end());
  EXPECT_EQ(point->at("ok"), false);
  EXPECT_EQ(point->at("diag").at("differences").at(0),
            (Json{{"step", "send#2"},
                  {"predicted", "send(1) = -1 EPIPE +SIGPIPE"},
                  {"got", "send(1) = -1 ECONNRESET"}}));
}

TEST(Tap, WhatWasNotAskedIsSkippedWithReasonAndWaiver) {
  const Json subtest = of_kind(tap_events(sample_run()), "child").back();
  const Json point = of_kind(subtest, "assert").back();
  EXPECT_EQ(point.at("name"), "vsock/loopback");
  EXPECT_EQ(point.at("ok"), true);
  EXPECT_EQ(point.at("skip"),
            "not asked: no vsock: module vsock_loopback not available: EAFNOSUPPORT; waived until "
            "2027-06-30 (own-tree-without-modules)");
}

TEST(Tap, WordsOfAKernelAreNoDirectivesAndNoLines) {
  const Json events = tap_events(hostile());
  EXPECT_THAT(of_kind(events, "extra"), IsEmpty());
  const std::vector<Json> points = of_kind(events, "assert");
  ASSERT_EQ(points.size(), 3U);
  EXPECT_EQ(points[1].at("diag").at("reason"), terminal_text(hostile().kernels[1].plan.reason));
  EXPECT_FALSE(points[1].contains("skip"));
  EXPECT_EQ(points[1].at("name"), "<b>&amp;\", # SKIP '{{x}}'\\ \\x01 | not ok 1");
}

TEST(Junit, IsReadByAnotherProgramAsItIsMeant) {
  const ReportData data = sample_run();
  const Json suites = junit_suites(data);
  ASSERT_EQ(suites.size(), data.kernels.size());
  for (std::size_t i = 0; i < suites.size(); ++i) {
    EXPECT_EQ(suites[i].at("name"), data.kernels[i].plan.id);
    EXPECT_EQ(suites[i].at("tests"), suites[i].at("cases").size());
    std::map<std::string, std::size_t> results;
    for (const Json& testcase : suites[i].at("cases"))
      for (const Json& result : testcase.at("result")) ++results[result.get<std::string>()];
    EXPECT_EQ(suites[i].at("errors"), results["Error"]);
    EXPECT_EQ(suites[i].at("failures"), results["Failure"]);
    EXPECT_EQ(suites[i].at("skipped"), results["Skipped"]);
    if (!data.kernels[i].diff) continue;
    const Totals& totals = data.kernels[i].diff->scenario_totals;
    const bool whole = data.kernels[i].plan.state == KernelState::done;
    EXPECT_EQ(results["Failure"], totals.unexplained + totals.flaky);
    EXPECT_EQ(results["Error"], totals.inconclusive + (whole ? 0 : 1));
    EXPECT_EQ(results["Skipped"], totals.gone + totals.absent + totals.not_asked +
                                      totals.recorded_here + totals.unreferenced);
  }
  const Json& cases = suites.at(2).at("cases");
  const auto reset = std::find_if(cases.begin(), cases.end(), [](const Json& c) {
    return c.at("name") == "tcp/close-wait-rst";
  });
  ASSERT_NE(reset, cases.end());
  EXPECT_EQ(*reset, (Json{{"name", "tcp/close-wait-rst"},
                          {"class", "debian-7.1"},
                          {"result", {"Failure"}},
                          {"message", {"not as predicted"}}}));
  EXPECT_EQ(suites.at(5).at("cases").at(0).at("result"), Json{"Skipped"});
  EXPECT_EQ(suites.at(6).at("cases").at(0).at("result"), Json{"Error"});
}

/// The status of every test by its path, of one kernel.
std::map<std::string, std::string> kcidb_statuses(const ReportData& data,
                                                  const std::string& kernel) {
  std::map<std::string, std::string> statuses;
  for (const Json report = Json::parse(render("kcidb", data));
       const Json& test : report.at("tests"))
    if (test.at("build_id") == fmt::format("brokenpipe:{}:{}", data.run->id, kernel))
      statuses[test.at("path")] = test.at("status");
  return statuses;
}

TEST(Kcidb, StatusesTellWhoseFaultItWas) {
  using ::testing::Pair;
  EXPECT_THAT(
      kcidb_statuses(sample_run(), "debian-7.1"),
      ElementsAre(Pair("brokenpipe", "PASS"), Pair("brokenpipe.entry.listening.aio", "FAIL"),
                  Pair("brokenpipe.entry.listening.io-uring-send", "PASS"),
                  Pair("brokenpipe.entry.listening.pwritev2-nowait", "FAIL"),
                  Pair("brokenpipe.entry.never-connected.pwritev2-nowait", "FAIL"),
                  Pair("brokenpipe.tcp.close-wait-rst", "FAIL"),
                  Pair("brokenpipe.tcp.repair", "SKIP"), Pair("brokenpipe.tcp.unheard-of", "DONE"),
                  Pair("brokenpipe.vsock.loopback", "MISS")));
  EXPECT_THAT(kcidb_statuses(sample_run(), "debian-6.12"),
              Contains(Pair("brokenpipe.vsock.loopback", "DONE")))
      << "recorded here";
  EXPECT_THAT(kcidb_statuses(sample_run(), "debian-3.16"),
              Contains(Pair("brokenpipe.vsock.loopback", "SKIP")))
      << "absent";
  EXPECT_THAT(
      kcidb_statuses(sample_run(), "debian-7.3"),
      ElementsAre(Pair("brokenpipe", "FAIL"), Pair("brokenpipe.entry.listening.aio", "PASS"),
                  Pair("brokenpipe.entry.listening.io-uring-send", "ERROR"),
                  Pair("brokenpipe.entry.listening.pwritev2-nowait", "MISS"),
                  Pair("brokenpipe.entry.never-connected.pwritev2-nowait", "MISS"),
                  Pair("brokenpipe.tcp.close-wait-rst", "MISS"),
                  Pair("brokenpipe.tcp.repair", "MISS"),
                  Pair("brokenpipe.vsock.loopback", "MISS")));
  EXPECT_THAT(kcidb_statuses(sample_run(), "debian-5.10"), ElementsAre(Pair("brokenpipe", "MISS")));
  EXPECT_THAT(kcidb_statuses(sample_run(), "debian-6.16"), ElementsAre(Pair("brokenpipe", "SKIP")));
}

TEST(Kcidb, EveryTestHasABuildAndEveryBuildACheckout) {
  const Json report = Json::parse(render("kcidb", sample_run()));
  std::set<Json> checkouts;
  std::set<Json> builds;
  std::set<Json> tests;
  for (const Json& checkout : report.at("checkouts")) checkouts.insert(checkout.at("id"));
  for (const Json& build : report.at("builds")) {
    builds.insert(build.at("id"));
    EXPECT_TRUE(checkouts.contains(build.at("checkout_id")));
  }
  for (const Json& test : report.at("tests")) {
    tests.insert(test.at("id"));
    EXPECT_TRUE(builds.contains(test.at("build_id")));
  }
  EXPECT_EQ(builds.size(), sample_run().kernels.size());
  EXPECT_EQ(tests.size(), report.at("tests").size()) << "an id is there twice";
}

TEST(Html, IsOneFileWithEveryKernelAndEveryDifference) {
  const Json html = page(sample_run());
  EXPECT_THAT(html.at("addresses"), IsEmpty());
  EXPECT_THAT(
      html.at("headings"),
      ElementsAre("EPIPE and SIGPIPE", "Kernels", "Unexplained differences", "Failed",
                  "Inconclusive", "Flaky: the repeats disagree", "Not asked", "Waivers in use",
                  "Ahead of the kernel's version, or behind it", "Recorded here: it proves nothing",
                  "Differences explained by changes of the kernel", "aio-on-sockets",
                  "pwritev2-appears", "pwritev2-appears, then sockets-nowait", "Gone",
                  "Absent: both lack it", "Not run"));
  EXPECT_THAT(html.at("rows"),
              Contains(Json{"debian-7.1", "7.1.13-cloud-amd64", "finished", "0", "0", "1", "1", "0",
                            "3", "1", "0", "0", "0", "0", "1", "1", "9.8"}));
  EXPECT_THAT(html.at("rows"),
              Contains(Json{"entry/listening/pwritev2-nowait", "pwritev2#1",
                            "pwritev2(1) = -1 EPIPE +SIGPIPEby pwritev2-appears, then "
                            "sockets-nowait",
                            "pwritev2(1) = -1 ENOSYSlinux-3.16.0's own, as before pwritev2-appears",
                            "debian-7.1"}));
  const std::string grounds = "derived: net/core/stream.c:176 sk_stream_error";
  EXPECT_THAT(html.at("rows"),
              Contains(Json{"tcp/close-wait-rst", "send#2", "send(1) = -1 EPIPE +SIGPIPE" + grounds,
                            "send(1) = -1 ECONNRESET", "debian-7.1"}));
  const std::string text = html.at("text");
  EXPECT_THAT(text, HasSubstr("Against linux-3.16.0"));
  EXPECT_THAT(text, HasSubstr("brokenpipe run --repeat 2"));
}

TEST(Html, WordsOfAKernelAreNoMarkup) {
  const std::string text = render("html", hostile());
  EXPECT_THAT(text, Not(HasSubstr("<b>")));
  EXPECT_THAT(page(hostile()).at("text").get<std::string>(),
              HasSubstr("<b>&amp;\", # SKIP '{{x}}'\\"));
}

}  // namespace
}  // namespace brokenpipe
