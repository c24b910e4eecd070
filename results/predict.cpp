#include "results/predict.h"

#include <algorithm>
#include <utility>

namespace brokenpipe {
namespace {

/// A change that one of the two kernels has and the other has not.
struct OnTheWay {
  const Change* change = nullptr;
  WayPoint when;
  bool backwards = false;  ///< the reference has it
};

std::vector<OnTheWay> between(const Changes& changes, const KernelVersion& from,
                              const KernelVersion& to) {
  std::vector<OnTheWay> way;
  for (const Change& change : changes.changes) {
    const bool backwards = in_effect(change, from);
    if (backwards != in_effect(change, to))
      way.push_back({&change, way_point(change, from, to), backwards});
  }
  // In one release: as the ledger has them.
  std::stable_sort(way.begin(), way.end(),
                   [](const OnTheWay& a, const OnTheWay& b) { return a.when < b.when; });
  return way;
}

bool any_matches(const std::vector<std::string>& globs, const std::string& scenario) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return matches(glob, scenario); });
}

/// Calls `with` for every scenario that one of the globs matches; most are ids.
template <typename With>
void for_each_match(Prediction& prediction, const std::vector<std::string>& globs, With&& with) {
  for (const std::string& glob : globs) {
    if (glob.find_first_of("*?[") == std::string::npos) {
      const auto known = prediction.find(glob);
      if (known != prediction.end()) with(known->second);
      continue;
    }
    for (auto& [id, scenario] : prediction)
      if (matches(glob, id)) with(scenario);
  }
}

std::vector<PredictedPlace> places_of(const Observation& observation,
                                      const std::vector<std::string>& changes) {
  std::vector<PredictedPlace> places{
      {std::string(ending_place), ending_step(observation), true, changes}};
  for (const Step& step : observation.steps) places.push_back({step.id, step, true, changes});
  return places;
}

void apply(const Move& move, const OnTheWay& passed, PredictedScenario& scenario) {
  const nlohmann::json& from = passed.backwards ? move.after : move.before;
  const nlohmann::json& to = passed.backwards ? move.before : move.after;
  auto place = std::find_if(scenario.places.begin(), scenario.places.end(),
                            [&](const PredictedPlace& p) { return p.place == move.step; });
  if (place == scenario.places.end()) {
    if (!from.is_null()) return;
    Step step;
    step.id = move.step;
    step.call = move.call;
    step.args = move.args;
    place = scenario.places.insert(place, {move.step, std::move(step), false, {}});
  }
  // A change moves a place once.
  const bool moved = !place->changes.empty() && place->changes.back() == passed.change->id;
  if (moved || place->seen() != from) return;
  place->made = !to.is_null();
  place->step.seen = place->made ? to : nlohmann::json::object();
  place->changes.push_back(passed.change->id);
}

void pass(const OnTheWay& passed, Prediction& prediction) {
  const Change& change = *passed.change;
  for (const Move& move : change.moves) {
    for_each_match(prediction, move.scenarios, [&](PredictedScenario& scenario) {
      if (!scenario.lacks) apply(move, passed, scenario);
    });
  }
  const PredictedScenario lacking{true, change.id, {}, {}};
  for (const Introduction& introduction : change.introduces) {
    const auto known = prediction.find(introduction.answer.scenario);
    if (known == prediction.end()) continue;
    if (passed.backwards) {
      known->second = lacking;
    } else if (known->second.lacks) {
      known->second = {false, change.id, places_of(introduction.answer, {change.id}),
                       introduction.recorded_on};
    }
  }
  if (passed.backwards) {
    // Whoever lacks it says nothing of what those answer who have it.
    std::erase_if(prediction,
                  [&](const auto& known) { return any_matches(change.removes, known.first); });
  } else {
    for_each_match(prediction, change.removes,
                   [&](PredictedScenario& scenario) { scenario = lacking; });
  }
}

}  // namespace

Step ending_step(const Observation& observation) {
  Step step;
  step.id = ending_place;
  step.call = ending_place;
  step.seen = {{"ending", to_string(observation.ending)}};
  if (!observation.signal.empty()) step.seen["signal"] = observation.signal;
  step.basis = observation.basis;
  step.lines = observation.lines;
  return step;
}

Prediction predict(const RunResult& reference, const Changes& changes,
                   const std::optional<KernelVersion>& version) {
  Prediction prediction;
  for (const Observation& observation : reference.observations) {
    if (observation.ending == ScenarioEnding::unsupported) {
      prediction[observation.scenario] = {true, {}, {}, {}};
    } else if (observation.ending != ScenarioEnding::broken &&
               observation.ending != ScenarioEnding::timed_out) {
      prediction[observation.scenario] = {false, {}, places_of(observation, {}), {}};
    }
  }
  const auto from = version_of(reference.kernel);
  if (!from || !version) return prediction;
  for (const OnTheWay& passed : between(changes, *from, *version)) pass(passed, prediction);
  return prediction;
}

const PredictedPlace* place_of(const PredictedScenario& scenario, std::string_view place) {
  const auto found = std::find_if(scenario.places.begin(), scenario.places.end(),
                                  [&](const PredictedPlace& p) { return p.place == place; });
  return found == scenario.places.end() ? nullptr : &*found;
}

}  // namespace brokenpipe
