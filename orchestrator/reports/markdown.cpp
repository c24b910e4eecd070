#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/markdown_text.h"
#include "orchestrator/report.h"
#include "orchestrator/reports/summary.h"

/// What a CI job's page shows: the verdict table, and the differences folded below it.
namespace brokenpipe {
namespace {

std::string table(const Summary& summary) {
  std::string text =
      "| kernel | release | guest | same | explained | unexplained | new | gone | inconclusive | "
      "flaky | unreferenced | seconds |\n"
      "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const Row& row : summary.rows) {
    const auto count = [&](std::size_t n, bool bad = false) {
      if (!row.judged) return std::string("-");
      return bad && n > 0 ? fmt::format("**{}**", n) : std::to_string(n);
    };
    const Totals& totals = row.scenarios;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                        markdown_text(row.kernel),
                        row.release.empty() ? "-" : markdown_text(row.release),
                        markdown_text(row.guest), count(totals.same), count(totals.explained),
                        count(totals.unexplained, true), count(totals.added), count(totals.gone),
                        count(totals.inconclusive, true), count(totals.flaky, true),
                        count(totals.unreferenced), row.seconds.empty() ? "-" : row.seconds);
  }
  return text;
}

std::string unexplained(const Summary& summary) {
  if (summary.unexplained.empty()) return {};
  std::string text =
      "\n### Unexplained differences\n\n"
      "| scenario | step | expected | got | kernels |\n|---|---|---|---|---|\n";
  for (const UnexplainedDifference& difference : summary.unexplained)
    text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_code(difference.scenario),
                        markdown_code(difference.place), markdown_code(difference.expected),
                        markdown_code(difference.got),
                        markdown_text(kernels_sentence(difference.kernels, summary)));
  return text;
}

std::string explained(const Summary& summary) {
  if (summary.explained.empty()) return {};
  std::string text = "\n### Explained differences\n";
  for (const ExplainedDifferences& group : summary.explained) {
    text += "\n";
    for (const Change* change : group.changes)
      text += fmt::format("- **{}** ({}; {} {}): {}\n", markdown_text(change->id),
                          versions_of(*change), markdown_code(change->commit.substr(0, 12)),
                          markdown_text(change->subject), markdown_text(change->says));
    text += fmt::format("\nOn {}.\n\n", markdown_text(kernels_sentence(group.kernels, summary)));
    text += "| step | expected | got | scenarios |\n|---|---|---|---|\n";
    for (const ExplainedDifferences::Transition& transition : group.transitions)
      text += fmt::format("| {} | {} | {} | {} |\n", markdown_code(transition.place),
                          markdown_code(transition.expected), markdown_code(transition.got),
                          markdown_text(some_of(transition.scenarios)));
  }
  return text;
}

std::string told(const std::string& title, const std::vector<Told>& facts, const Summary& summary) {
  if (facts.empty()) return {};
  std::string text = fmt::format("\n### {}\n\n", title);
  for (const Told& fact : facts)
    text += fmt::format("- {}: {}\n", markdown_text(kernels_sentence(fact.kernels, summary)),
                        markdown_text(fact.what));
  return text;
}

std::string unjudged(const std::string& title, const std::vector<Unjudged>& all,
                     const Summary& summary) {
  if (all.empty()) return {};
  std::string text = fmt::format("\n### {}\n\n", title);
  for (const Unjudged& group : all)
    text += fmt::format("- {}: {} ({}), on {}\n", markdown_text(group.reason),
                        counted(group.scenarios.size(), "scenario"),
                        markdown_text(some_of(group.scenarios)),
                        markdown_text(kernels_sentence(group.kernels, summary)));
  return text;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  const Summary summary = summarise(data);
  std::string text =
      fmt::format("## EPIPE and SIGPIPE against {}\n\n**{}**\n\n", markdown_text(data.reference.id),
                  conclusion(summary, exit_code(data)));
  text += table(summary);
  text += fmt::format("\nCounts are of scenarios. {}.\n", steps_sentence(summary.steps));
  text += unexplained(summary);
  text += told("Failed", summary.failed, summary);
  text += unjudged("Inconclusive", summary.inconclusive, summary);
  text += told("Flaky", summary.flaky, summary);
  text += explained(summary);
  text += unjudged("Gone", summary.gone, summary);
  text += told("Not run", summary.not_run, summary);
  text += told("Changes that explain nothing where they ought to", summary.idle, summary);
  return text;
}

const Registered registered{{"markdown", "the same for a CI job's page", render}};

}  // namespace
}  // namespace brokenpipe
