// A probe's records become a result.
#include "orchestrator/campaign/collector.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "orchestrator/campaign/evidence.h"

namespace brokenpipe {

void Collector::take(GuestRecord&& record) {
  if (auto* probe = std::get_if<ProbeRecord>(&record)) {
    keep(std::move(*probe));
  } else if (const auto* begin = std::get_if<BeginRecord>(&record)) {
    if (events_.scenario) events_.scenario(result_.observations.size(), begin->scenario);
  } else if (auto* seen = std::get_if<Observation>(&record)) {
    keep(std::move(*seen));
  }
}

void Collector::keep(ProbeRecord&& probe) {
  result_.kernel.release = std::move(probe.release);
  result_.kernel.version = std::move(probe.kernel_version);
  result_.kernel.machine = std::move(probe.machine);
  result_.probe.version = std::move(probe.version);
  result_.guest.kernel_log = probe.kernel_log;
  result_.guest.modules_failed = std::move(probe.modules_failed);
}

// A probe runs some scenarios last, whatever they are called.
void Collector::keep(Observation&& seen) {
  explain(seen);
  auto& all = result_.observations;
  const auto place = std::upper_bound(
      all.begin(), all.end(), seen,
      [](const Observation& a, const Observation& b) { return a.scenario < b.scenario; });
  all.insert(place, std::move(seen));
}

// Where no errno says that the kernel lacks the feature, the probe does not know why.
void Collector::explain(Observation& seen) const {
  if (seen.ending != ScenarioEnding::unsupported || !seen.proof.empty()) return;
  std::string why;
  if (const auto lacks = result_.lacks.find(seen.feature); lacks != result_.lacks.end()) {
    why = lacks->second;
  } else {
    for (const FeatureInfo& feature : order_.features) {
      if (feature.name == seen.feature) why = why_not_loaded(feature, kernel_, result_.guest);
    }
  }
  if (!why.empty()) seen.reason += "; " + why;
}

}  // namespace brokenpipe
