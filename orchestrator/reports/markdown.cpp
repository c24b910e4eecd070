#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

/// What a CI job's page shows: the verdict table, and the differences folded below it.
namespace brokenpipe {
namespace {

std::string table(const Summary& summary) {
  const Terms& terms = summary.terms;
  std::string text = fmt::format(
      "| kernel | release | guest | same | {} | unexplained | {} | {} | inconclusive | flaky | {} "
      "| seconds |\n"
      "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
      terms.explained, terms.added, terms.gone, terms.unreferenced);
  for (const Row& row : summary.rows) {
    const auto count = [&](std::size_t n, bool bad = false) {
      if (!row.judged) return std::string("-");
      return bad && n > 0 ? fmt::format("**{}**", n) : std::to_string(n);
    };
    const Totals& totals = row.scenarios;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                        markdown_text(row.kernel),
                        row.release.empty() ? "-" : markdown_text(row.release),
                        markdown_text(row.guest), count(totals.same),
                        count(totals.explained + (summary.comparison ? totals.unexplained : 0)),
                        count(totals.unexplained, true), count(totals.added), count(totals.gone),
                        count(totals.inconclusive, true), count(totals.flaky, true),
                        count(totals.unreferenced), row.seconds.empty() ? "-" : row.seconds);
  }
  return text;
}

std::string unexplained(const Summary& summary) {
  if (summary.unexplained.empty()) return {};
  std::string text = fmt::format(
      "\n### Unexplained differences\n\n"
      "| scenario | step | {} | {} | kernels |\n|---|---|---|---|---|\n",
      summary.terms.expected, summary.terms.got);
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
  const auto news = first_told(summary.explained);
  for (std::size_t i = 0; i < news.size(); ++i) {
    const ExplainedDifferences& group = summary.explained[i];
    text += fmt::format("\n#### {}\n\n", markdown_text(chain_of(group)));
    for (const Change* change : news[i])
      text += fmt::format("- {}{} ({}; {} {})\n",
                          group.changes.size() == 1
                              ? std::string()
                              : fmt::format("**{}**: ", markdown_text(change->id)),
                          markdown_text(change->says), versions_of(*change),
                          markdown_code(commit_of(*change)), markdown_text(change->subject));
    text += fmt::format("\nOn {}.\n\n", markdown_text(kernels_sentence(group.kernels, summary)));
    text += fmt::format("| step | {} | {} | scenarios |\n|---|---|---|---|\n",
                        summary.terms.expected, summary.terms.got);
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

std::string kernels(const std::string& title, const std::vector<std::string>& ids) {
  return ids.empty() ? std::string()
                     : fmt::format("\n{}: {}.\n", title,
                                   markdown_text(fmt::format("{}", fmt::join(ids, ", "))));
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  const Summary summary = summarise(data);
  std::string text =
      fmt::format("## EPIPE and SIGPIPE\n\n{}: **{}**\n\n", markdown_text(summary.title),
                  conclusion(summary, exit_code(data)));
  text += table(summary);
  text += fmt::format("\nCounts are of scenarios. {}.\n", steps_sentence(summary));
  text += unexplained(summary);
  text += told("Failed", summary.failed, summary);
  text += unjudged("Inconclusive", summary.inconclusive, summary);
  text += told("Flaky", summary.flaky, summary);
  text += told("Tainted on the way, and ran to the end", summary.tainted, summary);
  text += explained(summary);
  text += unjudged("Appeared", summary.added, summary);
  text += unjudged(summary.comparison ? "Disappeared" : "Gone", summary.gone, summary);
  text += kernels("Only in A", summary.only_a);
  text += kernels("Only in B", summary.only_b);
  text += told("Not run", summary.not_run, summary);
  text += told("Changes that explain nothing where they ought to", summary.idle, summary);
  return text;
}

const Registered registered{{"markdown", "the same for a CI job's page", render}};

}  // namespace
}  // namespace brokenpipe
