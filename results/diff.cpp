#include "results/diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "results/base/json_file.h"
#include "results/judging.h"

namespace brokenpipe {
namespace {

constexpr Words<Verdict, 9> verdicts{{
    {Verdict::same, "same"},
    {Verdict::differs, "differs"},
    {Verdict::added, "new"},
    {Verdict::gone, "gone"},
    {Verdict::absent, "absent"},
    {Verdict::not_asked, "not asked"},
    {Verdict::inconclusive, "inconclusive"},
    {Verdict::flaky, "flaky"},
    {Verdict::unreferenced, "unreferenced"},
}};

constexpr Words<Standing, 6> standings{{
    {Standing::predicted, "predicted"},
    {Standing::unjudged, "unjudged"},
    {Standing::recorded_here, "recorded here"},
    {Standing::behind, "behind"},
    {Standing::ahead, "ahead"},
    {Standing::unexplained, "unexplained"},
}};

/// Both answers are held against each other by a reference's rules where one of the two is one.
bool is_reference(const RunResult& result) {
  return result.from_sources ||
         std::any_of(result.observations.begin(), result.observations.end(),
                     [](const Observation& observation) { return observation.basis.has_value(); });
}

/// The places of two observations, either of which may be lacking, without a verdict: the ending
/// where both have one, the contender's steps in its order, then those that only the reference
/// has.
std::vector<PlaceVerdict> pair_places(const Observation* reference, const Observation* contender) {
  std::vector<PlaceVerdict> places;
  const auto pair = [&](std::string place, std::optional<Step> expected, std::optional<Step> got) {
    places.push_back({std::move(place), Verdict::same, std::move(expected), std::move(got), {}});
  };
  if (reference != nullptr && contender != nullptr)
    pair(std::string(ending_place), ending_step(*reference), ending_step(*contender));
  if (contender != nullptr) {
    for (const Step& step : contender->steps) {
      const Step* expected = reference == nullptr ? nullptr : step_of(*reference, step.id);
      pair(step.id, expected == nullptr ? std::nullopt : std::optional(*expected), step);
    }
  }
  if (reference != nullptr) {
    for (const Step& step : reference->steps)
      if (contender == nullptr || step_of(*contender, step.id) == nullptr)
        pair(step.id, step, std::nullopt);
  }
  return places;
}

/// The verdict where one of the two has nothing that could be judged; nothing where both have.
std::optional<ScenarioVerdict> without_answer(const ScenarioVerdict& scenario,
                                              const Observation* reference,
                                              const Observation* contender,
                                              const RunResult& result) {
  const auto inconclusive = [&](std::string reason) {
    return whole(scenario, Verdict::inconclusive, Standing::unjudged, std::move(reason));
  };
  if (contender == nullptr && knows_not(result))
    return whole(scenario, Verdict::not_asked, Standing::unjudged,
                 "its probe does not know this scenario");
  if (contender == nullptr) return inconclusive(why_unreached(result.guest));
  if (no_answer(*contender)) return inconclusive(why(*contender));
  if (reference != nullptr && no_answer(*reference))
    return inconclusive("nothing to hold it against: " + why(*reference));
  return std::nullopt;
}

void count(Totals& totals, Verdict verdict, Standing standing) {
  if (standing == Standing::unexplained) {
    ++totals.unexplained;
  } else if (standing == Standing::ahead) {
    ++totals.ahead;
  } else if (standing == Standing::behind) {
    ++totals.behind;
  } else if (standing == Standing::recorded_here) {
    ++totals.recorded_here;
  } else if (standing == Standing::unjudged && verdict == Verdict::differs) {
    // A part of it is as predicted, of another part nobody says what it ought to be.
    ++totals.unreferenced;
  } else {
    switch (verdict) {
      case Verdict::same:
        ++totals.same;
        break;
      case Verdict::differs:
        ++totals.explained;
        break;
      case Verdict::added:
        ++totals.added;
        break;
      case Verdict::gone:
        ++totals.gone;
        break;
      case Verdict::absent:
        ++totals.absent;
        break;
      case Verdict::not_asked:
        ++totals.not_asked;
        break;
      case Verdict::inconclusive:
        ++totals.inconclusive;
        break;
      case Verdict::flaky:
        ++totals.flaky;
        break;
      case Verdict::unreferenced:
        ++totals.unreferenced;
        break;
    }
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  return word_for(verdicts, verdict);
}

std::string_view to_string(Standing standing) {
  return word_for(standings, standing);
}

Totals& operator+=(Totals& sum, const Totals& more) {
  sum.same += more.same;
  sum.explained += more.explained;
  sum.added += more.added;
  sum.gone += more.gone;
  sum.absent += more.absent;
  sum.unexplained += more.unexplained;
  sum.ahead += more.ahead;
  sum.behind += more.behind;
  sum.recorded_here += more.recorded_here;
  sum.not_asked += more.not_asked;
  sum.inconclusive += more.inconclusive;
  sum.flaky += more.flaky;
  sum.unreferenced += more.unreferenced;
  return sum;
}

bool off_prediction(const PlaceVerdict& place) {
  return place.standing == Standing::unexplained || place.standing == Standing::ahead ||
         place.standing == Standing::behind;
}

bool PlaceVerdict::departs() const {
  return verdict == Verdict::differs || off_prediction(*this);
}

std::optional<Step> due_at(const PlaceVerdict& place) {
  // Of two contenders, and of what the kernel says of its own accord, nothing was predicted.
  const bool anything = place.predicted || !place.predicted_by.empty() || place.basis;
  return anything && off_prediction(place) ? place.predicted : place.expected;
}

bool version_tells(const KernelIdentity& kernel) {
  return kernel.package.find('=') != std::string::npos;
}

Diff diff(const RunResult& reference, const RunResult& contender, const Changes& changes) {
  struct Pair {
    const Observation* reference = nullptr;
    const Observation* contender = nullptr;
  };
  std::map<std::string, Pair> pairs;
  for (const Observation& observation : reference.observations)
    if (selected(contender.probe.selection, observation.scenario))
      pairs[observation.scenario].reference = &observation;
  for (const Observation& observation : contender.observations)
    pairs[observation.scenario].contender = &observation;

  Diff diff;
  diff.reference = reference.kernel;
  diff.contender = contender.kernel;
  std::optional<AgainstPrediction> prediction;
  std::optional<SideBySide> comparison;
  if (is_reference(reference)) {
    prediction.emplace(reference, contender, changes);
  } else {
    comparison.emplace(reference, contender, changes);
  }
  for (const auto& [id, pair] : pairs) {
    ScenarioVerdict scenario;
    scenario.scenario = id;
    scenario.places = pair_places(pair.reference, pair.contender);
    if (auto none = without_answer(scenario, pair.reference, pair.contender, contender)) {
      scenario = *std::move(none);
    } else if (prediction) {
      scenario = prediction->judge(std::move(scenario), pair.reference, *pair.contender);
    } else {
      scenario = comparison->judge(std::move(scenario), pair.reference, *pair.contender);
    }
    count(diff.scenario_totals, scenario.verdict, scenario.standing);
    for (const PlaceVerdict& place : scenario.places)
      if (place.place != ending_place) count(diff.step_totals, place.verdict, place.standing);
    diff.scenarios.push_back(std::move(scenario));
  }
  if (comparison) diff.idle = comparison->idle();
  return diff;
}

const ScenarioVerdict* verdict_of(const Diff& diff, std::string_view scenario) {
  const auto found = std::lower_bound(
      diff.scenarios.begin(), diff.scenarios.end(), scenario,
      [](const ScenarioVerdict& verdict, std::string_view id) { return verdict.scenario < id; });
  return found == diff.scenarios.end() || found->scenario != scenario ? nullptr : &*found;
}

std::size_t not_waived(const Diff& diff) {
  return static_cast<std::size_t>(
      std::count_if(diff.scenarios.begin(), diff.scenarios.end(), [](const auto& scenario) {
        return scenario.verdict == Verdict::not_asked && scenario.waiver.empty();
      }));
}

ExitCode exit_code(const Diff& diff) {
  const Totals& totals = diff.scenario_totals;
  const std::size_t answered =
      totals.all() - totals.inconclusive - totals.not_asked - totals.unreferenced;
  if (totals.inconclusive > 0 || not_waived(diff) > 0 || answered == 0) return ExitCode::incomplete;
  if (totals.unexplained > 0 || totals.flaky > 0) return ExitCode::differs;
  return ExitCode::as_reference;
}

}  // namespace brokenpipe
