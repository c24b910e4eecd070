#include "orchestrator/scenario_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "images/command.h"
#include "results/error.h"

namespace brokenpipe {
namespace {

// Levenshtein's distance: how many letters somebody mistyped.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

ScenarioList list_scenarios(const std::filesystem::path& probe) {
  const std::string doing = "asking the probe for its scenarios";
  const CommandResult listed = run_command({probe.string(), "--list"});
  if (listed.exit_status != 0) throw Error(doing, listed.err, "Is " + probe.string() + " whole?");
  try {
    const auto json = nlohmann::json::parse(listed.out);
    ScenarioList list{json.at("version"), {}, {}};
    for (const auto& scenario : json.at("scenarios")) {
      list.scenarios.push_back({scenario.at("id"), scenario.at("asks"), scenario.at("grounds"),
                                scenario.at("needs"), scenario.at("story")});
    }
    for (const auto& [key, story] : json.at("stories").items())
      list.stories[key] = {story.at("opening"), story.at("rules"), story.at("closing")};
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
        fmt::format("no scenario '{}'.\n  Near: {}. `brokenpipe scenarios` lists them all.", glob,
                    fmt::join(near(glob, ids), ", ")));
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

std::vector<std::string> near(const std::string& typed,
                              const std::vector<std::string>& candidates) {
  std::vector<std::pair<size_t, std::string>> ranked;
  ranked.reserve(candidates.size());
  for (const std::string& candidate : candidates) {
    ranked.emplace_back(distance(typed, candidate), candidate);
  }
  std::sort(ranked.begin(), ranked.end());
  constexpr size_t most = 3;
  ranked.resize(std::min(ranked.size(), most));
  std::vector<std::string> names;
  names.reserve(ranked.size());
  for (auto& [letters, name] : ranked) names.push_back(std::move(name));
  return names;
}

}  // namespace brokenpipe
