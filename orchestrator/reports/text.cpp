#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text_table.h"

/// What people see on the terminal after a run.
namespace brokenpipe {
namespace {

constexpr const char* red = "\033[31m";
constexpr const char* yellow = "\033[33m";
constexpr const char* plain = "\033[0m";

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string operator()(const char* colour, const std::string& text) const {
    return colour_ ? colour + text + plain : text;
  }

 private:
  bool colour_;
};

struct Column {
  std::string head;
  std::function<std::string(const Row&)> cell;
  bool number = true;
  const char* colour = nullptr;  ///< of cells that are not 0
};

/// The counts, those that are always told and those that only a run gone wrong has.
std::vector<Column> columns_for(const Summary& summary) {
  const Totals& totals = summary.scenarios;
  const Terms& terms = summary.terms;
  const auto count = [](std::size_t Totals::*member) {
    return [member](const Row& row) {
      return row.judged ? std::to_string(row.scenarios.*member) : std::string("-");
    };
  };
  std::vector<Column> columns{
      {"kernel", [](const Row& row) { return row.kernel; }, false, nullptr},
      {"release", [](const Row& row) { return row.release.empty() ? "-" : row.release; }, false,
       nullptr},
      {"guest", [](const Row& row) { return row.guest; }, false, nullptr},
      {"same", count(&Totals::same), true, nullptr},
      {terms.explained,
       [&summary](const Row& row) {
         if (!row.judged) return std::string("-");
         return std::to_string(row.scenarios.explained +
                               (summary.comparison ? row.scenarios.unexplained : 0));
       },
       true, nullptr},
      {"UNEXPLAINED", count(&Totals::unexplained), true, red},
      {terms.added, count(&Totals::added), true, nullptr},
  };
  if (totals.gone > 0 || summary.comparison)
    columns.push_back({terms.gone, count(&Totals::gone), true, yellow});
  if (totals.inconclusive > 0)
    columns.push_back({"INCONCLUSIVE", count(&Totals::inconclusive), true, red});
  if (totals.flaky > 0) columns.push_back({"FLAKY", count(&Totals::flaky), true, red});
  if (totals.unreferenced > 0 || !summary.comparison)
    columns.push_back({terms.unreferenced, count(&Totals::unreferenced), true, nullptr});
  columns.push_back({"seconds",
                     [](const Row& row) { return row.seconds.empty() ? "-" : row.seconds; }, true,
                     nullptr});
  return columns;
}

std::string table(const Summary& summary, const Painter& paint) {
  const std::vector<Column> columns = columns_for(summary);
  std::vector<Cells> rows(1);
  for (const Column& column : columns) rows[0].push_back(column.head);
  for (const Row& row : summary.rows) {
    rows.emplace_back();
    for (const Column& column : columns) rows.back().push_back(column.cell(row));
  }
  const std::vector<std::size_t> widths = column_widths(rows);
  std::string text;
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = row[i];
      const std::string padded = columns[i].number ? fmt::format("{:>{}}", cell, widths[i])
                                                   : fmt::format("{:<{}}", cell, widths[i]);
      const bool notable =
          columns[i].colour != nullptr && cell != "0" && cell != "-" && cell != columns[i].head;
      text += (i == 0 ? "" : "  ") + (notable ? paint(columns[i].colour, padded) : padded);
    }
    text += "\n";
  }
  return text;
}

std::string told(const std::string& title, const std::vector<Told>& facts, const Summary& summary) {
  if (facts.empty()) return {};
  std::string text = fmt::format("\n{}:\n", title);
  for (const Told& fact : facts)
    text += fmt::format("  {}: {}\n", kernels_sentence(fact.kernels, summary), fact.what);
  return text;
}

std::string unjudged(const std::string& title, const std::vector<Unjudged>& all,
                     const Summary& summary) {
  if (all.empty()) return {};
  std::string text = fmt::format("\n{}:\n", title);
  for (const Unjudged& group : all)
    text += fmt::format("  {}\n    {}: {}\n    on {}\n", group.reason,
                        counted(group.scenarios.size(), "scenario"), some_of(group.scenarios),
                        kernels_sentence(group.kernels, summary));
  return text;
}

std::string unexplained(const Summary& summary, const Painter& paint) {
  if (summary.unexplained.empty()) return {};
  std::string text =
      "\n" + paint(red, fmt::format("Unexplained differences: {}", summary.unexplained.size())) +
      "\n";
  for (const UnexplainedDifference& difference : summary.unexplained)
    text += fmt::format(
        "  {}  {}\n    {:<8}  {}{}\n    {:<8}  {}\n    on        {}\n", difference.scenario,
        difference.place, summary.terms.expected, difference.expected,
        difference.grounds.empty() ? "" : "   [" + difference.grounds + "]", summary.terms.got,
        difference.got, kernels_sentence(difference.kernels, summary));
  return text;
}

std::string explained(const Summary& summary) {
  if (summary.explained.empty()) return {};
  std::string text = "\nDifferences explained by changes of the kernel:\n";
  const auto news = first_told(summary.explained);
  for (std::size_t i = 0; i < news.size(); ++i) {
    const ExplainedDifferences& group = summary.explained[i];
    text += fmt::format("  {}\n", chain_of(group));
    for (const Change* change : news[i])
      text += fmt::format("    {}{}; {} \"{}\"\n    {}\n",
                          group.changes.size() == 1 ? std::string() : change->id + ": ",
                          versions_of(*change), commit_of(*change), change->subject, change->says);
    text += fmt::format("    on {}\n", kernels_sentence(group.kernels, summary));
    for (const ExplainedDifferences::Transition& transition : group.transitions)
      text += fmt::format("      {} -> {}   in {}\n", transition.expected, transition.got,
                          transition.scenarios.size() == 1
                              ? transition.scenarios.front()
                              : counted(transition.scenarios.size(), "scenario"));
  }
  return text;
}

std::string kernels(const std::string& title, const std::vector<std::string>& ids) {
  return ids.empty() ? std::string() : fmt::format("\n{}: {}\n", title, fmt::join(ids, ", "));
}

std::string render(const ReportData& data, const ReportOptions& options) {
  const Painter paint(options.colour);
  const Summary summary = summarise(data);
  std::string text = fmt::format("{}; counts are of scenarios.\n\n", summary.title);
  text += table(summary, paint);
  text += explained(summary);
  text += unjudged("Appeared: A lacks what the scenario needs", summary.added, summary);
  text += unjudged(summary.comparison ? "Disappeared: B lacks what the scenario needs"
                                      : "Gone: the kernel lacks what the scenario needs",
                   summary.gone, summary);
  text += told("Changes that explain nothing where they ought to", summary.idle, summary);
  text += kernels("Only in A", summary.only_a);
  text += kernels("Only in B", summary.only_b);
  text += told("Not run", summary.not_run, summary);
  text += told("Tainted on the way, and ran to the end", summary.tainted, summary);
  text += told("Flaky: the repeats disagree", summary.flaky, summary);
  text += unjudged("Inconclusive", summary.inconclusive, summary);
  text += told("Failed", summary.failed, summary);
  // What asks for somebody's attention stands last, where a terminal shows it.
  text += unexplained(summary, paint);
  text += fmt::format("\n{}.\n", steps_sentence(summary));
  const ExitCode code = exit_code(data);
  text += code == ExitCode::as_reference ? conclusion(summary, code)
                                         : paint(red, conclusion(summary, code));
  return text + "\n";
}

const Registered registered{{"text", "a table for the terminal, then every difference", render}};

}  // namespace
}  // namespace brokenpipe
