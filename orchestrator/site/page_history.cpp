#include "orchestrator/site/pages.h"

#include <algorithm>
#include <set>

#include "orchestrator/site/page_parts.h"
#include "results/describe.h"

/// The page of the nights on which kernels were run.
namespace brokenpipe {

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json history_data(const SiteModel& model, const History& history) {
  std::set<std::string> kernels;
  for (const Night& night : history.nights)
    for (const NightKernel& kernel : night.kernels) kernels.insert(kernel.kernel);
  Json data;
  // In the matrix's order; a kernel is on a night only if it has a result, so it is there too.
  std::vector<std::string> columns;
  for (const SiteKernel& kernel : model.kernels)
    if (kernels.contains(kernel.id())) columns.push_back(kernel.id());
  data["kernels"] = kernel_links(model, columns);
  data["nights"] = Json::array();
  std::string truth;
  for (const Night& night : history.nights) {
    Json cells = Json::array();
    for (const std::string& id : columns) {
      const auto kernel =
          std::find_if(night.kernels.begin(), night.kernels.end(),
                       [&, &wanted = id](const NightKernel& k) { return k.kernel == wanted; });
      if (kernel == night.kernels.end())
        cells.push_back({{"run", false}});
      else
        cells.push_back({{"run", true},
                         {"digest", kernel->digest.substr(0, 8)},
                         {"whole_digest", kernel->digest},
                         {"release", kernel->release},
                         {"changes", kernel->changes == 0 ? std::string()
                                                          : counted(kernel->changes, "change")}});
    }
    data["nights"].push_back({{"night", night.run},
                              {"started", night.started},
                              {"digest", night.digest.substr(0, 12)},
                              {"whole_digest", night.digest},
                              {"same", night.digest == truth},
                              {"added", night.added == 0 ? "" : counted(night.added, "scenario")},
                              {"gone", night.gone == 0 ? "" : counted(night.gone, "scenario")},
                              {"cells", cells}});
    truth = night.digest;
  }
  std::reverse(data["nights"].begin(), data["nights"].end());
  data["changes"] = Json::array();
  for (const NightChange& change : history.changes)
    data["changes"].push_back({{"night", change.night},
                               {"before", change.before},
                               {"kernel", change.kernel},
                               {"kernel_page", kernel_page(change.kernel)},
                               {"scenario", scenario_link(change.scenario)},
                               {"step", change.step},
                               {"from", describe_seen(change.from)},
                               {"to", describe_seen(change.to)},
                               {"from_release", change.from_release},
                               {"to_release", change.to_release},
                               {"same_kernel", change.same_kernel},
                               {"probe_changed", change.probe_changed}});
  data["has_changes"] = !history.changes.empty();
  data["steadiness"] = Json::array();
  std::size_t steady = 0;
  for (const ScenarioHistory& scenario : by_flips(history.scenarios)) {
    if (scenario.flips == 0) {
      ++steady;
      continue;
    }
    data["steadiness"].push_back({{"scenario", scenario_link(scenario.scenario)},
                                  {"flips", scenario.flips},
                                  {"nights", scenario.nights},
                                  {"streak", scenario.streak},
                                  {"last_flip", scenario.last_flip}});
  }
  data["has_flips"] = !data["steadiness"].empty();
  data["steady"] = counted(steady, "scenario");
  return data;
}

}  // namespace brokenpipe
