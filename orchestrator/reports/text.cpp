#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "orchestrator/report.h"
#include "orchestrator/reports/summary.h"

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
std::vector<Column> columns_for(const Totals& totals) {
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
      {"explained", count(&Totals::explained), true, nullptr},
      {"UNEXPLAINED", count(&Totals::unexplained), true, red},
      {"new", count(&Totals::added), true, nullptr},
  };
  if (totals.gone > 0) columns.push_back({"gone", count(&Totals::gone), true, yellow});
  if (totals.inconclusive > 0)
    columns.push_back({"INCONCLUSIVE", count(&Totals::inconclusive), true, red});
  if (totals.flaky > 0) columns.push_back({"FLAKY", count(&Totals::flaky), true, red});
  columns.push_back({"unreferenced", count(&Totals::unreferenced), true, nullptr});
  columns.push_back({"seconds",
                     [](const Row& row) { return row.seconds.empty() ? "-" : row.seconds; }, true,
                     nullptr});
  return columns;
}

std::string table(const Summary& summary, const Painter& paint) {
  const std::vector<Column> columns = columns_for(summary.scenarios);
  std::vector<std::size_t> widths;
  for (const Column& column : columns) {
    std::size_t width = column.head.size();
    for (const Row& row : summary.rows) width = std::max(width, column.cell(row).size());
    widths.push_back(width);
  }
  const auto line = [&](auto&& cell_of) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = cell_of(columns[i]);
      const std::string padded = columns[i].number ? fmt::format("{:>{}}", cell, widths[i])
                                                   : fmt::format("{:<{}}", cell, widths[i]);
      const bool notable =
          columns[i].colour != nullptr && cell != "0" && cell != "-" && cell != columns[i].head;
      text += (i == 0 ? "" : "  ") + (notable ? paint(columns[i].colour, padded) : padded);
    }
    return text + "\n";
  };
  std::string text = line([](const Column& column) { return column.head; });
  for (const Row& row : summary.rows)
    text += line([&](const Column& column) { return column.cell(row); });
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
    text += fmt::format("  {}  {}\n    expected  {}{}\n    got       {}\n    on        {}\n",
                        difference.scenario, difference.place, difference.expected,
                        difference.grounds.empty() ? "" : "   [" + difference.grounds + "]",
                        difference.got, kernels_sentence(difference.kernels, summary));
  return text;
}

std::string explained(const Summary& summary) {
  if (summary.explained.empty()) return {};
  std::string text = "\nDifferences explained by changes of the kernel:\n";
  std::set<const Change*> told;
  for (const ExplainedDifferences& group : summary.explained) {
    for (const Change* change : group.changes) {
      if (!told.insert(change).second) {
        text += fmt::format("  {} (as above)\n", change->id);
        continue;
      }
      text += fmt::format("  {} ({}; {} \"{}\")\n    {}\n", change->id, versions_of(*change),
                          commit_of(*change), change->subject, change->says);
    }
    text += fmt::format("    on {}\n", kernels_sentence(group.kernels, summary));
    for (const ExplainedDifferences::Transition& transition : group.transitions)
      text += fmt::format("      {} -> {}   in {}\n", transition.expected, transition.got,
                          transition.scenarios.size() == 1
                              ? transition.scenarios.front()
                              : counted(transition.scenarios.size(), "scenario"));
  }
  return text;
}

std::string render(const ReportData& data, const ReportOptions& options) {
  const Painter paint(options.colour);
  const Summary summary = summarise(data);
  std::string text = fmt::format("Against {}; counts are of scenarios.\n\n", data.reference.id);
  text += table(summary, paint);
  text += explained(summary);
  text += unjudged("Gone: the kernel lacks what the scenario needs", summary.gone, summary);
  text += told("Changes that explain nothing where they ought to", summary.idle, summary);
  text += told("Not run", summary.not_run, summary);
  text += told("Flaky: the repeats disagree", summary.flaky, summary);
  text += unjudged("Inconclusive", summary.inconclusive, summary);
  text += told("Failed", summary.failed, summary);
  // What asks for somebody's attention stands last, where a terminal shows it.
  text += unexplained(summary, paint);
  text += fmt::format("\n{}.\n", steps_sentence(summary.steps));
  const ExitCode code = exit_code(data);
  text += code == ExitCode::as_reference ? conclusion(summary, code)
                                         : paint(red, conclusion(summary, code));
  return text + "\n";
}

const Registered registered{{"text", "a table for the terminal, then every difference", render}};

}  // namespace
}  // namespace brokenpipe
