#include "orchestrator/summary/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "results/describe.h"

namespace brokenpipe {
namespace {

/// A name, once, and the order in which names came.
void add(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void tell(std::vector<Told>& facts, const std::string& what, const std::string& kernel) {
  auto fact =
      std::find_if(facts.begin(), facts.end(), [&](const Told& t) { return t.what == what; });
  if (fact == facts.end()) fact = facts.insert(facts.end(), Told{what, {}});
  add(fact->kernels, kernel);
}

std::string with_reason(const std::string& what, const std::string& reason) {
  return reason.empty() ? what : fmt::format("{}: {}", what, reason);
}

Row row_of(const KernelReport& kernel) {
  Row row;
  row.kernel = kernel.plan.id;
  row.guest = to_string(kernel.plan.state);
  if (kernel.result) {
    row.release = kernel.result->kernel.release;
    row.guest = kernel.result->from_sources ? "-" : to_string(kernel.result->guest.ending);
    if (const auto seconds = seconds_of(kernel.result->guest))
      row.seconds = fmt::format("{:.1f}", *seconds);
  }
  if (kernel.diff) {
    row.judged = true;
    row.scenarios = kernel.diff->scenario_totals;
  }
  return row;
}

void add_unexplained(Summary& summary, const std::string& scenario, const PlaceVerdict& place,
                     const std::string& kernel) {
  const std::string expected = told(place.expected);
  const std::string got = told(place.got);
  auto known = std::find_if(
      summary.unexplained.begin(), summary.unexplained.end(), [&](const auto& difference) {
        return std::tie(difference.scenario, difference.place, difference.expected,
                        difference.got) == std::tie(scenario, place.place, expected, got);
      });
  if (known == summary.unexplained.end())
    known = summary.unexplained.insert(
        summary.unexplained.end(),
        {scenario, place.place, expected, got, grounds_of(place.expected), {}});
  add(known->kernels, kernel);
}

void add_explained(Summary& summary, const ReportData& data, const std::string& scenario,
                   const PlaceVerdict& place, const std::string& kernel) {
  std::vector<const Change*> changes;
  for (const std::string& id : place.changes)
    changes.push_back(&*std::find_if(data.changes.changes.begin(), data.changes.changes.end(),
                                     [&](const Change& change) { return change.id == id; }));
  auto known =
      std::find_if(summary.explained.begin(), summary.explained.end(),
                   [&](const ExplainedDifferences& group) { return group.changes == changes; });
  if (known == summary.explained.end())
    known = summary.explained.insert(summary.explained.end(), {changes, {}, {}});
  add(known->kernels, kernel);

  const std::string expected = told(place.expected);
  const std::string got = describe_seen(place.got ? place.got->seen : nlohmann::json());
  auto transition =
      std::find_if(known->transitions.begin(), known->transitions.end(), [&](const auto& t) {
        return std::tie(t.place, t.expected, t.got) == std::tie(place.place, expected, got);
      });
  if (transition == known->transitions.end())
    transition =
        known->transitions.insert(known->transitions.end(), {place.place, expected, got, {}});
  add(transition->scenarios, scenario);
}

/// The scenarios of a kernel that have this verdict, by their reason; told once for all kernels
/// of which the same is true.
void add_unjudged(std::vector<Unjudged>& all, const Diff& diff, Verdict verdict,
                  const std::string& kernel) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const ScenarioVerdict& scenario : diff.scenarios)
    if (scenario.verdict == verdict) by_reason[scenario.reason].push_back(scenario.scenario);
  for (const auto& [reason, scenarios] : by_reason) {
    auto known = std::find_if(all.begin(), all.end(), [&, &r = reason, &s = scenarios](auto& u) {
      return u.reason == r && u.scenarios == s;
    });
    if (known == all.end()) known = all.insert(all.end(), {reason, scenarios, {}});
    add(known->kernels, kernel);
  }
}

void add_scenario(Summary& summary, const ReportData& data, const ScenarioVerdict& scenario,
                  const std::string& kernel) {
  for (const PlaceVerdict& place : scenario.places) {
    if (place.verdict == Verdict::flaky)
      tell(summary.flaky, fmt::format("{} {}", scenario.scenario, place.place), kernel);
    if (place.verdict != Verdict::differs) continue;
    if (place.unexplained())
      add_unexplained(summary, scenario.scenario, place, kernel);
    else
      add_explained(summary, data, scenario.scenario, place, kernel);
  }
}

std::string title_of(const ReportData& data) {
  if (data.comparison)
    return fmt::format("B, {}, against A, {}", data.comparison->b, data.comparison->a);
  return "Against " + (data.reference ? data.reference->id : std::string("nothing"));
}

/// A comparison in its four words.
std::string counts_sentence(const Totals& totals) {
  return fmt::format("{} same, {} changed ({} unexplained), {} appeared, {} disappeared",
                     totals.same, totals.explained + totals.unexplained, totals.unexplained,
                     totals.added, totals.gone);
}

}  // namespace

Summary summarise(const ReportData& data) {
  Summary summary;
  summary.title = title_of(data);
  summary.comparison = data.comparison.has_value();
  summary.terms = terms_of(data);
  if (data.comparison) {
    summary.only_a = data.comparison->only_a;
    summary.only_b = data.comparison->only_b;
  }
  for (const KernelReport& kernel : data.kernels) {
    const std::string& id = kernel.plan.id;
    summary.rows.push_back(row_of(kernel));
    if (kernel.plan.state == KernelState::failed)
      tell(summary.failed, kernel.plan.reason, id);
    else if (kernel.plan.state != KernelState::done)
      tell(summary.not_run,
           with_reason(std::string(to_string(kernel.plan.state)), kernel.plan.reason), id);
    if (kernel.result && kernel.result->guest.ending == GuestEnding::oops)
      tell(summary.tainted, with_reason("oops", kernel.result->guest.reason), id);
    if (!kernel.diff) continue;
    summary.scenarios += kernel.diff->scenario_totals;
    summary.steps += kernel.diff->step_totals;
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios)
      add_scenario(summary, data, scenario, id);
    add_unjudged(summary.inconclusive, *kernel.diff, Verdict::inconclusive, id);
    if (data.comparison) add_unjudged(summary.added, *kernel.diff, Verdict::added, id);
    add_unjudged(summary.gone, *kernel.diff, Verdict::gone, id);
    for (const IdleMove& idle : kernel.diff->idle)
      tell(summary.idle,
           fmt::format("{} at {} of {}", idle.change, idle.step, fmt::join(idle.scenarios, ", ")),
           id);
  }
  std::stable_sort(summary.explained.begin(), summary.explained.end(),
                   [](const ExplainedDifferences& a, const ExplainedDifferences& b) {
                     return std::tuple(a.changes.size(), a.changes.front()->mainline) <
                            std::tuple(b.changes.size(), b.changes.front()->mainline);
                   });
  return summary;
}

std::string_view verdict_word(Verdict verdict, const ReportData& data) {
  if (data.comparison) {
    if (verdict == Verdict::differs) return "changed";
    if (verdict == Verdict::added) return "appeared";
    if (verdict == Verdict::gone) return "disappeared";
    if (verdict == Verdict::unreferenced) return "not in A";
  }
  return to_string(verdict);
}

std::string verdict_and_reason(const ScenarioVerdict& scenario, const ReportData& data) {
  std::string text(verdict_word(scenario.verdict, data));
  if (scenario.reason.empty()) return text;
  if (scenario.verdict == Verdict::added)
    text += fmt::format(": {}", data.comparison ? "A" : data.reference->id);
  return fmt::format("{}: {}", text, scenario.reason);
}

Terms terms_of(const ReportData& data) {
  if (!data.comparison) return {};
  return {"A", "B", "changed", "appeared", "disappeared", "not in A"};
}

std::string told(const std::optional<Step>& step) {
  return step ? describe(*step) : "not made";
}

std::string grounds_of(const std::optional<Step>& step) {
  if (!step || !step->basis) return {};
  const std::string basis(to_string(*step->basis));
  return step->lines.empty() ? basis : fmt::format("{}: {}", basis, step->lines);
}

std::optional<double> seconds_of(const GuestRun& guest) {
  if (guest.timings.empty()) return std::nullopt;
  return std::accumulate(guest.timings.begin(), guest.timings.end(), 0.0,
                         [](double sum, const auto& part) { return sum + part.second; });
}

std::string counted(std::size_t count, const std::string& thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string steps_sentence(const Summary& summary) {
  const Totals& steps = summary.steps;
  if (summary.comparison)
    return fmt::format("{}: {}", counted(steps.all(), "step"), counts_sentence(steps));
  const double share = steps.all() == 0 ? 0.0
                                        : 100.0 * static_cast<double>(steps.unreferenced) /
                                              static_cast<double>(steps.all());
  const std::size_t unanswered = steps.gone + steps.inconclusive + steps.flaky;
  return fmt::format(
      "{}: {} as the reference, {} explained, {} unexplained, {} new, {}{} unreferenced ({:.1f} %)",
      counted(steps.all(), "step"), steps.same, steps.explained, steps.unexplained, steps.added,
      unanswered == 0 ? std::string() : fmt::format("{} unanswered, ", unanswered),
      steps.unreferenced, share);
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + shown, ", "),
                     names.size() - shown);
}

std::string versions_of(const Change& change) {
  const auto number = [](const KernelVersion& v) {
    return v.patch == 0 ? fmt::format("{}.{}", v.major, v.minor)
                        : fmt::format("{}.{}.{}", v.major, v.minor, v.patch);
  };
  std::string versions = number(change.mainline);
  for (const KernelVersion& stable : change.stable) versions += ", " + number(stable);
  if (change.until) versions += " until " + number(*change.until);
  return versions;
}

std::string chain_of(const ExplainedDifferences& group) {
  std::vector<std::string> ids;
  for (const Change* change : group.changes) ids.push_back(change->id);
  return fmt::format("{}", fmt::join(ids, ", then "));
}

std::vector<std::vector<const Change*>> first_told(
    const std::vector<ExplainedDifferences>& groups) {
  std::set<const Change*> known;
  std::vector<std::vector<const Change*>> first;
  for (const ExplainedDifferences& group : groups) {
    first.emplace_back();
    for (const Change* change : group.changes)
      if (known.insert(change).second) first.back().push_back(change);
  }
  return first;
}

std::string kernels_sentence(const std::vector<std::string>& kernels, const Summary& summary) {
  const auto judged = static_cast<std::size_t>(std::count_if(
      summary.rows.begin(), summary.rows.end(), [](const Row& row) { return row.judged; }));
  if (kernels.size() > 2 && kernels.size() == judged)
    return fmt::format("all {} kernels", kernels.size());
  return fmt::format("{}", fmt::join(kernels, ", "));
}

std::string conclusion(const Summary& summary, ExitCode code) {
  std::vector<std::string> parts;
  if (summary.comparison)
    parts.push_back(counts_sentence(summary.scenarios));
  else if (!summary.unexplained.empty())
    parts.push_back(counted(summary.unexplained.size(), "unexplained difference"));
  if (summary.scenarios.flaky > 0)
    parts.push_back(counted(summary.scenarios.flaky, "flaky scenario"));
  if (code == ExitCode::incomplete) parts.emplace_back("incomplete");
  if (!parts.empty()) return fmt::format("{}.", fmt::join(parts, ", "));
  return summary.explained.empty() ? "As the reference."
                                   : "As the reference, or explained by a change of the kernel.";
}

}  // namespace brokenpipe
