#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <set>
#include <utility>

#include "orchestrator/summary/summary.h"

/// What a run comes to in numbers: the verdict table's columns, the steps, the last line.
namespace brokenpipe {
namespace {

/// Names of what there is some of: `2 ahead`.
void add_if_any(std::vector<std::string>& parts, std::size_t count, const char* name) {
  if (count > 0) parts.push_back(fmt::format("{} {}", count, name));
}

/// A comparison in its four words.
std::string comparison_sentence(const Totals& totals) {
  std::vector<std::string> parts{fmt::format(
      "{} same, {} changed ({} unexplained), {} appeared, {} disappeared", totals.same,
      totals.explained + totals.unexplained, totals.unexplained, totals.added, totals.gone)};
  add_if_any(parts, totals.absent, "absent");
  add_if_any(parts, totals.not_asked, "not asked");
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The scenarios and kernels of what was not asked, each counted once.
struct NotAsked {
  std::set<std::string> scenarios;
  std::set<std::string> kernels;
  std::string until;  ///< the first of the waivers' last days

  std::string told() const {
    return fmt::format("{} on {} not asked", counted(scenarios.size(), "scenario"),
                       counted(kernels.size(), "kernel"));
  }
};

NotAsked not_asked(const Summary& summary, bool waived) {
  NotAsked all;
  for (const Unjudged& group : summary.not_asked) {
    if (group.waived_until.empty() == waived) continue;
    all.scenarios.insert(group.scenarios.begin(), group.scenarios.end());
    all.kernels.insert(group.kernels.begin(), group.kernels.end());
    if (all.until.empty() || group.waived_until < all.until) all.until = group.waived_until;
  }
  return all;
}

/// What was not asked and not waived; empty where there is none.
std::string not_waived_words(const Summary& summary) {
  const NotAsked all = not_asked(summary, false);
  return all.scenarios.empty() ? std::string() : all.told() + " and not waived";
}

std::string waived_words(const Summary& summary) {
  const NotAsked all = not_asked(summary, true);
  return all.scenarios.empty() ? std::string()
                               : fmt::format("{}: waived until {}", all.told(), all.until);
}

}  // namespace

std::vector<std::string> not_asked_words(const Summary& summary) {
  std::vector<std::string> words;
  for (std::string& one : std::array{not_waived_words(summary), waived_words(summary)})
    if (!one.empty()) words.push_back(std::move(one));
  return words;
}

std::vector<Count> counts_of(const Row& row, const Summary& summary) {
  using Mood = Count::Mood;
  const Terms& terms = summary.terms;
  const Totals& all = summary.scenarios;
  const Totals& totals = row.scenarios;
  std::vector<Count> counts{
      {"same", totals.same},
      {terms.explained, totals.explained + (summary.comparison ? totals.unexplained : 0)},
      {terms.added, totals.added},
      {terms.gone, totals.gone, summary.comparison ? Mood::warn : Mood::plain}};
  const auto add_if_any_has = [&](const std::string& name, std::size_t Totals::*member, Mood mood) {
    if (all.*member > 0) counts.push_back({name, totals.*member, mood});
  };
  const auto add = [&](const std::string& name, std::size_t Totals::*member, Mood mood) {
    if (all.*member > 0 || !summary.comparison) counts.push_back({name, totals.*member, mood});
  };
  add("absent", &Totals::absent, Mood::plain);
  counts.push_back({"unexplained", totals.unexplained, Mood::bad});
  add("not asked", &Totals::not_asked, row.not_waived > 0 ? Mood::bad : Mood::warn);
  const Mood off_version = summary.strict ? Mood::bad : Mood::warn;
  add_if_any_has("ahead", &Totals::ahead, off_version);
  add_if_any_has("behind", &Totals::behind, off_version);
  add_if_any_has("recorded here", &Totals::recorded_here, Mood::plain);
  add_if_any_has("inconclusive", &Totals::inconclusive, Mood::bad);
  add_if_any_has("flaky", &Totals::flaky, Mood::bad);
  add_if_any_has(terms.unreferenced, &Totals::unreferenced, Mood::warn);
  return counts;
}

std::string steps_sentence(const Summary& summary) {
  const Totals& steps = summary.steps;
  if (summary.comparison)
    return fmt::format("{}: {}", counted(steps.all(), "step"), comparison_sentence(steps));
  std::vector<std::string> predicted{fmt::format("{} as the reference, {} explained, {} new",
                                                 steps.same, steps.explained, steps.added)};
  add_if_any(predicted, steps.gone, "gone");
  add_if_any(predicted, steps.absent, "absent");
  std::vector<std::string> others{fmt::format("{} unexplained", steps.unexplained)};
  add_if_any(others, steps.not_asked, "not asked");
  add_if_any(others, steps.ahead, "ahead");
  add_if_any(others, steps.behind, "behind");
  add_if_any(others, steps.recorded_here, "recorded here");
  add_if_any(others, steps.inconclusive, "inconclusive");
  add_if_any(others, steps.flaky, "flaky");
  others.push_back(fmt::format("{} unreferenced", steps.unreferenced));
  const PredictedFrom& from = summary.predicted_from;
  return fmt::format(
      "{}: {} as predicted ({}), {}. Predicted by the reference's own answers: {}, from "
      "derivations: {}, from recordings of other kernels: {}",
      counted(steps.all(), "step"), steps.as_predicted(), fmt::join(predicted, ", "),
      fmt::join(others, ", "), from.reference, from.derivations, from.recordings);
}

std::string conclusion(const Summary& summary, ExitCode code) {
  const Totals& all = summary.scenarios;
  const std::string not_waived = not_waived_words(summary);
  const std::string waived = waived_words(summary);
  std::vector<std::string> off_version;
  add_if_any(off_version, all.ahead, "ahead");
  add_if_any(off_version, all.behind, "behind");

  std::vector<std::string> parts;
  if (summary.comparison)
    parts.push_back(comparison_sentence(all));
  else if (!summary.unexplained.empty())
    parts.push_back(counted(summary.unexplained.size(), "unexplained difference"));
  if (summary.strict) parts.insert(parts.end(), off_version.begin(), off_version.end());
  if (all.flaky > 0) parts.push_back(counted(all.flaky, "flaky scenario"));
  if (!not_waived.empty()) parts.push_back(not_waived);
  if (code == ExitCode::incomplete) parts.emplace_back("incomplete");

  std::string line = fmt::format("{}", fmt::join(parts, ", "));
  if (parts.empty()) {
    std::vector<std::string> besides = off_version;
    add_if_any(besides, all.recorded_here, "recorded here");
    add_if_any(besides, all.unreferenced, "unreferenced");
    line = besides.empty() ? "As predicted"
                           : fmt::format("As predicted, besides {}", fmt::join(besides, ", "));
  }
  // All other parts begin with a number.
  if (line.starts_with("incomplete")) line.front() = 'I';
  if (!waived.empty()) line += "; " + waived;
  return line + ".";
}

}  // namespace brokenpipe
