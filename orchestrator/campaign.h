#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "images/kernel_store.h"
#include "orchestrator/hypervisor.h"
#include "orchestrator/kernel_run.h"
#include "orchestrator/kernel_selection.h"
#include "orchestrator/progress.h"
#include "results/run_directory.h"

/// Many kernels into one run directory.
namespace brokenpipe {

/// A kernel that is here, under the id that somebody asked for.
struct ReadyKernel {
  std::string id;
  std::optional<StoredKernel> stored;  ///< nothing: the host
};

/// Fetches what is missing. What cannot be had is marked in the run directory (not offered, or
/// failed with the reason) and left out. `modules` replaces the modules of local files.
std::vector<ReadyKernel> make_ready(KernelStore& store, const std::vector<KernelChoice>& choices,
                                    const std::filesystem::path& modules, RunDirectory& directory,
                                    Progress& progress);

struct CampaignOptions {
  GuestOrder order;
  unsigned jobs = 1;    ///< guests at once
  unsigned repeat = 1;  ///< runs of each kernel, merged by merge_repeats()
  /// Where earlier runs lie whose results may be taken over: those of the same kernel image,
  /// probe, scenarios, clock and command line. Nothing: run everything afresh.
  std::optional<std::filesystem::path> earlier_runs;
  /// Gets the guests' logs as they come.
  std::function<void(std::string_view)> console;
};

/// Runs the kernels and keeps each result in `directory` as soon as it is there. `hypervisor` is
/// called when the first guest is to be started. Returns early when `stop` is requested: what was
/// done is kept.
void run_campaign(const std::function<Hypervisor&()>& hypervisor,
                  const std::vector<ReadyKernel>& kernels, const CampaignOptions& options,
                  RunDirectory& directory, Progress& progress, const std::stop_token& stop);

}  // namespace brokenpipe
