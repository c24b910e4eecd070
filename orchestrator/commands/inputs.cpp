#include "orchestrator/commands/inputs.h"

#include "results/base/error.h"
#include "results/base/paths.h"

namespace brokenpipe {
namespace fs = std::filesystem;

RunResult read_reference(const std::string& against) {
  return read_run_result(against.empty() ? shipped("reference/linux-3.16.json")
                                         : fs::path(against));
}

Changes known_changes() {
  return read_changes(shipped("changes.json"));
}

WaiversOn known_waivers() {
  return {read_waivers(shipped("waivers.json")), today()};
}

fs::path default_runs_directory() {
  return state_directory() / "runs";
}

std::optional<RunDirectory> find_run(const std::string& name) {
  for (const fs::path& folder : {fs::path(name), default_runs_directory() / name}) {
    if (RunDirectory::is_one(folder)) return RunDirectory::open(folder);
  }
  return std::nullopt;
}

RunDirectory open_run(const std::string& name) {
  if (auto run = find_run(name)) return *std::move(run);
  throw UsageError("no run '" + name + "': neither a run's folder nor the id of one below " +
                   default_runs_directory().string());
}

}  // namespace brokenpipe
