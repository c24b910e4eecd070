#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "orchestrator/reports/report.h"
#include "results/base/text.h"
#include "tests/support/hostile_run.h"
#include "tests/support/schema.h"

/// Every format, of a run whose every word from outside is hostile: what a reader gets is words.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

/// Made once, for it is large.
const ReportData& run() {
  static const ReportData data = hostile_run();
  return data;
}

const ReportData& comparison() {
  static const ReportData data = hostile_comparison();
  return data;
}

std::string render(const std::string& format, const ReportData& data) {
  return report_named(format).render(data, {});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// CSV's rows end in CR LF.
std::string without_line_ends_of_csv(std::string text) {
  std::size_t at = 0;
  while ((at = text.find("\r\n", at)) != std::string::npos) text.erase(at, 1);
  return text;
}

class Format : public ::testing::TestWithParam<std::string> {};

TEST_P(Format, HoldsNothingThatATerminalOrAnEyeTakesForSomethingElse) {
  for (const ReportData* data : {&run(), &comparison()}) {
    std::string text = render(GetParam(), *data);
    if (GetParam() == "csv") text = without_line_ends_of_csv(std::move(text));
    EXPECT_EQ(harm_in(text), "");
  }
}

/// JSON keeps all.
class FormatForPeople : public Format {};

TEST_P(FormatForPeople, IsNoLongerThanItsPlacesHaveRoomFor) {
  for (const ReportData* data : {&run(), &comparison()}) {
    const std::string text = render(GetParam(), *data);
    EXPECT_LT(text.size(), hostile_length);
    EXPECT_THAT(text, HasSubstr(" bytes more)"));
  }
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const Report& report : reports()) names.emplace_back(report.name);
  return names;
}

std::string name_of(const ::testing::TestParamInfo<std::string>& format) {
  return format.param;
}

std::vector<std::string> names_but_of_json() {
  std::vector<std::string> all = names();
  std::erase(all, "json");
  return all;
}

INSTANTIATE_TEST_SUITE_P(Hostile, Format, ::testing::ValuesIn(names()), name_of);
INSTANTIATE_TEST_SUITE_P(Hostile, FormatForPeople, ::testing::ValuesIn(names_but_of_json()),
                         name_of);

TEST(HostileText, ForgesNoLine) {
  for (const ReportData* data : {&run(), &comparison()})
    for (const char* format : {"text", "trace", "markdown", "csv", "tap"})
      EXPECT_FALSE(has_forged_line(render(format, *data))) << format;
}

TEST(HostileText, InColoursHasOnlyOurs) {
  std::string text = report_named("text").render(run(), {.colour = true});
  for (const std::string ours : {"\033[31m", "\033[33m", "\033[0m"})
    for (std::size_t at = 0; (at = text.find(ours, at)) != std::string::npos;)
      text.erase(at, ours.size());
  EXPECT_EQ(harm_in(text), "");
  EXPECT_EQ(text, render("text", run()));
}

TEST(HostileMarkdown, TablesKeepTheirColumns) {
  const auto cells = [](const std::string& line) {
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] == '|' && line[i - 1] != '\\') ++bars;
    return bars;
  };
  for (const ReportData* data : {&run(), &comparison()}) {
    std::size_t columns = 0;
    for (const std::string& line : lines_of("\n" + render("markdown", *data))) {
      if (!line.starts_with('|')) {
        columns = 0;
        EXPECT_THAT(line, MatchesRegex("(#|-|Counts|Against|[0-9]|Only|On |A: |.*B: )?.*"));
        continue;
      }
      const std::string whole = " " + line;
      if (columns == 0) columns = cells(whole);
      EXPECT_EQ(cells(whole), columns) << line.substr(0, 300);
    }
  }
}

TEST(HostileMarkdown, IsNoMarkup) {
  // In code it is shown as it is; a table's cells end the code where they end.
  for (const std::string& line : lines_of(render("markdown", run())))
    if (!line.starts_with('|')) {
      EXPECT_THAT(line, Not(HasSubstr(" <script")));
    }
}

TEST(HostileCsv, IsARowALineWithAllItsFields) {
  for (const ReportData* data : {&run(), &comparison()}) {
    for (const std::string& line : lines_of(render("csv", *data))) {
      ASSERT_EQ(line.back(), '\r');
      std::size_t fields = 1;
      bool quoted = false;
      bool first = true;
      for (const char c : line.substr(0, line.size() - 1)) {
        EXPECT_FALSE(first && c == '=') << line.substr(0, 300);
        if (c == '"') quoted = !quoted;
        first = first && c == '"';
        if (c == ',' && !quoted) {
          ++fields;
          first = true;
        }
      }
      EXPECT_FALSE(quoted);
      EXPECT_EQ(fields, 17U) << line.substr(0, 300);
    }
  }
}

TEST(HostileTap, HasOnlyLinesOfTheProtocol) {
  EXPECT_THAT(
      lines_of(render("tap", run())),
      Each(MatchesRegex("TAP version 14|# .*|(    )?(1\\.\\.[0-9]+|(not )?ok [0-9]+ - .*|  ---|"
                        "  [a-z]+: .*|  \\.\\.\\.)")));
}

TEST(HostileTap, SkipsNothingThatWasNotSkippedByUs) {
  for (const std::string& line : lines_of(render("tap", run())))
    EXPECT_FALSE(line.starts_with("not ok") && line.find(" # SKIP") != std::string::npos) << line;
}

TEST(HostileJunit, IsReadWithAllItsCases) {
  for (const ReportData* data : {&run(), &comparison()}) {
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(render("junit", *data).c_str()));
    const auto suites = document.child("testsuites").children("testsuite");
    EXPECT_EQ(std::distance(suites.begin(), suites.end()),
              static_cast<std::ptrdiff_t>(data->kernels.size()));
    EXPECT_TRUE(document.select_nodes("//script | //pre").empty());
  }
}

TEST(HostileHtml, IsNoMarkup) {
  for (const ReportData* data : {&run(), &comparison()}) {
    EXPECT_THAT(render("html", *data), Not(HasSubstr("<script")));
    EXPECT_THAT(render("html", *data), Not(HasSubstr("</pre>")));
    EXPECT_THAT(render("html", *data), HasSubstr("&lt;script&gt;"));
  }
}

TEST(HostileKcidb, IsValid) {
  const testing::Schema schema("kcidb.json");
  for (const ReportData* data : {&run(), &comparison()})
    EXPECT_THAT(schema.complaint_about(Json::parse(render("kcidb", *data))), IsEmpty());
}

TEST(HostileJson, KeepsAllThatWasSaid) {
  const Json report = Json::parse(render("json", run()));
  const Json& kernel = report.at("kernels").at(0);
  EXPECT_GT(kernel.at("guest").at("reason").get<std::string>().size(), hostile_length);
  EXPECT_EQ(kernel.at("guest").at("modules").at(0), hostile_words());
}

}  // namespace
}  // namespace brokenpipe
