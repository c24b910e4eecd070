#include "orchestrator/summary/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "results/describe.h"
#include "results/predict.h"

namespace brokenpipe {
namespace {

using ByReason = std::map<std::string, std::vector<std::string>>;

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

const Change& change_of(const ReportData& data, const std::string& id) {
  return *std::find_if(data.changes.changes.begin(), data.changes.changes.end(),
                       [&](const Change& change) { return change.id == id; });
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
    row.not_waived = not_waived(*kernel.diff);
  }
  return row;
}

/// The kernel on which the prediction of a new scenario was recorded; empty where none was.
std::string recorded_on(const ReportData& data, const std::string& scenario,
                        const std::string& introduction) {
  for (const Introduction& one : change_of(data, introduction).introduces)
    if (one.answer.scenario == scenario && one.recorded_on)
      return fmt::format(" on {}", number_of(*one.recorded_on));
  return {};
}

/// By which changes a step was predicted, and on which grounds where it is as the reference or the
/// introduction has it: of a step that a change has moved the change is the ground.
std::string grounds_of_prediction(const PlaceVerdict& place, const std::string& scenario,
                                  const ReportData& data) {
  if (data.comparison) return {};
  std::vector<std::string> parts;
  const auto& changes = place.predicted_by;
  if (!changes.empty()) parts.push_back(fmt::format("by {}", fmt::join(changes, ", then ")));
  const bool introduced = place.verdict == Verdict::added && changes.size() == 1;
  if (changes.empty() || introduced) {
    std::string grounds = grounds_of(place.predicted);
    if (introduced && place.basis == Basis::recorded)
      grounds += recorded_on(data, scenario, changes.front());
    if (!grounds.empty()) parts.push_back(grounds);
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// The kernel has what nobody is predicted to have.
bool ought_to_lack(const ScenarioVerdict& scenario, const ReportData& data) {
  return !data.comparison &&
         std::any_of(scenario.places.begin(), scenario.places.end(), [](const PlaceVerdict& place) {
           return place.place == ending_place && place.unexplained() && !place.predicted;
         });
}

void add_unexplained(Summary& summary, const ReportData& data, const ScenarioVerdict& scenario,
                     const PlaceVerdict& place, const std::string& kernel) {
  UnexplainedDifference told_now{scenario.scenario,
                                 place.place,
                                 told(due_at(place)),
                                 told(place.got),
                                 grounds_of_prediction(place, scenario.scenario, data),
                                 {},
                                 {}};
  if (ought_to_lack(scenario, data)) {
    // Each of its steps is one too many; the ending says it for all.
    if (place.place != ending_place) return;
    told_now.expected = "the kernel lacks what the scenario needs";
  }
  told_now.as = as_before(scenario.scenario, place, data);
  auto known = std::find_if(summary.unexplained.begin(), summary.unexplained.end(),
                            [&](const auto& difference) {
                              const auto key = [](const UnexplainedDifference& d) {
                                return std::tie(d.scenario, d.place, d.expected, d.got, d.grounds);
                              };
                              return key(difference) == key(told_now);
                            });
  if (known == summary.unexplained.end())
    known = summary.unexplained.insert(summary.unexplained.end(), std::move(told_now));
  add(known->kernels, kernel);
}

void add_explained(Summary& summary, const ReportData& data, const std::string& scenario,
                   const PlaceVerdict& place, const std::string& kernel) {
  std::vector<const Change*> changes;
  for (const std::string& id : place.changes) changes.push_back(&change_of(data, id));
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

/// A kernel's scenarios by their reason; told once for all kernels of which the same is true.
void add_unjudged(std::vector<Unjudged>& all, const ByReason& by_reason,
                  const std::string& kernel) {
  for (const auto& [reason, scenarios] : by_reason) {
    auto known = std::find_if(all.begin(), all.end(), [&, &r = reason, &s = scenarios](auto& u) {
      return u.reason == r && u.scenarios == s;
    });
    if (known == all.end()) known = all.insert(all.end(), {reason, scenarios, {}});
    add(known->kernels, kernel);
  }
}

/// The scenarios of a kernel that have this verdict.
ByReason reasons_of(const Diff& diff, Verdict verdict) {
  ByReason reasons;
  for (const ScenarioVerdict& scenario : diff.scenarios)
    if (scenario.verdict == verdict) reasons[scenario.reason].push_back(scenario.scenario);
  return reasons;
}

void add_not_asked(Summary& summary, const ReportData& data, const KernelReport& kernel) {
  const std::string& id = kernel.plan.id;
  struct Key {
    std::string reason;
    std::string waiver;
    std::string until;
    auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  std::map<Key, std::vector<std::string>> groups;
  for (const ScenarioVerdict& scenario : kernel.diff->scenarios) {
    if (scenario.verdict != Verdict::not_asked) continue;
    const Waiver* waiver = waiver_named(scenario.waiver, data);
    groups[{scenario.reason, waiver_of(id, scenario, data), waiver ? waiver->until : ""}].push_back(
        scenario.scenario);
    if (waiver == nullptr) continue;
    auto used = std::find_if(summary.waivers.begin(), summary.waivers.end(),
                             [&](const WaiverInUse& one) { return one.waiver == waiver; });
    if (used == summary.waivers.end())
      used = summary.waivers.insert(summary.waivers.end(), {waiver, {}, {}});
    add(used->scenarios, scenario.scenario);
    add(used->kernels, id);
  }
  for (const auto& [key, scenarios] : groups) {
    auto known = std::find_if(
        summary.not_asked.begin(), summary.not_asked.end(),
        [&, &k = key, &s = scenarios](const Unjudged& one) {
          return Key{one.reason, one.waiver, one.waived_until} == k && one.scenarios == s;
        });
    if (known == summary.not_asked.end())
      known = summary.not_asked.insert(summary.not_asked.end(),
                                       {key.reason, scenarios, {}, key.waiver, key.until});
    add(known->kernels, id);
  }
}

/// What is ahead of the kernel's version or behind it, by the changes.
ByReason off_version(const Diff& diff) {
  ByReason reasons;
  for (const ScenarioVerdict& scenario : diff.scenarios)
    for (const PlaceVerdict& place : scenario.places)
      if (place.standing == Standing::ahead || place.standing == Standing::behind)
        add(reasons[fmt::format("{} by {}", to_string(place.standing),
                                fmt::join(place.changes, ", then "))],
            scenario.scenario);
  return reasons;
}

ByReason recorded_here(const Diff& diff) {
  ByReason reasons;
  for (const ScenarioVerdict& scenario : diff.scenarios)
    if (scenario.standing == Standing::recorded_here)
      reasons["what predicts it was recorded on this very kernel"].push_back(scenario.scenario);
  return reasons;
}

/// What predicted a place that is as predicted.
void count_ground(PredictedFrom& from, const PlaceVerdict& place) {
  const bool answered = place.verdict == Verdict::same || place.verdict == Verdict::differs ||
                        place.verdict == Verdict::added;
  if (place.place == ending_place || place.standing != Standing::predicted || !answered) return;
  if (place.basis == Basis::derived) {
    ++from.derivations;
  } else if (place.verdict == Verdict::added) {
    ++from.recordings;
  } else {
    ++from.reference;
  }
}

void add_scenario(Summary& summary, const ReportData& data, const ScenarioVerdict& scenario,
                  const std::string& kernel) {
  for (const PlaceVerdict& place : scenario.places) {
    count_ground(summary.predicted_from, place);
    if (place.verdict == Verdict::flaky)
      tell(summary.flaky, fmt::format("{} {}", scenario.scenario, place.place), kernel);
    if (place.unexplained())
      add_unexplained(summary, data, scenario, place, kernel);
    else if (place.verdict == Verdict::differs && place.standing == Standing::predicted)
      add_explained(summary, data, scenario.scenario, place, kernel);
  }
}

std::string title_of(const ReportData& data) {
  if (data.comparison)
    return fmt::format("B, {}, against A, {}", data.comparison->b, data.comparison->a);
  return "Against " + (data.reference ? data.reference->id : std::string("nothing"));
}

void add_kernel(Summary& summary, const ReportData& data, const KernelReport& kernel) {
  const std::string& id = kernel.plan.id;
  summary.rows.push_back(row_of(kernel));
  if (kernel.plan.state == KernelState::failed)
    tell(summary.failed, kernel.plan.reason, id);
  else if (kernel.plan.state != KernelState::done)
    tell(summary.not_run,
         with_reason(std::string(to_string(kernel.plan.state)), kernel.plan.reason), id);
  if (kernel.result && kernel.result->guest.ending == GuestEnding::oops)
    tell(summary.tainted, with_reason("oops", kernel.result->guest.reason), id);
  if (!kernel.diff) return;
  const Diff& diff = *kernel.diff;
  summary.scenarios += diff.scenario_totals;
  summary.steps += diff.step_totals;
  for (const ScenarioVerdict& scenario : diff.scenarios) add_scenario(summary, data, scenario, id);
  add_unjudged(summary.inconclusive, reasons_of(diff, Verdict::inconclusive), id);
  if (data.comparison) add_unjudged(summary.added, reasons_of(diff, Verdict::added), id);
  add_unjudged(summary.gone, reasons_of(diff, Verdict::gone), id);
  add_unjudged(summary.absent, reasons_of(diff, Verdict::absent), id);
  add_not_asked(summary, data, kernel);
  add_unjudged(summary.off_version, off_version(diff), id);
  add_unjudged(summary.recorded_here, recorded_here(diff), id);
  for (const IdleMove& idle : diff.idle)
    tell(summary.idle,
         fmt::format("{} at {} of {}", idle.change, idle.step, fmt::join(idle.scenarios, ", ")),
         id);
}

}  // namespace

Summary summarise(const ReportData& data) {
  Summary summary;
  summary.title = title_of(data);
  summary.comparison = data.comparison.has_value();
  summary.strict = data.strict;
  summary.terms = terms_of(data);
  if (data.comparison) {
    summary.only_a = data.comparison->only_a;
    summary.only_b = data.comparison->only_b;
  }
  for (const KernelReport& kernel : data.kernels) add_kernel(summary, data, kernel);
  std::stable_sort(summary.explained.begin(), summary.explained.end(),
                   [](const ExplainedDifferences& a, const ExplainedDifferences& b) {
                     return std::tuple(a.changes.size(), a.changes.front()->mainline) <
                            std::tuple(b.changes.size(), b.changes.front()->mainline);
                   });
  // What nobody has waived comes last, where a reader looks first.
  std::stable_sort(summary.not_asked.begin(), summary.not_asked.end(),
                   [](const Unjudged& a, const Unjudged& b) {
                     return std::tuple(a.waived_until.empty(), a.waiver, a.kernels) <
                            std::tuple(b.waived_until.empty(), b.waiver, b.kernels);
                   });
  std::sort(summary.waivers.begin(), summary.waivers.end(),
            [](const WaiverInUse& a, const WaiverInUse& b) { return a.waiver < b.waiver; });
  return summary;
}

}  // namespace brokenpipe
