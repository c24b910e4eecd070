#include "tests/site/model_builder.h"

#include <algorithm>

namespace brokenpipe {

Change change(const std::string& id, const KernelVersion& mainline, const Move& move) {
  return {id, "", mainline, {}, {}, "c", "s", "", {move}};
}

SiteModel model_of(std::vector<Observation> reference,
                   const std::vector<std::pair<std::string, std::vector<Observation>>>& kernels,
                   Changes changes) {
  SiteModel model;
  model.reference = result("3.16.0", std::move(reference));
  model.changes = std::move(changes);
  for (const auto& [release, observations] : kernels) {
    SiteKernel kernel;
    kernel.report.result = result(release, observations);
    kernel.report.plan = {"debian-" + release, KernelState::done, ""};
    kernel.latest = kernel.report.plan;
    kernel.report.result->kernel.id = kernel.id();
    kernel.report.diff = diff(model.reference, kernel.result(), model.changes);
    for (const Observation& observation : observations)
      if (std::none_of(model.scenarios.begin(), model.scenarios.end(),
                       [&](const auto& s) { return s.id == observation.scenario; }))
        model.scenarios.push_back({observation.scenario, "?", {}, {}});
    model.kernels.push_back(std::move(kernel));
  }
  return model;
}

}  // namespace brokenpipe
