#include <algorithm>

#include "orchestrator/site/pages.h"
#include "orchestrator/site/pictures/heat_map.h"
#include "orchestrator/site/pictures/state_diagram.h"

/// The page of the pictures of one kernel, or of the reference.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json pictures_data(const SiteModel& model, const SiteKernel* shown, const std::string& page) {
  const auto href = [&](const std::string& scenario) {
    const bool known = std::any_of(model.scenarios.begin(), model.scenarios.end(),
                                   [&](const ScenarioInfo& info) { return info.id == scenario; });
    return known ? root_of(page) + scenario_page(scenario) : std::string();
  };
  const KernelReport* report = shown == nullptr ? nullptr : &shown->report;
  const std::string& reference = model.reference.kernel.id;
  Json data{{"of", shown == nullptr ? reference : shown->id()},
            {"is_kernel", shown != nullptr},
            {"reference", reference},
            {"diagram", state_diagram(model.reference, report, href)},
            {"heat_map", heat_map(model.reference, report, href)}};
  data["choices"] =
      Json::array({{{"id", reference}, {"page", "pictures.html"}, {"current", shown == nullptr}}});
  for (const SiteKernel& kernel : model.kernels)
    data["choices"].push_back(
        {{"id", kernel.id()}, {"page", pictures_page(kernel.id())}, {"current", shown == &kernel}});
  return data;
}

}  // namespace brokenpipe
