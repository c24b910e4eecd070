#pragma once

#include <vector>

#include "probes/frame/record.h"
#include "probes/frame/scenario.h"

/// Running scenarios, so that none disturbs the next, or whoever started the probe.
namespace probe {

/// `warp`: idle time costs nothing here, so kernel timeouts run at full length. `real`: they are
/// shortened where a scenario says by which sysctl.
enum class Clock { warp, real };

struct RunOptions {
  Clock clock = Clock::real;
  /// How many scenarios at once.
  size_t jobs = 1;
  /// We are /init of a guest, or as good as that: sysctls are set in the first network namespace,
  /// where old kernels have all of theirs, and put back. On somebody's host they are set in a
  /// network namespace of the scenario's own, or not at all; mounts are made in a mount namespace
  /// of its own; what would stay on the machine is not done. Only the modules that the kernel loads
  /// when asked for a protocol remain.
  bool machine_is_ours = false;
};

/// Whether what the kernel itself reports is among the steps of a scenario: where the machine is
/// ours, and one scenario runs at a time.
bool hears_kernel_log(const RunOptions& options);

/// Runs scenarios, each in a process of its own with a deadline: whatever it does, the next one
/// runs. One during which the machine was paused, as the real clock shows, is run again, and broken
/// where that comes to nothing three times. Writes a begin record and an observation record for
/// each, in the given order if one runs at a time.
void run_scenarios(const std::vector<const Scenario*>& chosen, const RunOptions& options,
                   RecordWriter& records);

}  // namespace probe
