#pragma once

#include <string>
#include <utility>
#include <vector>

#include "results/run_result.h"

/// Results in as few words as a test can be read in.
namespace brokenpipe {

inline Step step(std::string id, nlohmann::json seen) {
  Step step;
  step.call = id.substr(0, id.find('#'));
  step.id = std::move(id);
  step.args = "1";
  step.seen = std::move(seen);
  return step;
}

inline Observation completed(std::string scenario, std::vector<Step> steps) {
  Observation observation;
  observation.scenario = std::move(scenario);
  observation.ending = ScenarioEnding::completed;
  observation.steps = std::move(steps);
  return observation;
}

inline Observation ended(std::string scenario, ScenarioEnding ending, std::string reason) {
  Observation observation;
  observation.scenario = std::move(scenario);
  observation.ending = ending;
  observation.reason = std::move(reason);
  return observation;
}

inline Observation killed(std::string scenario, std::string signal, std::vector<Step> steps) {
  Observation observation = completed(std::move(scenario), std::move(steps));
  observation.ending = ScenarioEnding::killed;
  observation.signal = std::move(signal);
  return observation;
}

/// A result of a kernel of that release whose guest finished.
inline RunResult result(std::string release, std::vector<Observation> observations) {
  RunResult result;
  result.kernel.id = "linux-" + release;
  result.kernel.release = std::move(release);
  result.guest.ending = GuestEnding::finished;
  result.guest.clock = "warp";
  result.observations = std::move(observations);
  return result;
}

}  // namespace brokenpipe
