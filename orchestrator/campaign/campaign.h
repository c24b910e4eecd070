#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "images/kernel_store.h"
#include "orchestrator/campaign/earlier_result.h"
#include "orchestrator/campaign/kernel_run.h"
#include "orchestrator/campaign/kernel_selection.h"
#include "orchestrator/campaign/progress.h"
#include "orchestrator/guest/hypervisor.h"
#include "results/run_directory.h"

/// Many kernels into one run directory.
namespace brokenpipe {

/// A run directory below `out`, named by the time, for these kernels. `command_line` is kept in it.
RunDirectory new_run(const std::filesystem::path& out, const std::vector<KernelChoice>& kernels,
                     const std::vector<std::string>& command_line);

/// What a run that was interrupted still has to do: all that is not done, and what another probe
/// has answered, for one run holds the answers of one probe.
std::vector<KernelChoice> left_to_do(const RunDirectory& directory, const ProbeIdentity& probe,
                                     std::vector<KernelChoice> choices);

/// Fetches what is missing. What cannot be had is marked in the run directory (not offered, or
/// failed with the reason) and left out. `modules` replaces the modules of local files.
std::vector<ReadyKernel> make_ready(KernelStore& store, const std::vector<KernelChoice>& choices,
                                    Freshness freshness, const std::filesystem::path& modules,
                                    RunDirectory& directory, Progress& progress);

struct CampaignOptions {
  GuestOrder order;
  unsigned jobs = 1;    ///< guests at once
  unsigned repeat = 1;  ///< runs of each kernel, merged by merge_repeats()
  /// Where earlier runs lie whose results are taken over by earlier_result(). Nothing: run
  /// everything afresh.
  std::optional<std::filesystem::path> earlier_runs;
  /// Whether an earlier result is good enough to be taken over. Empty: every one is.
  std::function<bool(const RunResult&)> good_enough;
  /// Gets the guests' logs as they come.
  std::function<void(std::string_view)> console;
};

/// Runs the kernels and keeps each result in `directory` as soon as it is there. `hypervisor` is
/// called, by several threads, when the first guest is to be started or an earlier result taken
/// over. Returns early when `stop` is requested: what was done is kept.
void run_campaign(const std::function<Hypervisor&()>& hypervisor,
                  const std::vector<ReadyKernel>& kernels, const CampaignOptions& options,
                  RunDirectory& directory, Progress& progress, const std::stop_token& stop);

}  // namespace brokenpipe
