#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "images/initramfs.h"
#include "images/kernel_store.h"
#include "orchestrator/guest/boot.h"
#include "orchestrator/guest/canary.h"
#include "orchestrator/guest/guest_run.h"
#include "orchestrator/guest/hypervisor.h"
#include "results/run_result.h"
#include "results/scenario_list.h"

/// One kernel, from its image to its result.
namespace brokenpipe {

/// What every guest of a campaign is asked, and how.
struct GuestOrder {
  std::filesystem::path probe;
  ProbeIdentity identity;              ///< of the probe, with the globs it is given
  std::size_t scenarios = 0;           ///< how many those globs select
  std::vector<FeatureModule> modules;  ///< that the scenarios need
  std::vector<FeatureInfo> features;   ///< all that the probe may ask a kernel for
  std::filesystem::path cache;         ///< unpacked kernels and modules, remembered rungs
  Clock clock = Clock::warp;
  Accelerator accelerator = Accelerator::tcg;
  GuestLimits limits;
  std::string append;              ///< to the kernel's command line
  std::vector<CarriedFile> files;  ///< for a probe that runs other programs
};

/// A guest ready to be started: its files lie in `directory`.
struct PreparedGuest {
  BootSpec spec;
  std::string nonce;
  GuestRun run;  ///< planned_run()
};

/// What a result says of a guest before it is started: beside the kernel's image and the versions
/// of QEMU and libvirt all that decides what it does, if its clock is warp.
GuestRun planned_run(const GuestOrder& order, const StoredKernel& kernel,
                     const BootVariant& variant);

/// Builds the initramfs and describes the guest. `name` is the domain's.
PreparedGuest prepare_guest(const GuestOrder& order, const StoredKernel& kernel,
                            const BootVariant& variant, const std::string& name,
                            const std::filesystem::path& directory);

/// What a run tells as it goes.
struct KernelRunEvents {
  std::function<void(const std::string&)> event;  ///< a few words
  std::function<void(std::size_t done, const std::string& current)> scenario;
  std::function<void(std::string_view)> console;  ///< the guest's log as it comes
};

/// Boots the kernel, up the ladder until it comes up, and collects what the probe says. How the
/// guest ended is in the result; throws Error only for what is no behaviour of the kernel, such as
/// a guest that says it is another kernel than the one in the store.
RunResult run_kernel(Hypervisor& hypervisor, const GuestOrder& order, const StoredKernel& kernel,
                     const std::filesystem::path& console, const KernelRunEvents& events,
                     const std::stop_token& stop);

/// Whether KVM boots this kernel here, by booting it: kvm_verdict().
KvmVerdict try_kvm(Hypervisor& hypervisor, const GuestOrder& order, const StoredKernel& kernel);

/// The probe as a program on the running kernel, no guest; its clock is the real one.
RunResult run_host(const GuestOrder& order, unsigned jobs, const KernelRunEvents& events,
                   const std::stop_token& stop);

}  // namespace brokenpipe
