#pragma once

#include <utility>

#include "results/run_result.h"

/// Results as a reference has them, and as a package of a distribution has them.
namespace brokenpipe {

/// A result as a reference has it: recorded, every value. What is held against it is held against
/// what it predicts.
inline RunResult as_reference(RunResult run) {
  for (Observation& observation : run.observations) {
    observation.basis = Basis::recorded;
    for (Step& step : observation.steps) step.basis = Basis::recorded;
  }
  return run;
}

/// A result of a kernel whose version tells which changes it has.
inline RunResult packaged(RunResult run) {
  run.kernel.package = "linux-image=" + run.kernel.release;
  return run;
}

}  // namespace brokenpipe
