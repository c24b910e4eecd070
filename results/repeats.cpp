#include "results/repeats.h"

#include <algorithm>

namespace brokenpipe {

RunResult merge_repeats(const std::vector<RunResult>& runs) {
  const auto unfinished = std::find_if(runs.begin(), runs.end(), [](const RunResult& run) {
    return !vouches_for_all(run.guest.ending);
  });
  if (unfinished != runs.end()) return *unfinished;

  RunResult merged = runs.front();
  for (Observation& observation : merged.observations) {
    for (auto run = runs.begin() + 1; run != runs.end(); ++run) {
      for (const Observation& other : run->observations) {
        if (other.scenario != observation.scenario) continue;
        const auto says_the_same = [&](const Observation& seen) {
          return seen.ending == other.ending && seen.signal == other.signal &&
                 seen.steps == other.steps;
        };
        if (!says_the_same(observation) &&
            std::none_of(observation.disagreeing.begin(), observation.disagreeing.end(),
                         says_the_same)) {
          observation.disagreeing.push_back(other);
        }
      }
    }
  }
  return merged;
}

}  // namespace brokenpipe
