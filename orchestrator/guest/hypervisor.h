#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

/// Where the outside world of virtual machines begins: what to boot, and the one interface
/// through which it is booted. orchestrator/guest/virt.h implements it with libvirt; the tests have
/// fakes in tests/support.
namespace brokenpipe {

enum class Clock { warp, real };
enum class Accelerator { tcg, kvm };

/// As results, options and the probe call it.
constexpr std::string_view to_string(Clock clock) {
  return clock == Clock::warp ? "warp" : "real";
}
constexpr std::string_view to_string(Accelerator accelerator) {
  return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

/// One way to boot a kernel. The ladder (boot_ladder() in orchestrator/guest/boot.h) tries them in
/// order until one comes up.
struct BootVariant {
  std::string name;  ///< as it stands in results: `pvh`, `bzimage`, `bzimage-noacpi`...
  bool decompressed = true;
  bool acpi = true;
  std::string extra_cmdline;
};

/// A guest, completely described. Pure data: the same spec is the same guest.
struct BootSpec {
  std::string name;  ///< of the domain; unique within a run
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::string cmdline;
  bool acpi = true;
  Clock clock = Clock::warp;
  Accelerator accelerator = Accelerator::tcg;
  unsigned memory_mib = 256;
  std::filesystem::path console;  ///< ttyS0 goes here: the kernel's log
  std::filesystem::path records;  ///< ttyS1 goes here: the probe's framed records
};

/// A guest that was started. Its destruction ends it.
class Guest {
 public:
  virtual ~Guest() = default;
  Guest() = default;
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  Guest(Guest&&) = delete;
  Guest& operator=(Guest&&) = delete;

  /// Waits until the guest has stopped by itself, at most `limit`; whether it has.
  virtual bool wait_stopped(std::chrono::milliseconds limit) = 0;
  /// Ends the guest now. Does nothing where it has stopped already.
  virtual void destroy() = 0;
};

class Hypervisor {
 public:
  virtual ~Hypervisor() = default;
  Hypervisor() = default;
  Hypervisor(const Hypervisor&) = delete;
  Hypervisor& operator=(const Hypervisor&) = delete;
  Hypervisor(Hypervisor&&) = delete;
  Hypervisor& operator=(Hypervisor&&) = delete;

  /// Starts a guest. Safe to call from several threads. Throws Error (results/base/error.h) where
  /// the hypervisor refuses: that is ours, not the kernel's.
  virtual std::unique_ptr<Guest> start(const BootSpec& spec) = 0;
  /// The command line that start() would run, ready to be pasted into a shell.
  virtual std::string command_line(const BootSpec& spec) = 0;
  virtual std::string qemu_version() = 0;
  virtual std::string libvirt_version() = 0;
};

}  // namespace brokenpipe
