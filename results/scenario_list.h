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

/// A module of the kernel by which it has a feature.
struct FeatureModule {
  std::string name;
  bool in_cloud_kernels = true;  ///< whether guests with Debian's cloud kernels load it, too
};

/// What scenarios may need of a kernel, as the probe's entry for it has it.
struct FeatureInfo {
  std::string name;
  std::vector<FeatureModule> modules;
  std::vector<std::string> kconfig;  ///< symbols that must all be set; `A|B`: one of them
};

struct ScenarioList {
  std::string probe_version;
  std::vector<ScenarioInfo> scenarios;
  std::map<std::string, Story> stories = {};
  std::vector<FeatureInfo> features = {};  ///< sorted by name
};

/// Runs `probe --list`. Throws Error where the probe does not run or says something else.
ScenarioList list_scenarios(const std::filesystem::path& probe);

/// The scenarios whose id matches one of the globs (fnmatch(3), `*` crosses slashes); all of them
/// for no glob. A glob that matches nothing is a UsageError that names near ids.
std::vector<ScenarioInfo> select_scenarios(const ScenarioList& list,
                                           const std::vector<std::string>& globs);

/// The modules that a guest needs for these scenarios, in the order of their features.
std::vector<FeatureModule> modules_for(const ScenarioList& list,
                                       const std::vector<ScenarioInfo>& scenarios);

}  // namespace brokenpipe
