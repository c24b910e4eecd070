#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/safe_format.h"
#include "results/base/text_table.h"

/// What people see on the terminal after a run; the same words without colours in a file or a pipe.
namespace brokenpipe {
namespace {

constexpr const char* red = "\033[31m";
constexpr const char* yellow = "\033[33m";
constexpr const char* plain = "\033[0m";

char ascii_upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string operator()(const char* colour, const std::string& text) const {
    return colour_ ? colour + text + plain : text;
  }

 private:
  bool colour_;
};

using Mood = Count::Mood;

/// The words on the left; a row's counts follow, and its seconds.
constexpr std::size_t words_in_a_row = 3;

struct Cell {
  std::string text;
  Mood mood = Mood::plain;
};

/// What asks for somebody's attention is written so that it is seen without colours, too.
std::string head_of(const Count& count) {
  std::string head = count.name;
  const bool loud =
      count.name == "unexplained" || count.name == "inconclusive" || count.name == "flaky";
  if (loud) std::transform(head.begin(), head.end(), head.begin(), ascii_upper);
  return head;
}

std::vector<Cell> head_row(const Summary& summary) {
  std::vector<Cell> cells{{"kernel"}, {"release"}, {"guest"}};
  for (const Count& count : counts_of({}, summary)) cells.push_back({head_of(count)});
  cells.push_back({"seconds"});
  return cells;
}

std::vector<Cell> cells_of(const Row& row, const Summary& summary) {
  std::vector<Cell> cells{{terminal_text(row.kernel)},
                          {row.release.empty() ? "-" : terminal_text(row.release)},
                          {terminal_text(row.guest)}};
  for (const Count& count : counts_of(row, summary)) {
    const Mood mood = row.judged && count.count > 0 ? count.mood : Mood::plain;
    cells.push_back({row.judged ? std::to_string(count.count) : "-", mood});
  }
  cells.push_back({row.seconds.empty() ? "-" : row.seconds});
  return cells;
}

std::string painted(const Painter& paint, Mood mood, const std::string& text) {
  if (mood == Mood::plain) return text;
  return paint(mood == Mood::bad ? red : yellow, text);
}

std::string table(const Summary& summary, const Painter& paint) {
  std::vector<std::vector<Cell>> rows{head_row(summary)};
  for (const Row& row : summary.rows) rows.push_back(cells_of(row, summary));
  std::vector<Cells> texts;
  for (const std::vector<Cell>& row : rows) {
    texts.emplace_back();
    for (const Cell& cell : row) texts.back().push_back(cell.text);
  }
  const std::vector<std::size_t> widths = column_widths(texts);
  std::string text;
  for (const std::vector<Cell>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padded = i < words_in_a_row ? fmt::format("{:<{}}", row[i].text, widths[i])
                                                    : fmt::format("{:>{}}", row[i].text, widths[i]);
      text += (i == 0 ? "" : "  ") + painted(paint, row[i].mood, padded);
    }
    text += "\n";
  }
  return text;
}

std::string told(const std::string& title, const std::vector<Told>& facts, const Summary& summary) {
  if (facts.empty()) return {};
  std::string text = fmt::format("\n{}:\n", title);
  for (const Told& fact : facts)
    text += safe_format("  {}: {}\n", kernels_sentence(fact.kernels, summary), fact.what);
  return text;
}

std::string unjudged(const std::string& title, const std::vector<Unjudged>& all,
                     const Summary& summary) {
  if (all.empty()) return {};
  std::string text = fmt::format("\n{}:\n", title);
  for (const Unjudged& group : all)
    text += safe_format("  {}\n    {}: {}\n    on {}\n", group.reason,
                        counted(group.scenarios.size(), "scenario"), some_of(group.scenarios),
                        kernels_sentence(group.kernels, summary));
  return text;
}

/// The scenario, or how many they are.
std::string scenarios_sentence(const std::vector<std::string>& scenarios) {
  return scenarios.size() == 1 ? scenarios.front() : counted(scenarios.size(), "scenario");
}

/// By kernels and waivers, for many scenarios need one module each.
std::string not_asked(const Summary& summary, const Painter& paint) {
  if (summary.not_asked.empty()) return {};
  std::string text = "\nNot asked, so that nothing is known of it:\n";
  const Unjudged* before = nullptr;
  for (const Unjudged& group : summary.not_asked) {
    if (before == nullptr ||
        std::tie(before->kernels, before->waiver) != std::tie(group.kernels, group.waiver))
      text += safe_format("  on {}; ", kernels_sentence(group.kernels, summary)) +
              painted(paint, group.waived_until.empty() ? Mood::bad : Mood::plain,
                      terminal_text(group.waiver)) +
              "\n";
    before = &group;
    text += safe_format("    {}   in {}\n", group.reason, scenarios_sentence(group.scenarios));
  }
  return text;
}

std::string waivers(const Summary& summary) {
  if (summary.waivers.empty()) return {};
  std::string text = "\nWaivers in use:\n";
  for (const WaiverInUse& used : summary.waivers)
    text += safe_format("  {}, until {}, of {}\n    {}\n    {} on {}\n", used.waiver->id,
                        used.waiver->until, used.waiver->owner, used.waiver->why,
                        counted(used.scenarios.size(), "scenario"),
                        kernels_sentence(used.kernels, summary));
  return text;
}

/// In brackets, where there is something.
std::string aside(const std::string& words) {
  return words.empty() ? std::string() : fmt::format("   [{}]", words);
}

std::string unexplained(const Summary& summary, const Painter& paint) {
  if (summary.unexplained.empty()) return {};
  std::string text =
      "\n" + paint(red, fmt::format("Unexplained differences: {}", summary.unexplained.size())) +
      "\n";
  for (const UnexplainedDifference& difference : summary.unexplained)
    text += safe_format("  {}  {}\n    {:<9}  {}{}\n    {:<9}  {}{}\n    on         {}\n",
                        difference.scenario, difference.place, summary.terms.predicted,
                        difference.expected, aside(difference.grounds), summary.terms.got,
                        difference.got, aside(difference.as),
                        kernels_sentence(difference.kernels, summary));
  return text;
}

std::string explained(const Summary& summary) {
  if (summary.explained.empty()) return {};
  std::string text = "\nDifferences explained by changes of the kernel:\n";
  const auto news = first_told(summary.explained);
  for (std::size_t i = 0; i < news.size(); ++i) {
    const ExplainedDifferences& group = summary.explained[i];
    text += safe_format("  {}\n", chain_of(group));
    for (const Change* change : news[i])
      text += safe_format("    {}{}; {} \"{}\"\n    {}\n",
                          group.changes.size() == 1 ? std::string() : change->id + ": ",
                          versions_of(*change), commit_of(*change), change->subject, change->says);
    text += safe_format("    on {}\n", kernels_sentence(group.kernels, summary));
    for (const ExplainedDifferences::Transition& transition : group.transitions)
      text += safe_format("      {} -> {}   in {}\n", transition.expected, transition.got,
                          scenarios_sentence(transition.scenarios));
  }
  return text;
}

std::string kernels(const std::string& title, const std::vector<std::string>& ids) {
  return ids.empty() ? std::string()
                     : safe_format("\n{}: {}\n", title, fmt::format("{}", fmt::join(ids, ", ")));
}

std::string render(const ReportData& data, const ReportOptions& options) {
  const Painter paint(options.colour);
  const Summary summary = summarise(data);
  std::string text = safe_format("{}; counts are of scenarios.\n\n", summary.title);
  text += table(summary, paint);
  text += explained(summary);
  text += unjudged("Appeared: A lacks what the scenario needs", summary.added, summary);
  text += unjudged(summary.comparison ? "Disappeared: B lacks what the scenario needs"
                                      : "Gone: the kernel lacks what the scenario needs",
                   summary.gone, summary);
  text += unjudged("Absent: both lack what the scenario needs", summary.absent, summary);
  text += told("Changes that explain nothing where they ought to", summary.idle, summary);
  text += kernels("Only in A", summary.only_a);
  text += kernels("Only in B", summary.only_b);
  text += told("Not run", summary.not_run, summary);
  text += unjudged("Recorded here: it proves nothing", summary.recorded_here, summary);
  text += unjudged("Ahead of the kernel's version, or behind it", summary.off_version, summary);
  text += waivers(summary);
  text += not_asked(summary, paint);
  text += told("Tainted on the way, and ran to the end", summary.tainted, summary);
  text += told("Flaky: the repeats disagree", summary.flaky, summary);
  text += unjudged("Inconclusive", summary.inconclusive, summary);
  text += told("Failed", summary.failed, summary);
  // What asks for somebody's attention stands last, where a terminal shows it.
  text += unexplained(summary, paint);
  text += safe_format("\n{}.\n", steps_sentence(summary));
  const ExitCode code = exit_code(data);
  const std::string words = terminal_text(conclusion(summary, code));
  text += code == ExitCode::as_reference ? words : paint(red, words);
  return text + "\n";
}

const Registered registered{{"text", "a table for the terminal, then every difference", render}};

}  // namespace
}  // namespace brokenpipe
