#include "orchestrator/commands/report_data.h"

#include "orchestrator/paths.h"
#include "results/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;

RunResult read_reference(const std::string& against) {
  return read_run_result(against.empty() ? shipped("reference/linux-3.16.json")
                                         : fs::path(against));
}

Changes known_changes() {
  return read_changes(shipped("changes.json"));
}

RunDirectory open_run(const std::string& name) {
  const fs::path below_state = state_directory() / "runs" / name;
  for (const fs::path& folder : {fs::path(name), below_state}) {
    if (RunDirectory::is_one(folder)) return RunDirectory::open(folder);
  }
  throw UsageError("no run '" + name + "': neither a run's folder nor the id of one below " +
                   below_state.parent_path().string());
}

}  // namespace brokenpipe
