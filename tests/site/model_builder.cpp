#include "tests/site/model_builder.h"

#include <algorithm>
#include <utility>

#include "tests/site/reference_builder.h"

namespace brokenpipe {

namespace {

Change nothing(const std::string& id, const KernelVersion& mainline) {
  Change change;
  change.id = id;
  change.mainline = mainline;
  change.commit = "c";
  change.subject = "s";
  return change;
}

}  // namespace

Change change(const std::string& id, const KernelVersion& mainline, const Move& move) {
  Change change = nothing(id, mainline);
  change.moves = {move};
  return change;
}

Change introduction(const std::string& id, const KernelVersion& mainline, Observation answer,
                    std::optional<KernelVersion> recorded_on) {
  Change change = nothing(id, mainline);
  answer.basis = recorded_on ? Basis::recorded : Basis::derived;
  for (Step& step : answer.steps) step.basis = answer.basis;
  change.introduces = {{std::move(answer), recorded_on}};
  return change;
}

Change removal(const std::string& id, const KernelVersion& mainline, const std::string& glob) {
  Change change = nothing(id, mainline);
  change.removes = {glob};
  return change;
}

SiteModel model_of(std::vector<Observation> reference,
                   const std::vector<std::pair<std::string, std::vector<Observation>>>& kernels,
                   Changes changes) {
  SiteModel model;
  model.reference = as_reference(result("3.16.0", std::move(reference)));
  model.changes = std::move(changes);
  for (const auto& [release, observations] : kernels) {
    SiteKernel kernel;
    kernel.report.result = packaged(result(release, observations));
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
