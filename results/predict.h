#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "results/changes.h"
#include "results/run_result.h"

/// What a kernel answers before anybody has asked it: the reference, and every
/// change of the ledger that lies between the reference kernel and this one.
namespace brokenpipe {

/// What is seen at one place of a scenario: a step, or its ending.
struct PredictedPlace {
  std::string place;  ///< a step's id, or `ending`
  Step step;          ///< call and args as the reference, the introduction or the change words them
  bool made = true;   ///< false: a change took the step away
  /// Ids of the changes that led here from the reference's answer, in the order
  /// in which one comes by them; empty where the answer is the reference's own.
  std::vector<std::string> changes;

  /// What is seen; null where the step is not made.
  nlohmann::json seen() const { return made ? step.seen : nlohmann::json(); }
};

struct PredictedScenario {
  /// The kernel lacks what the scenario needs; `places` is empty then.
  bool lacks = false;
  /// Where it lacks it by a removal, or has it by an introduction: the change's
  /// id. Empty where it stands with it as with the reference.
  std::string change;
  std::vector<PredictedPlace> places;  ///< the ending, then the steps in their order
  /// The kernel on which the introduction's answer was recorded; nothing where
  /// it is derived.
  std::optional<KernelVersion> recorded_on;
};

/// By scenario. One that is not here is one of which nobody knows what this
/// kernel answers.
using Prediction = std::map<std::string, PredictedScenario>;

/// The place that stands for a scenario's ending.
inline constexpr std::string_view ending_place = "ending";

/// How a scenario ended, as a step: what a move at `ending` speaks of.
Step ending_step(const Observation& observation);

/// What a kernel of this version answers, from what `reference` has seen or
/// derived. An older kernel than the reference is predicted backwards; of what
/// a change introduced before the reference nothing is known then. Without a
/// version, or without the reference's: what the reference answers.
Prediction predict(const RunResult& reference, const Changes& changes,
                   const std::optional<KernelVersion>& version);

/// The place of a scenario; null where it has none of that name.
const PredictedPlace* place_of(const PredictedScenario& scenario, std::string_view place);

}  // namespace brokenpipe
