#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// The scenarios of a probe binary, as it lists them itself.
namespace brokenpipe {

/// What a reader has to know of the kernel to follow some scenarios.
struct Story {
  std::string opening;
  std::vector<std::string> rules;
  std::string closing;
};

struct ScenarioInfo {
  std::string id;
  std::string asks;
  std::vector<std::string> grounds;
  std::vector<std::string> needs;
  std::string story = {};  ///< its key in ScenarioList::stories, which may lack it
};

struct ScenarioList {
  std::string probe_version;
  std::vector<ScenarioInfo> scenarios;
  std::map<std::string, Story> stories = {};
};

/// Runs `probe --list`. Throws Error where the probe does not run or says something else.
ScenarioList list_scenarios(const std::filesystem::path& probe);

/// The scenarios whose id matches one of the globs (fnmatch(3), `*` crosses slashes); all of them
/// for no glob. A glob that matches nothing is a UsageError that names near ids.
std::vector<ScenarioInfo> select_scenarios(const ScenarioList& list,
                                           const std::vector<std::string>& globs);

/// Up to three of `candidates` that somebody who typed `typed` may have meant, nearest first.
std::vector<std::string> near(const std::string& typed, const std::vector<std::string>& candidates);

}  // namespace brokenpipe
