#include "orchestrator/commands/bisect_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "images/changelog.h"
#include "orchestrator/campaign/releases.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/summary/summary.h"
#include "results/base/json_file.h"
#include "results/base/safe_format.h"

namespace brokenpipe {
namespace {

void print_changelog(const Finding& finding, const Question& question) {
  const std::string& release = finding.newer().point_release;
  const std::string at_kernel_org =
      fmt::format("kernel.org's ChangeLog-{} and those before it have what changed.", release);
  if (!finding.has_changelog) {
    safe_print(stdout, "\nNo package on offer holds the changelog of {}: {}\n", release,
               at_kernel_org);
    return;
  }
  const Subsystems subsystems = subsystems_of(question.scenario.grounds);
  std::vector<std::string> words = subsystems.words;
  words.insert(words.end(), subsystems.roots.begin(), subsystems.roots.end());
  safe_print(stdout,
             "\nOf the {} in the changelog of Debian's linux after {} up to {}, those on {}:\n",
             counted(finding.changelog_entries, "change"), finding.older().point_release, release,
             fmt::format("{}", fmt::join(words, ", ")));
  for (const std::string& entry : finding.changelog) safe_print(stdout, "  {}\n", entry);
  if (finding.changelog.empty()) safe_print(stdout, "  none. {}\n", at_kernel_org);
}

void print_found(const Finding& finding, const Question& question) {
  safe_print(stdout, "\nThe answer changes between {} and {}.\n", finding.older().id,
             finding.newer().id);
  const std::vector<std::string> undecided = finding.undecided();
  if (!undecided.empty()) {
    safe_print(stdout, "It is not decided where between them: {} could not be asked ({}).\n",
               counted(undecided.size(), "kernel"), fmt::format("{}", fmt::join(undecided, ", ")));
  }
  if (!finding.within_a_series()) {
    safe_print(
        stdout,
        "\nThese are of different series. Stable series are branches: {0} and {1} have grown "
        "apart, and a change\nmay be in either by back-port. What lies between them is all of the "
        "mainline between {0} and {1},\nand what each has taken back; no kernel {2} lies "
        "nearer.\n",
        finding.older().entry->series, finding.newer().entry->series,
        undecided.empty() ? "on offer" : "that answers");
  }
  if (finding.changes > 1) {
    safe_print(stdout,
               "\nIt is not one change: along these kernels the answer changes {} times. This is "
               "one of them.\n",
               finding.changes);
  }
  const Changes changes = known_changes();
  for (const auto& [id, places] : finding.explanation.known) {
    const auto change = std::find_if(changes.changes.begin(), changes.changes.end(),
                                     [&id = id](const Change& c) { return c.id == id; });
    safe_print(stdout, "\nKnown for {}: {} {} ({})\n  {}\n",
               fmt::format("{}", fmt::join(places, ", ")), commit_of(*change), change->subject,
               versions_of(*change), change->says);
  }
  if (!finding.explanation.unexplained.empty()) {
    safe_print(stdout, "\nNot explained by any known change: {}\n",
               fmt::format("{}", fmt::join(finding.explanation.unexplained, ", ")));
  }
  if (finding.within_a_series()) print_changelog(finding, question);
}

}  // namespace

std::vector<std::string> Finding::undecided() const {
  std::vector<std::string> between;
  for (const InVain& one : in_vain) {
    const bool lies_between = is_older(older(), one.kernel) && is_older(one.kernel, newer());
    if (lies_between) between.push_back(one.kernel.id);
  }
  return between;
}

void print_text(const Finding& finding, const Question& question) {
  safe_print(stdout, "{}{}{}\n{}\n\n", question.scenario.id, question.step.empty() ? "" : "#",
             question.step, question.scenario.asks);
  size_t width = 0;
  for (const KernelAnswer& answer : finding.answers) width = std::max(width, answer.kernel.size());
  for (const KernelAnswer& answer : finding.answers) {
    safe_print(stdout, "{:<{}}  {}\n", answer.kernel, width, answer.answer);
  }
  for (const InVain& one : finding.in_vain) safe_print(stdout, "{}: {}\n", one.kernel.id, one.why);
  const std::string& first = finding.chain.front().id;
  const std::string& last = finding.chain.back().id;
  if (finding.ending == Bisection::Ending::found) {
    print_found(finding, question);
  } else if (finding.ending == Bisection::Ending::alike) {
    safe_print(stdout, "\n{} and {} answer alike: there is nothing to bisect.\n", first, last);
    if (finding.changes > 0) {
      safe_print(stdout, "Kernels between them answer otherwise: take one for an end.\n");
    } else if (finding.chain.front().entry->series != finding.chain.back().entry->series) {
      safe_print(
          stdout,
          "Stable series are branches, and what is in both by back-port may be missing between "
          "them:\n`brokenpipe run --scenario {}` asks them all.\n",
          question.scenario.id);
    }
  } else {
    safe_print(stdout, "\n{} or {} could not be asked, and both have to answer.\n", first, last);
  }
}

void print_json(const Finding& finding, const Question& question) {
  constexpr Words<Bisection::Ending, 3> endings{{
      {Bisection::Ending::found, "found"},
      {Bisection::Ending::alike, "alike"},
      {Bisection::Ending::unanswered, "unanswered"},
  }};
  nlohmann::ordered_json json;
  json["scenario"] = question.scenario.id;
  json["step"] = question.step;
  json["ending"] = word_for(endings, finding.ending);
  json["answers"] = nlohmann::ordered_json::array();
  for (const KernelAnswer& answer : finding.answers) {
    json["answers"].push_back(
        {{"kernel", answer.kernel}, {"package", answer.package}, {"answer", answer.answer}});
  }
  json["not_asked"] = nlohmann::ordered_json::array();
  for (const InVain& one : finding.in_vain) {
    json["not_asked"].push_back({{"kernel", one.kernel.id}, {"why", one.why}});
  }
  json["changes_along_them"] = finding.changes;
  if (finding.ending == Bisection::Ending::found) {
    json["before"] = finding.older().id;
    json["after"] = finding.newer().id;
    json["undecided"] = finding.undecided();
    json["explained_by"] = nlohmann::ordered_json::array();
    for (const Explanation::Known& known : finding.explanation.known) {
      json["explained_by"].push_back(known.change);
    }
    json["unexplained"] = finding.explanation.unexplained;
    json["changelog"] = finding.changelog;
  }
  fmt::print("{}", json_text(json));
}

}  // namespace brokenpipe
