#include "orchestrator/site/predicted.h"

#include <algorithm>
#include <iterator>

namespace brokenpipe {
namespace {

bool is_about(const std::vector<std::string>& globs, const std::string& scenario) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return matches(glob, scenario); });
}

/// The change with nothing in it but what it does to one scenario.
Change narrowed(const Change& change, const std::string& scenario) {
  Change narrow = change;
  std::erase_if(narrow.moves,
                [&](const Move& move) { return !is_about(move.scenarios, scenario); });
  std::erase_if(narrow.introduces,
                [&](const Introduction& one) { return one.answer.scenario != scenario; });
  if (!is_about(narrow.removes, scenario)) narrow.removes.clear();
  return narrow;
}

bool same_place(const PredictedPlace& one, const PredictedPlace& other) {
  return one.place == other.place && one.seen() == other.seen() && one.changes == other.changes;
}

bool same_prediction(const std::optional<PredictedScenario>& one,
                     const std::optional<PredictedScenario>& other) {
  if (!one || !other) return one.has_value() == other.has_value();
  return one->lacks == other->lacks && one->change == other->change &&
         std::equal(one->places.begin(), one->places.end(), other->places.begin(),
                    other->places.end(), same_place);
}

}  // namespace

ScenarioPredictor::ScenarioPredictor(const RunResult& reference, const Changes& changes,
                                     const std::string& scenario) {
  reference_.kernel = reference.kernel;
  if (const Observation* told = observation_of(reference, scenario))
    reference_.observations.push_back(*told);
  for (const Change& change : changes.changes) {
    Change narrow = narrowed(change, scenario);
    if (!narrow.moves.empty() || !narrow.introduces.empty() || !narrow.removes.empty())
      changes_.changes.push_back(std::move(narrow));
  }
}

std::optional<PredictedScenario> ScenarioPredictor::at(
    const std::optional<KernelVersion>& version) const {
  Prediction prediction = predict(reference_, changes_, version);
  if (prediction.empty()) return std::nullopt;
  return std::move(prediction.begin()->second);
}

std::vector<PredictionGroup> prediction_groups(const SiteModel& model,
                                               const std::string& scenario) {
  const ScenarioPredictor predictor(model.reference, model.changes, scenario);
  std::vector<PredictionGroup> groups;
  for (const SiteKernel& kernel : model.kernels) {
    const std::optional<KernelVersion> version = version_of(kernel.result().kernel);
    std::optional<PredictedScenario> predicted = predictor.at(version);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const PredictionGroup& g) {
      return same_prediction(g.predicted, predicted);
    });
    if (group == groups.end())
      group = groups.insert(groups.end(), {{}, version, std::move(predicted)});
    group->kernels.push_back(kernel.id());
  }
  return groups;
}

}  // namespace brokenpipe
