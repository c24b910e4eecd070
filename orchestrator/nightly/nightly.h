#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "orchestrator/campaign/campaign.h"
#include "orchestrator/nightly/night_report.h"

/// A night's work: what is new on the mirror is run, what is known is taken over, all is held
/// against the last night, and the nights that are kept are made public.
namespace brokenpipe {

struct NightOptions {
  /// Holds `runs/<run-id>`, a folder a night; `unexplained.json`, what the last night left
  /// unexplained; `lock`, held by the night at work; `removed`, what a killed night left of one
  /// that was no longer to be kept.
  std::filesystem::path state;
  /// Nights, this one included; beyond them those that hold the newest result of some kernel.
  unsigned keep = 1;
  WaiversOn waivers;         ///< for what is not asked
  CampaignOptions campaign;  ///< what is taken over is the night's own affair
  std::vector<std::string> command_line;
  /// Makes the runs, oldest first, public; not called where none has a result. Empty: they are
  /// not.
  std::function<void(const std::vector<RunDirectory>&)> publish;
};

/// Goes on with the last night where that was killed, else begins one. Throws Error where another
/// night is at work on the same state, where the mirror cannot be reached, and as KernelStore and
/// run_campaign() do; what was done until then is kept, and the next night takes it up.
NightReport run_night(const std::function<Hypervisor&()>& hypervisor, KernelStore& store,
                      const std::vector<KernelChoice>& kernels, const RunResult& reference,
                      const Changes& changes, const NightOptions& options, Progress& progress,
                      const std::stop_token& stop);

}  // namespace brokenpipe
