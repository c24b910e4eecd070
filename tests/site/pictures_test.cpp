#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <pugixml.hpp>
#include <utility>

#include "orchestrator/site/pictures/answer.h"
#include "orchestrator/site/pictures/badge.h"
#include "orchestrator/site/pictures/heat_map.h"
#include "orchestrator/site/pictures/state_diagram.h"
#include "tests/site/reference_builder.h"
#include "tests/support/result_builder.h"

/// The two pictures that are made of the words of answers, and badges.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
namespace fs = std::filesystem;

const nlohmann::json sigpipe{{"signal", "SIGPIPE"}, {"code", "SI_USER"}, {"pid", "self"}};
const nlohmann::json one_byte{{"returned", 1}};
const nlohmann::json epipe_signal{
    {"returned", -1}, {"errno", "EPIPE"}, {"signals", nlohmann::json::array({sigpipe})}};
const nlohmann::json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
const nlohmann::json again{{"returned", -1}, {"errno", "EAGAIN"}};

std::string page_of(const std::string& scenario) {
  return "scenario/" + scenario + ".html";
}

RunResult linux_3_16() {
  return read_run_result(fs::path(PROJECT_FILES) / "results/reference/linux-3.16.json");
}

KernelReport report_of(const RunResult& reference, RunResult contender,
                       const Changes& changes = {}) {
  KernelReport report;
  report.plan.id = contender.kernel.id;
  report.diff = diff(reference, contender, changes);
  report.result = std::move(contender);
  return report;
}

/// A change that explains one move of one scenario.
Changes changes_for(const std::string& scenario, const std::string& step,
                    const nlohmann::json& before, const nlohmann::json& after) {
  Change change;
  change.id = "a-change";
  change.mainline = {4, 0, 0};
  change.moves.push_back({{scenario}, step, before, after});
  return {{change}};
}

/// Parsed markup: wrong nesting or a missing escape is no document.
class Markup {
 public:
  explicit Markup(const std::string& text) {
    const pugi::xml_parse_result parsed = document_.load_string(text.c_str());
    EXPECT_TRUE(parsed) << parsed.description();
  }

  pugi::xml_node root() const { return document_.document_element(); }

  pugi::xml_node find(const std::string& xpath) const {
    return document_.select_node(xpath.c_str()).node();
  }

  std::vector<std::string> texts(const std::string& xpath) const {
    std::vector<std::string> found;
    for (const pugi::xpath_node& node : document_.select_nodes(xpath.c_str()))
      found.emplace_back(node.node().text().get());
    return found;
  }

 private:
  pugi::xml_document document_;
};

/// The answers in the lines of a diagram that ask one scenario; the page links to it.
std::vector<std::string> answers_in(const Markup& svg, const std::string& scenario) {
  return svg.texts("//a[@href='" + page_of(scenario) +
                   "']/text[starts-with(@class,'answer-text')]");
}

TEST(StateDiagram, HoldsTheElevenStates) {
  const Markup svg(state_diagram(linux_3_16(), nullptr, page_of));
  EXPECT_THAT(svg.texts("//g[@class='state']/text[@class='name']"),
              ElementsAre("CLOSE", "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1",
                          "CLOSE_WAIT", "FIN_WAIT2", "CLOSING", "LAST_ACK", "TIME_WAIT"));
}

// The reference has an answer for every scenario that the picture names: an id that was retired
// would show as one more that nobody asked.
TEST(StateDiagram, FindsEveryScenarioItAsksInTheReference) {
  const Markup svg(state_diagram(linux_3_16(), nullptr, page_of));
  for (const std::string& answer : svg.texts("//a/text[starts-with(@class,'answer-text')]"))
    EXPECT_THAT(answer, Not(testing::AnyOf("not asked", "n/a", "?", "not made", StartsWith("→"))));
  EXPECT_THAT(answers_in(svg, "tcp/close-wait-rst-send-sequence"),
              ElementsAre("1 byte", "EPIPE ⚡\ufe0e"));
  EXPECT_THAT(answers_in(svg, "tcp-wire/rst-exact"), ElementsAre("ECONNRESET"));
}

TEST(StateDiagram, ShowsNothingForAStateThatNobodyAsked) {
  const Markup svg(state_diagram(result("3.16", {}), nullptr, page_of));
  const auto answers = svg.texts("//text[starts-with(@class,'answer-text')]");
  EXPECT_THAT(answers, testing::Each("not asked"));
  EXPECT_THAT(answers, testing::SizeIs(testing::Gt(20)));
}

TEST(StateDiagram, MarksADepartureByItsShapeAndKeepsTheReferencesAnswer) {
  const RunResult reference =
      result("3.16", {completed("tcp/never-connected", {step("send#1", epipe_signal)})});
  const RunResult contender =
      result("6.1", {completed("tcp/never-connected", {step("send#1", reset)})});
  const auto marks = [&](const Changes& changes) {
    const KernelReport kernel = report_of(reference, contender, changes);
    const Markup svg(state_diagram(reference, &kernel, page_of));
    EXPECT_THAT(answers_in(svg, "tcp/never-connected"), ElementsAre("ECONNRESET", "EPIPE ⚡\ufe0e"));
    return svg.texts("//a/text[starts-with(@class,'mark')]");
  };
  EXPECT_THAT(marks({}), ElementsAre("▲"));
  EXPECT_THAT(marks(changes_for("tcp/never-connected", "send#1", epipe_signal, reset)),
              ElementsAre("◇"));
}

TEST(StateDiagram, MarksNothingWhereTheKernelAnswersAlike) {
  const RunResult reference =
      result("3.16", {completed("tcp/never-connected", {step("send#1", epipe_signal)})});
  RunResult contender = reference;
  contender.kernel.id = "linux-6.1";
  const KernelReport kernel = report_of(reference, contender);
  const Markup svg(state_diagram(reference, &kernel, page_of));
  EXPECT_THAT(svg.texts("//a/text[starts-with(@class,'mark')]"), IsEmpty());
  EXPECT_THAT(answers_in(svg, "tcp/never-connected"), ElementsAre("EPIPE ⚡\ufe0e"));
}

/// A kernel that has lost a change: it answers as the reference, and something else was predicted.
struct LostFix {
  std::string scenario;
  RunResult reference;
  Changes changes;
  KernelReport kernel;

  explicit LostFix(std::string lost)
      : scenario(std::move(lost)),
        reference(
            as_reference(result("3.16", {completed(scenario, {step("send#1", epipe_signal)})}))),
        changes(changes_for(scenario, "send#1", epipe_signal, reset)),
        kernel(report_of(
            reference,
            packaged(result("6.1", {completed(scenario, {step("send#1", epipe_signal)})})),
            changes)) {}
};

TEST(StateDiagram, LostFixIsMarkedWithWhatWasPredicted) {
  const LostFix lost("tcp/never-connected");
  const Markup svg(state_diagram(lost.reference, &lost.kernel, page_of));
  EXPECT_THAT(svg.texts("//a/text[starts-with(@class,'mark')]"), ElementsAre("▲"));
  EXPECT_THAT(answers_in(svg, lost.scenario), ElementsAre("EPIPE ⚡\ufe0e", "ECONNRESET"));
  EXPECT_THAT(svg.texts("//a/text[@class='label was']"), ElementsAre("predicted"));
  EXPECT_THAT(svg.texts("//a[@href='" + page_of(lost.scenario) + "']/title"),
              ElementsAre(HasSubstr("unexplained: not as predicted; predicted: ECONNRESET")));
}

TEST(StateDiagram, KernelThatShouldHaveBeenInTheStateIsMarked) {
  const std::string scenario = "tcp-connect/syn-recv-crossed-synack";
  const auto crossed = [&](const char* state, const nlohmann::json& sent) {
    return completed(scenario, {step("state#2", {{"state", state}}), step("send#1", sent)});
  };
  const RunResult reference = as_reference(result("3.16", {crossed("SYN_RECV", again)}));
  const KernelReport kernel =
      report_of(reference, packaged(result("6.1", {crossed("ESTABLISHED", one_byte)})));
  const Markup svg(state_diagram(reference, &kernel, page_of));
  EXPECT_THAT(svg.texts("//a/text[starts-with(@class,'mark')]"), ElementsAre("▲"));
  EXPECT_THAT(answers_in(svg, scenario), ElementsAre("→ ESTABLISHED", "EAGAIN"));
}

TEST(StateDiagram, LegendTellsTheMarksThatThePictureHas) {
  const LostFix lost("tcp/never-connected");
  const auto notes = [&](const KernelReport* kernel) {
    const Markup svg(state_diagram(lost.reference, kernel, page_of));
    return svg.texts("/svg/text[@class='note']");
  };
  EXPECT_THAT(notes(&lost.kernel), testing::Contains("unexplained: not as predicted"));
  EXPECT_THAT(notes(nullptr), testing::Each(Not(HasSubstr("predicted"))));
}

// From 6.1 on the crossed SYN-ACK completes the connection: the write that follows tells nothing
// about SYN_RECV.
TEST(StateDiagram, CountsAnAnswerOnlyInTheStateThatWasSeen) {
  const std::string scenario = "tcp-connect/syn-recv-crossed-synack";
  const RunResult reference = result(
      "3.16",
      {completed(scenario, {step("state#2", {{"state", "SYN_RECV"}}), step("send#1", again)})});
  const KernelReport kernel = report_of(
      reference, result("6.1", {completed(scenario, {step("state#2", {{"state", "ESTABLISHED"}}),
                                                     step("send#1", one_byte)})}));
  const Markup svg(state_diagram(reference, &kernel, page_of));
  EXPECT_THAT(answers_in(svg, scenario), ElementsAre("→ ESTABLISHED", "EAGAIN"));
}

TEST(StateDiagram, SaysInWordsWhatItShows) {
  const RunResult reference = linux_3_16();
  const Markup svg(state_diagram(reference, nullptr, page_of));
  EXPECT_THAT(svg.texts("/svg/title"), ElementsAre(HasSubstr("linux-3.16")));
  EXPECT_THAT(svg.texts("/svg/desc"),
              ElementsAre(HasSubstr("ESTABLISHED, the next write after a RST: ECONNRESET")));
}

TEST(StateDiagram, EscapesWhatAGuestSaid) {
  const KernelReport kernel =
      report_of(linux_3_16(), result("6.1", {ended("tcp/never-connected", ScenarioEnding::broken,
                                                   "</svg><script>alert(1)</script>\x1b[31m&")}));
  const Markup svg(state_diagram(linux_3_16(), &kernel, page_of));
  EXPECT_FALSE(svg.find("//script"));
  EXPECT_THAT(svg.texts("//a[@href='" + page_of("tcp/never-connected") + "']/title"),
              ElementsAre(HasSubstr(R"(<script>alert(1)</script>\x1b[31m&)")));
}

TEST(StateDiagram, DrawsNoLinkWithoutAPage) {
  const Markup svg(
      state_diagram(linux_3_16(), nullptr, [](const std::string&) { return std::string(); }));
  EXPECT_FALSE(svg.find("//a"));
}

TEST(HeatMap, HasARowForEveryEntryPointAndAColumnForEveryState) {
  const RunResult reference =
      result("3.16", {completed("entry/close-wait/send", {step("send#1", one_byte)}),
                      completed("entry/listening/writev", {step("writev#1", epipe_signal)}),
                      completed("entry/some-new-state/send", {step("send#1", reset)}),
                      completed("tcp/never-connected", {step("send#1", epipe_signal)})});
  const Markup table(heat_map(reference, nullptr, page_of));
  EXPECT_THAT(table.texts("//thead//th"),
              ElementsAre("entry point", "LISTEN", "CLOSE_WAIT", "some-new-state"));
  EXPECT_THAT(table.texts("//tbody//th"), ElementsAre("send", "writev"));
  EXPECT_THAT(table.texts("//td//span"), ElementsAre("not asked", "1 byte", "ECONNRESET",
                                                     "EPIPE ⚡\ufe0e", "not asked", "not asked"));
}

TEST(HeatMap, MarksWhatIsNotAsTheReference) {
  Observation lacking = ended("entry/close-wait/aio", ScenarioEnding::unsupported, "no aio");
  lacking.proof = "ENOSYS";
  const RunResult reference =
      result("3.16", {lacking, completed("entry/close-wait/send", {step("send#1", one_byte)})});
  const Step written = step("io_submit#1", {{"returned", 1}, {"completion", one_byte}});
  const KernelReport kernel = report_of(
      reference, result("6.1", {completed("entry/close-wait/aio", {written}),
                                completed("entry/close-wait/send", {step("send#1", reset)})}));
  const Markup table(heat_map(reference, &kernel, page_of));
  EXPECT_TRUE(table.find(
      "//td[@class='success'][@data-departure='new'][a/b='+'][a/span='1 byte'][not(a/del)]"));
  EXPECT_TRUE(
      table.find("//td[@class='reset'][@data-departure='unexplained'][a/b='▲'][a/del='1 byte']"));
  EXPECT_EQ(table.find("//tbody[2]/tr/td/a").attribute("href").value(),
            page_of("entry/close-wait/send"));
}

TEST(HeatMap, LostFixIsMarkedWithWhatWasPredicted) {
  const LostFix lost("entry/close-wait/send");
  const Markup table(heat_map(lost.reference, &lost.kernel, page_of));
  EXPECT_TRUE(table.find("//td[@data-departure='unexplained'][a/del='ECONNRESET']"));
  EXPECT_THAT(table.find("//td/a").attribute("title").value(), HasSubstr("predicted: ECONNRESET"));
}

TEST(HeatMap, WhatWasNotAskedIsNeitherAsTheReferenceNorGone) {
  const std::string scenario = "entry/close-wait/send";
  const auto cell_of = [&](const std::string& proof) {
    const RunResult reference =
        as_reference(result("3.16", {completed(scenario, {step("send#1", one_byte)})}));
    Observation without = ended(scenario, ScenarioEnding::unsupported, "no module");
    without.proof = proof;
    const KernelReport kernel = report_of(reference, packaged(result("6.1", {without})));
    const Markup table(heat_map(reference, &kernel, page_of));
    const pugi::xml_node cell = table.find("//td");
    return std::pair<std::string, std::string>(cell.attribute("data-departure").value(),
                                               cell.child("a").child("span").text().get());
  };
  EXPECT_EQ(cell_of(""), std::pair(std::string("not-asked"), std::string("not asked")));
  EXPECT_EQ(cell_of("ENOSYS"), std::pair(std::string("gone"), std::string("n/a")));
}

TEST(HeatMap, EscapesWhatAGuestSaid) {
  const Markup table(heat_map(
      result("3.16", {ended("entry/close-wait/send", ScenarioEnding::broken, "<img src=x>\"")}),
      nullptr, page_of));
  EXPECT_FALSE(table.find("//img"));
  EXPECT_THAT(table.find("//td/a").attribute("title").value(), HasSubstr("<img src=x>\""));
}

TEST(HeatMap, KnowsTheColourOfEveryKindOfAnswer) {
  const std::string css = heat_map_css();
  for (const AnswerKind kind : all_answer_kinds) {
    const std::string_view name = to_string(kind);
    EXPECT_THAT(css, HasSubstr(fmt::format("td.{0}{{background:var(--{0})", name)));
    EXPECT_THAT(css, HasSubstr(fmt::format("--{}-ink:#", name)));
  }
}

TEST(Badge, SaysItsLabelAndMessage) {
  const Markup svg(badge("debian-6.12 <&>", "0 unexplained", BadgeColour::good));
  EXPECT_THAT(svg.texts("/svg/title"), ElementsAre("debian-6.12 <&>: 0 unexplained"));
  EXPECT_THAT(svg.texts("/svg/text"), ElementsAre("debian-6.12 <&>", "0 unexplained"));
  const pugi::xml_node message = svg.find("/svg/rect[2]");
  EXPECT_EQ(svg.root().attribute("width").as_int(),
            message.attribute("x").as_int() + message.attribute("width").as_int());
}

TEST(Badge, OfAKernelCountsWhatIsUnexplained) {
  const RunResult reference = result("3.16", {completed("tcp/a", {step("send#1", one_byte)}),
                                              completed("tcp/b", {step("send#1", one_byte)})});
  const auto badge_of = [&](const RunResult& contender) {
    return kernel_badge(diff(reference, contender, {}));
  };
  const Markup alike(badge_of(result("6.1", reference.observations)));
  EXPECT_THAT(alike.texts("/svg/title"), ElementsAre("linux-6.1: 0 unexplained"));
  const Markup other(badge_of(result("6.1", {completed("tcp/a", {step("send#1", reset)})})));
  EXPECT_THAT(other.texts("/svg/title"), ElementsAre("linux-6.1: 1 unexplained, 1 not asked"));
  const auto colour = [](const Markup& svg) {
    return std::string(svg.find("/svg/rect[2]").attribute("fill").value());
  };
  EXPECT_NE(colour(alike), colour(other));
  const Markup partial(badge_of(result("6.1", {reference.observations.front()})));
  EXPECT_THAT(colour(partial), Not(testing::AnyOf(colour(alike), colour(other))));
}

TEST(Badge, OfAKernelCountsWhatWasNotAskedAndIsGoodOnlyWhereThatIsWaived) {
  const RunResult reference =
      as_reference(result("3.16", {completed("tcp/a", {step("send#1", one_byte)}),
                                   completed("vsock/b", {step("send#1", one_byte)})}));
  Diff judged = diff(reference,
                     packaged(result("6.1", {reference.observations[0],
                                             ended("vsock/b", ScenarioEnding::unsupported, "")})),
                     {});
  const auto colour = [&] {
    const Markup svg(kernel_badge(judged));
    EXPECT_THAT(svg.texts("/svg/title"), ElementsAre("linux-6.1: 0 unexplained, 1 not asked"));
    return std::string(svg.find("/svg/rect[2]").attribute("fill").value());
  };
  const std::string not_waived = colour();
  judged.scenarios[1].waiver = "no-modules";
  EXPECT_NE(colour(), not_waived);
}

TEST(Badge, OfAMatrixSaysHowItEnded) {
  EXPECT_THAT(matrix_badge(ExitCode::as_reference), HasSubstr("matrix: as predicted"));
  EXPECT_THAT(matrix_badge(ExitCode::differs), HasSubstr("matrix: unexplained differences"));
  EXPECT_THAT(matrix_badge(ExitCode::incomplete), HasSubstr("matrix: incomplete"));
}

}  // namespace
}  // namespace brokenpipe
