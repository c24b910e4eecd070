#include "orchestrator/nightly/night_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace {

std::string with_was(const KernelNight& kernel) {
  return kernel.was.empty() ? kernel.package
                            : fmt::format("{}, was {}", kernel.package, kernel.was);
}

size_t count(const NightReport& night, KernelNight::Came came) {
  return static_cast<size_t>(
      std::count_if(night.kernels.begin(), night.kernels.end(),
                    [&](const KernelNight& kernel) { return kernel.came == came; }));
}

std::string differences_table(const std::string& title,
                              const std::vector<Unexplained>& differences) {
  if (differences.empty()) return {};
  std::string text = fmt::format(
      "\n### {}\n\n| kernel | scenario | step | predicted | got |\n|---|---|---|---|---|\n", title);
  for (const Unexplained& difference : differences) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(difference.kernel),
                        markdown_code(difference.scenario), markdown_code(difference.place),
                        markdown_code(difference.expected), markdown_code(difference.got));
  }
  return text;
}

std::string changed_table(const std::vector<ChangedAnswer>& changed) {
  if (changed.empty()) return {};
  std::string text =
      "\n### Answers that the last night did not have\n\n"
      "| kernel | scenario | step | before | now | explained by |\n|---|---|---|---|---|---|\n";
  for (const ChangedAnswer& answer : changed) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(answer.kernel),
                        markdown_code(answer.scenario), markdown_code(answer.place),
                        markdown_code(answer.before), markdown_code(answer.now),
                        markdown_text(fmt::format("{}", fmt::join(answer.changes, ", "))));
  }
  return text;
}

std::string kernels_list(const NightReport& night) {
  using Came = KernelNight::Came;
  std::string text = "\n";
  for (const KernelNight& kernel : night.kernels) {
    const auto line = [&](const std::string& what, const std::string& more) {
      text += fmt::format("- {} {}: {}\n", markdown_text(kernel.id), what, markdown_text(more));
    };
    switch (kernel.came) {
      case Came::ran:
        line("was run", with_was(kernel));
        break;
      case Came::as_before:
        if (!kernel.on_offer) line("is not on offer any more; it is in the store", kernel.package);
        break;
      case Came::last_night_stands:
        line("is not on offer any more; its last night stands", kernel.package);
        break;
      case Came::never:
        line("was never run", kernel.why);
        break;
      case Came::could_not:
        line("could not be judged", kernel.why);
        break;
    }
  }
  return text;
}

}  // namespace

ExitCode exit_code(const NightReport& night) {
  const size_t could_not = count(night, KernelNight::Came::could_not);
  const auto& kernels = night.data.kernels;
  const bool red = std::any_of(kernels.begin(), kernels.end(), [](const KernelReport& kernel) {
    return kernel.diff && not_waived(*kernel.diff) > 0;
  });
  if (could_not > 0 || red || count(night, KernelNight::Came::never) == night.kernels.size()) {
    return ExitCode::incomplete;
  }
  const bool news = !night.appeared.empty() || !night.fixed.empty() || !night.changed.empty();
  return news ? ExitCode::differs : ExitCode::as_reference;
}

std::string summary_line(const NightReport& night) {
  std::vector<std::string> parts{fmt::format("{} of {} run", count(night, KernelNight::Came::ran),
                                             counted(night.kernels.size(), "kernel"))};
  if (const size_t could_not = count(night, KernelNight::Came::could_not); could_not > 0) {
    parts.push_back(fmt::format("{} could not be judged", could_not));
  }
  if (!night.appeared.empty()) {
    parts.push_back(counted(night.appeared.size(), "new unexplained difference"));
  }
  if (!night.fixed.empty()) parts.push_back(fmt::format("{} fixed", night.fixed.size()));
  if (!night.standing.empty()) {
    parts.push_back(fmt::format("{} unexplained as before", night.standing.size()));
  }
  if (!night.changed.empty()) {
    parts.push_back(counted(night.changed.size(), "changed answer"));
  }
  if (parts.size() == 1) parts.emplace_back("nothing new");
  for (const std::string& words : not_asked_words(summarise(night.data))) parts.push_back(words);
  return fmt::format("{}: {}", night.data.run->id, fmt::join(parts, ", "));
}

std::string summary_markdown(const NightReport& night) {
  return fmt::format("## Night {}\n{}{}{}{}\n{}", markdown_text(summary_line(night)),
                     kernels_list(night),
                     differences_table("New unexplained differences", night.appeared),
                     differences_table("Fixed since the last night", night.fixed),
                     changed_table(night.changed), report_named("markdown").render(night.data, {}));
}

}  // namespace brokenpipe
