#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "orchestrator/campaign/kernel_run.h"
#include "orchestrator/campaign/kernel_selection.h"
#include "orchestrator/guest/hypervisor.h"
#include "results/run_result.h"

/// What need not be run again.
namespace brokenpipe {

/// A result of an earlier run that asking the same again would give again.
struct EarlierResult {
  RunResult result;
  std::filesystem::path console;  ///< the guest's log; may be gone
};

/// The newest one below `runs`: of the same kernel image, probe and scenarios, modules (their
/// contents), machine, command line, QEMU and libvirt, under the warp clock, whose guest got to the
/// end. One that does not say all that is none. It carries the kernel's id, whether it was asked
/// for by that or, as the newest of its series, by the catalogue's. `hypervisor` is called only
/// where all but its versions is the same. A run that is damaged is passed over, and `warn` told of
/// it.
std::optional<EarlierResult> earlier_result(const std::filesystem::path& runs,
                                            const ReadyKernel& kernel, const GuestOrder& order,
                                            const std::function<Hypervisor&()>& hypervisor,
                                            const std::function<void(const std::string&)>& warn);

}  // namespace brokenpipe
