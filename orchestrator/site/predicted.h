#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orchestrator/site/model.h"
#include "results/predict.h"

/// What was predicted for kernels, scenario by scenario.
namespace brokenpipe {

/// Predicts one scenario for as many kernels as are asked for.
class ScenarioPredictor {
 public:
  ScenarioPredictor(const RunResult& reference, const Changes& changes,
                    const std::string& scenario);

  /// Nothing where nobody predicts it.
  std::optional<PredictedScenario> at(const std::optional<KernelVersion>& version) const;

 private:
  RunResult reference_;  ///< of this scenario alone
  Changes changes_;      ///< what they say of it
};

/// Kernels of which the same was predicted, by the same changes.
struct PredictionGroup {
  std::vector<std::string> kernels;
  std::optional<KernelVersion> version;  ///< of the first of them
  std::optional<PredictedScenario> predicted;
};
std::vector<PredictionGroup> prediction_groups(const SiteModel& model, const std::string& scenario);

}  // namespace brokenpipe
