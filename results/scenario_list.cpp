// A probe's own list of its scenarios, read and chosen from.
#include "results/scenario_list.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>

#include "results/base/error.h"
#include "results/base/json_file.h"
#include "results/base/json_parse.h"
#include "results/base/near.h"
#include "results/base/run_command.h"

namespace brokenpipe {
namespace {

ScenarioInfo scenario_from(const JsonPlace& place) {
  return {place.at("id").text(), place.at("asks").text(), place.at("grounds").texts(),
          place.at("needs").texts(), place.at("story").text()};
}

Story story_from(const JsonPlace& place) {
  return {place.at("opening").text(), place.at("rules").texts(), place.at("closing").text()};
}

FeatureInfo feature_from(const JsonPlace& place) {
  FeatureInfo feature{place.at("name").text(), {}, place.at("kconfig").texts()};
  for (const JsonPlace& module : place.at("modules").items())
    feature.modules.push_back({module.at("name").text(), module.at("in_cloud_kernels").boolean()});
  return feature;
}

}  // namespace

ScenarioList list_scenarios(const std::filesystem::path& probe) {
  const std::string doing = "asking the probe for its scenarios";
  const CommandResult listed = run_command({probe.string(), "--list"});
  if (listed.exit_status != 0) throw Error(doing, listed.err, "Is " + probe.string() + " whole?");
  const auto parsed = parse_json(listed.out);
  if (const auto* fault = std::get_if<JsonFault>(&parsed))
    throw Error(doing, fmt::format("{}, at byte {}", fault->what, fault->byte),
                "Is " + probe.string() + " of the same build?");
  const JsonPlace root(std::get<nlohmann::json>(parsed), probe.string() + " --list");
  ScenarioList list{root.at("version").text(), {}, {}, {}};
  for (const JsonPlace& item : root.at("scenarios").items())
    list.scenarios.push_back(scenario_from(item));
  const JsonPlace stories = root.at("stories");
  if (!stories.value().is_object()) stories.fail("not an object");
  for (const auto& [key, story] : stories.value().items())
    list.stories[key] = story_from(stories.at(key));
  for (const JsonPlace& item : root.at("features").items())
    list.features.push_back(feature_from(item));
  return list;
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
