#include "orchestrator/reports/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/file.h"
#include "tests/support/result_builder.h"

/// The generated tables: what they tell, and what they complain of.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path results = fs::path(PROJECT_FILES) / "results";

ScenarioList list_of(const std::vector<ScenarioInfo>& scenarios) {
  return {.probe_version = "0", .scenarios = scenarios};
}

Sites sites_of(const std::vector<Site>& sites) {
  return {.kernel = "3.16", .command = "grep", .sites = sites};
}

ScenarioInfo scenario(const std::string& id) {
  return {.id = id, .asks = "Does it | work?", .grounds = {"a.c:f"}, .needs = {}};
}

const ScenarioInfo one_send = scenario("tcp/x");

TEST(SemanticsTable, TellsQuestionAnswerGroundsAndChange) {
  Step send = step("send#1", {{"returned", 1}});
  send.basis = Basis::recorded;
  const RunResult reference = result("3.16", {completed("tcp/x", {send})});
  Change change;
  change.id = "a-change";
  change.says = "It is otherwise.";
  change.mainline = {4, 6};
  change.commit = "0123456789abcdef";
  change.subject = "x: y";
  change.moves = {{{"tcp/*"}, "send#1", nullptr, nullptr}};
  const Changes changes{{change}};
  const std::string text = semantics_table(list_of({one_send}), reference, changes);
  EXPECT_THAT(text, HasSubstr("\n## tcp\n"));
  EXPECT_THAT(text, HasSubstr("| `tcp/x` | Does it \\| work? | `send(1) = 1`<br>*recorded* | "
                              "`a.c:f` | 4.6: [a-change](#a-change) |\n"));
  EXPECT_THAT(text,
              HasSubstr("### a-change\n\nIt is otherwise. In 4.6, by `0123456789ab` (x: y)."));
}

TEST(SemanticsTable, SaysWhatTheReferenceDoesNotKnow) {
  const std::string text = semantics_table(list_of({one_send}), result("3.16", {}), {});
  EXPECT_THAT(text, HasSubstr("| *unreferenced* | `a.c:f` |  |\n"));
}

TEST(CoverageTable, NamesTheScenariosOfASiteOrWhyThereAreNone) {
  const Sites sites =
      sites_of({{"a.c:f", "returns EPIPE", ""}, {"b.c:g", "sends SIGPIPE", "gone"}});
  const std::string text = coverage_table(list_of({one_send}), sites);
  EXPECT_THAT(text, HasSubstr("\n## a.c\n"));
  EXPECT_THAT(text, HasSubstr("| `f` | returns EPIPE | `tcp/x` |\n"));
  EXPECT_THAT(text, HasSubstr("| `g` | sends SIGPIPE | none: gone |\n"));
}

TEST(CoverageTable, CountsTheScenariosOfAFamilyWhereThereAreMany) {
  std::vector<ScenarioInfo> many;
  for (const char* id : {"tcp/a", "tcp/b", "tcp/c", "tcp/d", "tcp/e", "tcp/f", "udp/a"})
    many.push_back(scenario(id));
  const std::string text = coverage_table(list_of(many), sites_of({{"a.c:f", "stores EPIPE", ""}}));
  EXPECT_THAT(text, HasSubstr("| 6 of `tcp/`, such as `tcp/a`<br>`udp/a` |\n"));
}

TEST(Coverage, ComplainsOfASiteWithNeitherScenarioNorReason) {
  const Sites sites = sites_of({{"a.c:f", "returns EPIPE", ""}, {"b.c:g", "returns EPIPE", ""}});
  EXPECT_THAT(coverage_complaints(list_of({one_send}), sites),
              ElementsAre("b.c:g: no scenario names it, and nothing says why"));
}

TEST(Coverage, ComplainsOfAReasonThatAScenarioRefutes) {
  const Sites sites = sites_of({{"a.c:f", "returns EPIPE", "gone"}});
  EXPECT_THAT(coverage_complaints(list_of({one_send}), sites),
              ElementsAre("a.c:f: said to be out of reach, but tcp/x names it"));
}

TEST(Coverage, HasNoHoles) {
  EXPECT_THAT(
      coverage_complaints(list_scenarios(PROBE), read_sites(results / "reference/sites.json")),
      IsEmpty());
}

/// `cmake --build --preset release --target tables` makes them anew.
TEST(Tables, CommittedOnesAreWhatWouldBeGenerated) {
  const ScenarioList list = list_scenarios(PROBE);
  // Not EXPECT_EQ, which would print both tables whole.
  EXPECT_TRUE(read_file(results / "tables/semantics.md") ==
              semantics_table(list, read_run_result(results / "reference/linux-3.16.json"),
                              read_changes(results / "changes.json")));
  EXPECT_TRUE(read_file(results / "tables/coverage.md") ==
              coverage_table(list, read_sites(results / "reference/sites.json")));
}

}  // namespace
}  // namespace brokenpipe
