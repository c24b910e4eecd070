#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

/// What a CI job's page shows: the verdict table, and the differences folded below it.
namespace brokenpipe {
namespace {

std::string table(const Summary& summary) {
  std::string head = "| kernel | release | guest |";
  std::string rule = "|---|---|---|";
  for (const Count& count : counts_of({}, summary)) {
    head += fmt::format(" {} |", count.name);
    rule += "--:|";
  }
  std::string text = fmt::format("{} seconds |\n{}--:|\n", head, rule);
  for (const Row& row : summary.rows) {
    text += fmt::format("| {} | {} | {} |", markdown_text(row.kernel),
                        row.release.empty() ? "-" : markdown_text(row.release),
                        markdown_text(row.guest));
    for (const Count& count : counts_of(row, summary)) {
      const bool bad = count.mood == Count::Mood::bad && count.count > 0;
      text += !row.judged ? std::string(" - |")
                          : fmt::format(fmt::runtime(bad ? " **{}** |" : " {} |"), count.count);
    }
    text += fmt::format(" {} |\n", row.seconds.empty() ? "-" : markdown_text(row.seconds));
  }
  return text;
}

/// A cell of what was seen, and below it why.
std::string seen_and_why(const std::string& seen, const std::string& why) {
  return why.empty() ? markdown_code(seen)
                     : fmt::format("{}<br>{}", markdown_code(seen), markdown_text(why));
}

std::string unexplained(const Summary& summary) {
  if (summary.unexplained.empty()) return {};
  std::string text = fmt::format(
      "\n### Unexplained differences\n\n"
      "| scenario | step | {} | {} | kernels |\n|---|---|---|---|---|\n",
      summary.terms.predicted, summary.terms.got);
  for (const UnexplainedDifference& difference : summary.unexplained)
    text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_code(difference.scenario),
                        markdown_code(difference.place),
                        seen_and_why(difference.expected, difference.grounds),
                        seen_and_why(difference.got, difference.as),
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
                          markdown_text(change->says), markdown_text(versions_of(*change)),
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
    text += fmt::format("- {}: {} ({}), on {}{}\n", markdown_text(group.reason),
                        counted(group.scenarios.size(), "scenario"),
                        markdown_text(some_of(group.scenarios)),
                        markdown_text(kernels_sentence(group.kernels, summary)),
                        group.waiver.empty() ? "" : "; " + markdown_text(group.waiver));
  return text;
}

std::string waivers(const Summary& summary) {
  if (summary.waivers.empty()) return {};
  std::string text = "\n### Waivers in use\n\n";
  for (const WaiverInUse& used : summary.waivers)
    text += fmt::format("- **{}**, until {}, of {}: {} {} on {}.\n", markdown_text(used.waiver->id),
                        markdown_text(used.waiver->until), markdown_text(used.waiver->owner),
                        markdown_text(used.waiver->why), counted(used.scenarios.size(), "scenario"),
                        markdown_text(kernels_sentence(used.kernels, summary)));
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
                  markdown_text(conclusion(summary, exit_code(data))));
  text += table(summary);
  text += fmt::format("\nCounts are of scenarios. {}.\n", steps_sentence(summary));
  text += unexplained(summary);
  text += told("Failed", summary.failed, summary);
  text += unjudged("Inconclusive", summary.inconclusive, summary);
  text += told("Flaky", summary.flaky, summary);
  text += told("Tainted on the way, and ran to the end", summary.tainted, summary);
  text += unjudged("Not asked", summary.not_asked, summary);
  text += waivers(summary);
  text += unjudged("Ahead of the kernel's version, or behind it", summary.off_version, summary);
  text += unjudged("Recorded here", summary.recorded_here, summary);
  text += explained(summary);
  text += unjudged("Appeared", summary.added, summary);
  text += unjudged(summary.comparison ? "Disappeared" : "Gone", summary.gone, summary);
  text += unjudged("Absent", summary.absent, summary);
  text += kernels("Only in A", summary.only_a);
  text += kernels("Only in B", summary.only_b);
  text += told("Not run", summary.not_run, summary);
  text += told("Changes that explain nothing where they ought to", summary.idle, summary);
  return text;
}

const Registered registered{{"markdown", "the same for a CI job's page", render}};

}  // namespace
}  // namespace brokenpipe
