#include "results/scenario_list.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/base/error.h"
#include "results/base/near.h"
#include "results/base/run_command.h"

namespace brokenpipe {
namespace {

FeatureInfo feature_of(const nlohmann::json& json) {
  FeatureInfo feature{json.at("name"), {}, json.at("kconfig")};
  for (const auto& module : json.at("modules"))
    feature.modules.push_back({module.at("name"), module.at("in_cloud_kernels")});
  return feature;
}

}  // namespace

ScenarioList list_scenarios(const std::filesystem::path& probe) {
  const std::string doing = "asking the probe for its scenarios";
  const CommandResult listed = run_command({probe.string(), "--list"});
  if (listed.exit_status != 0) throw Error(doing, listed.err, "Is " + probe.string() + " whole?");
  try {
    const auto json = nlohmann::json::parse(listed.out);
    ScenarioList list{json.at("version"), {}, {}, {}};
    for (const auto& scenario : json.at("scenarios")) {
      list.scenarios.push_back({scenario.at("id"), scenario.at("asks"), scenario.at("grounds"),
                                scenario.at("needs"), scenario.at("story")});
    }
    for (const auto& [key, story] : json.at("stories").items())
      list.stories[key] = {story.at("opening"), story.at("rules"), story.at("closing")};
    for (const auto& feature : json.at("features")) list.features.push_back(feature_of(feature));
    return list;
  } catch (const nlohmann::json::exception& error) {
    throw Error(doing, error.what(), "Is " + probe.string() + " of the same build?");
  }
}

std::vector<ScenarioInfo> select_scenarios(const ScenarioList& list,
                                           const std::vector<std::string>& globs) {
  if (globs.empty()) return list.scenarios;
  const auto matches = [](const std::string& glob, const ScenarioInfo& scenario) {
    return fnmatch(glob.c_str(), scenario.id.c_str(), 0) == 0;
  };
  for (const std::string& glob : globs) {
    if (std::any_of(list.scenarios.begin(), list.scenarios.end(),
                    [&](const ScenarioInfo& scenario) { return matches(glob, scenario); })) {
      continue;
    }
    std::vector<std::string> ids;
    for (const ScenarioInfo& scenario : list.scenarios) ids.push_back(scenario.id);
    throw UsageError(
        fmt::format("no scenario '{}'.\n  {}", glob, where_to_look(glob, ids, "scenarios")));
  }
  std::vector<ScenarioInfo> selected;
  for (const ScenarioInfo& scenario : list.scenarios) {
    if (std::any_of(globs.begin(), globs.end(),
                    [&](const std::string& glob) { return matches(glob, scenario); })) {
      selected.push_back(scenario);
    }
  }
  return selected;
}

std::vector<FeatureModule> modules_for(const ScenarioList& list,
                                       const std::vector<ScenarioInfo>& scenarios) {
  const auto needed = [&](const FeatureInfo& feature) {
    return std::any_of(scenarios.begin(), scenarios.end(), [&](const ScenarioInfo& scenario) {
      return std::find(scenario.needs.begin(), scenario.needs.end(), feature.name) !=
             scenario.needs.end();
    });
  };
  std::vector<FeatureModule> modules;
  for (const FeatureInfo& feature : list.features) {
    if (!needed(feature)) continue;
    modules.insert(modules.end(), feature.modules.begin(), feature.modules.end());
  }
  return modules;
}

}  // namespace brokenpipe
