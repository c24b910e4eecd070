#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "orchestrator/summary/summary.h"
#include "results/describe.h"
#include "results/predict.h"

/// The words for single things: a verdict, a step, a waiver, a change, a count.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

bool off_its_version(Standing standing) {
  return standing == Standing::ahead || standing == Standing::behind;
}

/// What a change moved to this value at this place; null where it is none of its moves.
const Move* move_to(const Change& change, const std::string& scenario, const std::string& place,
                    const Json& value) {
  const auto found = std::find_if(change.moves.begin(), change.moves.end(), [&](const Move& move) {
    return move.step == place && move.after == value &&
           std::any_of(move.scenarios.begin(), move.scenarios.end(),
                       [&](const std::string& glob) { return matches(glob, scenario); });
  });
  return found == change.moves.end() ? nullptr : &*found;
}

/// The change that has to be taken back, with those after it, from what was predicted to come to
/// what was seen; empty where that does not lead there.
std::string taken_back(const std::string& scenario, const PlaceVerdict& place,
                       const Changes& changes) {
  const Json got = place.got ? place.got->seen : Json();
  Json value = place.predicted ? place.predicted->seen : Json();
  for (auto id = place.predicted_by.rbegin(); id != place.predicted_by.rend(); ++id) {
    const auto change = std::find_if(changes.changes.begin(), changes.changes.end(),
                                     [&](const Change& one) { return one.id == *id; });
    if (change == changes.changes.end()) return {};
    const Move* move = move_to(*change, scenario, place.place, value);
    if (move == nullptr) return {};
    value = move->before;
    if (value == got) return *id;
  }
  return {};
}

std::vector<std::string> notes_on(const std::string& scenario, const PlaceVerdict& place,
                                  const ReportData& data) {
  std::vector<std::string> notes;
  if (place.verdict == Verdict::flaky) notes.emplace_back("the repeats disagree");
  for (const std::string& change : place.predicted_by) notes.push_back("predicted by " + change);
  if (const std::string as = as_before(scenario, place, data); !as.empty()) notes.push_back(as);
  for (const std::string& change : place.changes)
    notes.push_back(fmt::format(
        "{} by {}",
        off_its_version(place.standing) ? to_string(place.standing) : std::string_view("explained"),
        change));
  return notes;
}

}  // namespace

std::string_view verdict_word(Verdict verdict, const ReportData& data) {
  if (data.comparison) {
    if (verdict == Verdict::differs) return "changed";
    if (verdict == Verdict::added) return "appeared";
    if (verdict == Verdict::gone) return "disappeared";
    if (verdict == Verdict::unreferenced) return "not in A";
  }
  return to_string(verdict);
}

std::string_view counted_as(Verdict verdict, Standing standing, const ReportData& data) {
  if (data.comparison) return verdict_word(verdict, data);
  if (standing == Standing::predicted && verdict == Verdict::differs) return "explained";
  const bool by_verdict = standing == Standing::predicted || standing == Standing::unjudged;
  return by_verdict ? to_string(verdict) : to_string(standing);
}

bool is_red(const ScenarioVerdict& scenario, const ReportData& data) {
  return scenario.unexplained() || scenario.verdict == Verdict::flaky ||
         (data.strict && off_its_version(scenario.standing));
}

bool proves_nothing(const ScenarioVerdict& scenario, const ReportData& data) {
  const Verdict verdict = scenario.verdict;
  return verdict == Verdict::gone || verdict == Verdict::absent ||
         (verdict == Verdict::added && data.comparison) ||
         scenario.standing == Standing::unjudged || scenario.standing == Standing::recorded_here;
}

Terms terms_of(const ReportData& data) {
  if (!data.comparison) return {};
  return {"A", "A", "B", "changed", "appeared", "disappeared", "not in A"};
}

std::string verdict_and_reason(const std::string& kernel, const ScenarioVerdict& scenario,
                               const ReportData& data) {
  std::string text(counted_as(scenario.verdict, scenario.standing, data));
  if (scenario.verdict == Verdict::added && !scenario.reason.empty() && !scenario.unexplained() &&
      (data.comparison || data.reference))
    text += fmt::format(": {}", data.comparison ? "A" : data.reference->id);
  if (!scenario.reason.empty()) text += fmt::format(": {}", scenario.reason);
  if (scenario.verdict == Verdict::not_asked)
    text += fmt::format("; {}", waiver_of(kernel, scenario, data));
  return text;
}

const Waiver* waiver_named(const std::string& id, const ReportData& data) {
  const auto& all = data.waivers.waivers.waivers;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Waiver& waiver) { return waiver.id == id; });
  return found == all.end() ? nullptr : &*found;
}

std::string waiver_of(const std::string& kernel, const ScenarioVerdict& scenario,
                      const ReportData& data) {
  if (const Waiver* waiver = waiver_named(scenario.waiver, data))
    return fmt::format("waived until {} ({})", waiver->until, waiver->id);
  std::vector<std::string> kernels = scenario.not_asked_of;
  if (kernels.empty()) kernels.push_back(kernel);
  for (const std::string& one : kernels)
    if (const Waiver* old = expired_waiver_for(data.waivers, one, scenario.scenario))
      return fmt::format("no waiver covers it: {} ended on {}", old->id, old->until);
  return "no waiver covers it";
}

std::string told(const std::optional<Step>& step) {
  return step ? describe(*step) : "not made";
}

std::string grounds_of(const std::optional<Step>& step) {
  if (!step || !step->basis) return {};
  const std::string basis(to_string(*step->basis));
  return step->lines.empty() ? basis : fmt::format("{}: {}", basis, step->lines);
}

std::string as_before(const std::string& scenario, const PlaceVerdict& place,
                      const ReportData& data) {
  if (data.comparison || !place.unexplained() || place.predicted_by.empty()) return {};
  const std::string change = taken_back(scenario, place, data.changes);
  if (change.empty()) return {};
  const std::string before = fmt::format("as before {}", change);
  return place.verdict == Verdict::same && data.reference
             ? fmt::format("{}'s own, {}", data.reference->id, before)
             : before;
}

std::vector<Departure> departures(const ScenarioVerdict& scenario, const ReportData& data) {
  const Terms terms = terms_of(data);
  std::vector<Departure> all;
  for (const PlaceVerdict& place : scenario.places) {
    if (!place.departs() && place.verdict != Verdict::flaky) continue;
    const bool as_expected =
        place.standing == Standing::predicted || place.standing == Standing::unjudged;
    all.push_back({place.place, as_expected ? terms.expected : terms.predicted, told(due_at(place)),
                   terms.got, told(place.got), notes_on(scenario.scenario, place, data)});
  }
  return all;
}

std::optional<double> seconds_of(const GuestRun& guest) {
  if (guest.timings.empty()) return std::nullopt;
  return std::accumulate(guest.timings.begin(), guest.timings.end(), 0.0,
                         [](double sum, const auto& part) { return sum + part.second; });
}

std::string counted(std::size_t count, const std::string& thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  if (names.size() <= shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + shown, ", "),
                     names.size() - shown);
}

std::string number_of(const KernelVersion& version) {
  return version.patch == 0 ? fmt::format("{}.{}", version.major, version.minor)
                            : fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

std::string versions_of(const Change& change) {
  const auto listed = [](std::vector<KernelVersion> all, const std::vector<KernelVersion>& more) {
    all.insert(all.end(), more.begin(), more.end());
    std::vector<std::string> numbers(all.size());
    std::transform(all.begin(), all.end(), numbers.begin(), number_of);
    return fmt::format("{}", fmt::join(numbers, ", "));
  };
  std::vector<KernelVersion> ended;
  if (change.until) ended.push_back(*change.until);
  const std::string until = listed(std::move(ended), change.until_stable);
  return listed({change.mainline}, change.stable) + (until.empty() ? "" : " until " + until);
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

}  // namespace brokenpipe
