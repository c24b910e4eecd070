#include "orchestrator/site/pages.h"

#include <map>
#include <set>

#include "orchestrator/site/change_points.h"
#include "orchestrator/site/page_parts.h"

/// The page of the changes of the kernel.
namespace brokenpipe {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json changes_data(const SiteModel& model) {
  struct Shows {
    std::vector<std::string> scenarios;
    std::set<std::string> kernels;
  };
  std::map<std::string, Shows> shows;
  for (const ScenarioInfo& scenario : model.scenarios)
    for (const auto& [id, kernels] : changes_shown(model, scenario.id)) {
      shows[id].scenarios.push_back(scenario.id);
      shows[id].kernels.insert(kernels.begin(), kernels.end());
    }
  Json data;
  data["reference"] = model.reference.kernel.id;
  data["changes"] = Json::array();
  for (const Change& change : model.changes.changes) {
    const Shows& here = shows[change.id];
    Json item = change_data(change);
    item["scenarios"] = scenario_links(here.scenarios);
    item["how_many"] = counted(here.scenarios.size(), "scenario");
    item["few"] = here.scenarios.size() <= 8;
    item["kernels"] = kernel_links(model, here.kernels);
    item["shows"] = !here.scenarios.empty();
    data["changes"].push_back(std::move(item));
  }
  return data;
}

}  // namespace brokenpipe
