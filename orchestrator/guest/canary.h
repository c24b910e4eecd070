#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "orchestrator/guest/hypervisor.h"

/// Finding out whether KVM can be used here.
namespace brokenpipe {

/// The guest that is booted to see whether KVM can: an ordinary one, with the probe as its init.
struct Canary {
  BootSpec spec;       ///< its clock and accelerator are set here
  std::string nonce;   ///< the one in `spec.cmdline`
  std::string kernel;  ///< SHA-256 of the kernel image
};

struct KvmVerdict {
  bool usable = false;
  std::string why;  ///< a sentence for people, of either verdict
};

/// Whether KVM really boots a kernel here. Neither /dev/kvm's presence nor what its ioctls answer
/// tells: there are machines (nested ones above all) where everything works but the guest never
/// prints, or QEMU aborts. So the canary is booted, unless `device` cannot be opened anyway, and
/// must send its first record within `deadline`.
///
/// A verdict is kept in `cache` with what it depends on (the host's kernel, the device's number and
/// mode, QEMU's version, the canary's kernel) and holds until one of these changes.
KvmVerdict kvm_verdict(Hypervisor& hypervisor, const Canary& canary,
                       const std::filesystem::path& cache,
                       std::chrono::milliseconds deadline = std::chrono::seconds(10),
                       const std::filesystem::path& device = "/dev/kvm");

}  // namespace brokenpipe
