#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "results/changes.h"
#include "results/predict.h"
#include "results/run_result.h"

/// The words of a prediction: what a kernel answers that nobody has booted, and on what that rests.
namespace brokenpipe {

/// What is predicted for every kernel of a version.
struct PredictionReport {
  KernelVersion version;
  RunResult reference;
  Changes changes;
  Prediction prediction;  ///< of the scenarios that somebody wants to know about
};

/// `6.12.107`; `6.12` for the first release of a series.
std::string version_text(const KernelVersion& version);

/// On what the answer at a place rests: `recorded`, `measured` or `derived` for the reference;
/// `derived` also where a change has moved it; `recorded on 5.15.135` of an introduction that is
/// not derived.
std::string basis_of(const PredictedScenario& scenario, const PredictedPlace& place);

/// The changes that moved a place after it was first answered.
std::vector<std::string> moved_by(const PredictedScenario& scenario, const PredictedPlace& place);

/// Every change that has a part in a scenario, each once: the one that introduced or removed it,
/// then those that moved a place.
std::vector<std::string> changes_of(const PredictedScenario& scenario);

/// Of a scenario that a kernel lacks, why, without a subject: `lacks it since 6.16: ...`,
/// `lacks it, as linux-3.16 does; comes with 5.6: ...`.
std::string why_lacking(const std::string& scenario, const PredictedScenario& predicted,
                        const Changes& changes, const KernelVersion& version,
                        const std::string& reference);

/// The change that brings what a scenario needs to kernels later than this version, the first of
/// them; null where none is known.
const Change* still_to_come(const std::string& scenario, const Changes& changes,
                            const KernelVersion& version);

struct PredictionTotals {
  std::size_t scenarios = 0;
  std::size_t lacking = 0;  ///< of them, those whose feature the kernel lacks
  std::size_t steps = 0;
  std::map<std::string, std::size_t> by_basis;  ///< steps by basis_of()
};

PredictionTotals totals_of(const Prediction& prediction);

/// Without what is as the reference: scenarios that nothing has moved, introduced or removed, and
/// places of the others.
Prediction only_moved(Prediction prediction);

/// The whole table, scenario by scenario. The last line counts the steps by their basis.
std::string prediction_text(const PredictionReport& report);

}  // namespace brokenpipe
