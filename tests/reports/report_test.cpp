#include "orchestrator/reports/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/describe.h"
#include "tests/support/result_builder.h"
#include "tests/support/sample_run.h"
#include "tests/support/scratch_folder.h"

/// Every format there is, by the registry; those for people and JUnit closer, beside what they are
/// made of. Those that other programs read are in formats_test.cpp.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

/// Their names, sorted.
std::vector<std::string> registered_formats() {
  std::vector<std::string> names;
  for (const Report& report : reports()) names.emplace_back(report.name);
  return names;
}

/// The names of the files in which a format registers itself, sorted.
std::vector<std::string> files_of_formats() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(fs::path(PROJECT_FILES) / "orchestrator/reports"))
    if (file.path().extension() == ".cpp" &&
        read_file(file.path()).find("\nconst Registered ") != std::string::npos)
      names.push_back(file.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

std::string render(const std::string& format, const ReportData& data, bool colour = false) {
  return report_named(format).render(data, {.colour = colour});
}

/// One line for each element: its name, attributes and text, however the file is laid out.
std::vector<std::string> outline(const std::string& xml) {
  struct Walker : pugi::xml_tree_walker {
    std::vector<std::string> lines;
    bool for_each(pugi::xml_node& node) override {
      if (node.type() != pugi::node_element) return true;
      std::string line =
          fmt::format("{}{}", std::string(static_cast<std::size_t>(depth()), ' '), node.name());
      for (const pugi::xml_attribute attribute : node.attributes())
        line += fmt::format(" {}={}", attribute.name(), attribute.value());
      lines.push_back(line + " " + node.text().get());
      return true;
    }
  };
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(xml.c_str()));
  Walker walker;
  document.traverse(walker);
  return walker.lines;
}

/// What has to be the same of a report and its golden file: of XML and JSON what they say, however
/// it is laid out, of all else every byte.
std::string substance(const std::string& report) {
  if (report.starts_with("<?xml")) return fmt::format("{}", fmt::join(outline(report), "\n"));
  return Json::accept(report) ? Json::parse(report).dump(1) : report;
}

/// A run of one kernel.
ReportData only(KernelReport kernel) {
  ReportData data;
  data.kernels.push_back(std::move(kernel));
  return data;
}

/// A kernel that answered as the reference does.
KernelReport fine() {
  const RunResult answer = result("6.1", {completed("tcp/x", {step("send#1", {{"returned", 1}})})});
  RunResult reference = answer;
  reference.from_sources = true;
  return {{"linux-6.1", KernelState::done, ""}, answer, diff(reference, answer, {})};
}

/// A kernel that answered otherwise.
KernelReport different() {
  KernelReport kernel = fine();
  RunResult reference = result("3.16", {completed("tcp/x", {step("send#1", {{"returned", 2}})})});
  reference.from_sources = true;
  kernel.diff = diff(reference, *kernel.result, {});
  return kernel;
}

/// What a linker drops from an archive is missing without a word.
TEST(Reports, AreThoseOfWhichThereIsAFile) {
  EXPECT_THAT(files_of_formats(), Not(::testing::IsEmpty()));
  EXPECT_EQ(registered_formats(), files_of_formats());
}

TEST(Reports, EveryFormatSaysWhatItIs) {
  for (const Report& report : reports()) EXPECT_FALSE(report.description.empty()) << report.name;
}

TEST(Reports, UnknownFormatIsAUsageErrorThatNamesTheKnownOnes) {
  try {
    report_named("pdf");
    FAIL() << "was found";
  } catch (const UsageError& e) {
    EXPECT_EQ(e.what(), fmt::format("there is no report format \"pdf\"; there are: {}",
                                    fmt::join(registered_formats(), ", ")));
  }
}

TEST(Reports, AreAsTheirGoldenFiles) {
  int compared = 0;
  for (const auto& golden :
       fs::directory_iterator(fs::path(PROJECT_FILES) / "tests/reports/golden")) {
    const std::string format = golden.path().stem();
    EXPECT_EQ(substance(render(format, sample_run())), substance(read_file(golden.path())))
        << golden.path();
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST(Reports, EveryFormatTellsARunOfNothing) {
  for (const Report& report : reports())
    EXPECT_FALSE(report.render(ReportData{}, {}).empty()) << report.name;
}

TEST(Reports, OnlyTextIsColouredAndOnlyWhenAsked) {
  const std::string escape = "\033[";
  EXPECT_THAT(render("text", sample_run(), true), HasSubstr(escape));
  EXPECT_THAT(render("text", sample_run(), false), Not(HasSubstr(escape)));
  for (const Report& report : reports()) {
    const std::string format(report.name);
    if (format == "text") continue;
    EXPECT_THAT(render(format, sample_run(), true), Not(HasSubstr(escape))) << format;
  }
}

TEST(Text, ColumnsOfWhatDidNotHappenAreLeftOut) {
  const std::string text = render("text", only(fine()));
  EXPECT_THAT(text, HasSubstr("  same  explained  new  gone  absent  UNEXPLAINED  not asked  "
                              "seconds\n"));
  EXPECT_THAT(text, HasSubstr("As predicted.\n"));
}

TEST(Text, KernelThatOopsedOnTheWayIsToldThoughItIsNoFailure) {
  KernelReport kernel = fine();
  kernel.result->guest.ending = GuestEnding::oops;
  kernel.result->guest.reason = "BUG: unable to handle page fault";
  for (const char* format : {"text", "markdown", "html"})
    EXPECT_THAT(render(format, only(kernel)), HasSubstr("Tainted on the way")) << format;
  EXPECT_THAT(render("text", only(kernel)),
              HasSubstr("\nTainted on the way, and ran to the end:\n"
                        "  linux-6.1: oops: BUG: unable to handle page fault\n"));
  EXPECT_EQ(exit_code(only(kernel)), ExitCode::as_reference);
  EXPECT_THAT(render("text", only(fine())), Not(HasSubstr("Tainted")));
}

TEST(Text, ChangeIsToldOnceAndAChainByItsNames) {
  const std::string text = render("text", sample_run());
  EXPECT_THAT(text, HasSubstr("\n  pwritev2-appears, then sockets-nowait\n"
                              "    sockets-nowait: 6.4; "));
  EXPECT_EQ(text.find("\"vfs: pwritev2-appears\""), text.rfind("\"vfs: pwritev2-appears\""));
}

TEST(Trace, TellsEveryCallOfAScenarioInItsOrder) {
  KernelReport kernel;
  kernel.plan.id = "debian-6.1";
  kernel.result =
      result("6.1.0", {completed("tcp/x", {step("send#1", {{"returned", 1}}),
                                           step("send#2", {{"returned", -1}, {"errno", "EPIPE"}})}),
                       ended("tcp/y", ScenarioEnding::unsupported, "no io_uring")});
  EXPECT_EQ(render("trace", only(kernel)),
            "debian-6.1 (6.1.0)\n"
            "  tcp/x\n"
            "    send(1) = 1\n"
            "    send(1) = -1 EPIPE\n"
            "  tcp/y\n"
            "    unsupported: no io_uring\n");
}

TEST(Junit, CountsAreThoseOfItsElements) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(render("junit", sample_run()).c_str()));
  int suites = 0;
  for (const pugi::xml_node suite : document.child("testsuites").children("testsuite")) {
    ++suites;
    const auto cases = suite.select_nodes("testcase").size();
    EXPECT_EQ(suite.attribute("tests").as_uint(), cases);
    EXPECT_GT(cases, 0U) << suite.attribute("name").value();
    EXPECT_EQ(suite.attribute("failures").as_uint(), suite.select_nodes("testcase/failure").size());
    EXPECT_EQ(suite.attribute("errors").as_uint(), suite.select_nodes("testcase/error").size());
    EXPECT_EQ(suite.attribute("skipped").as_uint(), suite.select_nodes("testcase/skipped").size());
  }
  EXPECT_EQ(suites, 8);
}

TEST(Junit, WordsThatXmlCannotHoldDoNotSpoilTheFile) {
  KernelReport kernel = fine();
  kernel.plan = {"odd", KernelState::failed, "said \x01 <&> \"]]>\""};
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(render("junit", only(kernel)).c_str()));
  EXPECT_STREQ(document.select_node("//error/@message").attribute().value(),
               R"(failed: said \x01 <&> "]]>")");
}

TEST(Markdown, WordsOfAKernelAreNoMarkup) {
  KernelReport kernel = fine();
  kernel.result->kernel.release = "6.1|<b>";
  EXPECT_THAT(render("markdown", only(kernel)), HasSubstr("6.1\\|\\<b\\>"));
}

TEST(RunExitCode, IsTheWorstOfTheKernels) {
  const KernelReport not_offered{{"a", KernelState::not_offered, ""}, std::nullopt, std::nullopt};
  const KernelReport failed{{"b", KernelState::failed, ""}, std::nullopt, std::nullopt};
  const KernelReport planned{{"c", KernelState::planned, ""}, std::nullopt, std::nullopt};
  KernelReport partly = fine();
  partly.plan.state = KernelState::failed;
  struct Case {
    std::vector<KernelReport> kernels;
    ExitCode code;
  };
  int number = 0;
  for (const Case& c : std::vector<Case>{
           {{fine()}, ExitCode::as_reference},
           {{fine(), not_offered}, ExitCode::as_reference},
           {{fine(), different()}, ExitCode::differs},
           {{different(), fine()}, ExitCode::differs},
           {{different(), failed}, ExitCode::incomplete},
           {{failed, different()}, ExitCode::incomplete},
           {{fine(), planned}, ExitCode::incomplete},
           {{fine(), partly}, ExitCode::incomplete},
           {{not_offered}, ExitCode::incomplete},
           {{}, ExitCode::incomplete},
       }) {
    ReportData data;
    data.kernels = c.kernels;
    EXPECT_EQ(exit_code(data), c.code) << "case " << number;
    ++number;
  }
}

TEST(ReportData, OfARunsFolderHasEveryKernelInItsOrder) {
  const testing::ScratchFolder out;
  RunRecord record;
  record.id = "run";
  record.kernels = {{"linux-6.2", KernelState::planned, ""},
                    {"linux-6.1", KernelState::planned, ""}};
  RunDirectory run = RunDirectory::create(out.path(), record);
  run.keep(*fine().result);
  const ReportData data = report_data(run, sample_reference(), sample_changes());
  ASSERT_EQ(data.kernels.size(), 2U);
  EXPECT_EQ(data.kernels[0].plan.state, KernelState::planned);
  EXPECT_FALSE(data.kernels[0].result);
  EXPECT_FALSE(data.kernels[0].diff);
  EXPECT_EQ(data.kernels[1].plan.state, KernelState::done);
  EXPECT_EQ(data.kernels[1].result, fine().result);
  EXPECT_EQ(data.kernels[1].diff->contender, fine().result->kernel);
  EXPECT_EQ(data.reference, sample_reference().kernel);
}

TEST(ReportData, OfOneResultHasNoRun) {
  const ReportData data = report_data(*fine().result, sample_reference(), {});
  EXPECT_FALSE(data.run);
  ASSERT_EQ(data.kernels.size(), 1U);
  EXPECT_EQ(data.kernels[0].plan, (PlannedKernel{"linux-6.1", KernelState::done, ""}));
  EXPECT_TRUE(data.kernels[0].diff);
}

TEST(Describe, StepsReadAsPeopleSayThem) {
  const auto seen = [](const char* id, const char* args, const char* json) {
    Step step;
    step.id = id;
    step.args = args;
    step.seen = Json::parse(json);
    return describe(step);
  };
  EXPECT_EQ(seen("send#1", "1, MSG_NOSIGNAL", R"({"returned":-1,"errno":"EPIPE"})"),
            "send(1, MSG_NOSIGNAL) = -1 EPIPE");
  EXPECT_EQ(seen("send#2", "1", R"({"returned":-1,"errno":"EPIPE","signals":
                 [{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}]})"),
            "send(1) = -1 EPIPE +SIGPIPE");
  EXPECT_EQ(seen("send#2", "1", R"({"returned":1,"signals":
                 [{"signal":"SIGPIPE","code":"SI_KERNEL","pid":"self"}]})"),
            R"(send(1) = 1 +SIGPIPE{"code":"SI_KERNEL","pid":"self"})");
  EXPECT_EQ(seen("poll#1", "", R"({"revents":["POLLIN","POLLHUP"]})"), "poll = POLLIN|POLLHUP");
  EXPECT_EQ(seen("poll#1", "", R"({"revents":[]})"), "poll = none");
  EXPECT_EQ(seen("so_error#1", "SO_ERROR", R"({"so_error":"EPIPE"})"), "SO_ERROR = EPIPE");
  EXPECT_EQ(seen("peer.state#1", "TCP_INFO", R"({"state":"CLOSE_WAIT"})"),
            "peer.state = CLOSE_WAIT");
  EXPECT_EQ(seen("orphan#2", "x", R"({"state":"gone","elapsed":"tcp_fin_timeout"})"),
            "orphan = gone after tcp_fin_timeout");
  EXPECT_EQ(seen("recv#1", "100", R"({"blocked":true})"), "recv(100) = blocked");
  EXPECT_EQ(seen("waitpid#1", "", R"({"status":"killed by SIGPIPE","core_dumped":false})"),
            "waitpid = killed by SIGPIPE core_dumped=false");
  EXPECT_EQ(seen("io_uring#1", "IORING_OP_SEND, 1",
                 R"({"returned":1,"completion":{"returned":-1,"errno":"EPIPE"}})"),
            "io_uring(IORING_OP_SEND, 1) = 1 completion(-1 EPIPE)");
  EXPECT_EQ(describe_seen(nullptr), "not made");
}

TEST(Describe, NoTwoAnswersOfTheReferenceReadTheSame) {
  const RunResult reference =
      read_run_result(fs::path(PROJECT_FILES) / "results/reference/linux-3.16.json");
  std::map<std::string, Json> told;
  for (const Observation& observation : reference.observations) {
    for (const Step& step : observation.steps) {
      const auto [known, added] = told.emplace(describe(step), step.seen);
      EXPECT_EQ(known->second, step.seen) << known->first;
    }
  }
  EXPECT_GT(told.size(), 20U);
}

}  // namespace
}  // namespace brokenpipe
