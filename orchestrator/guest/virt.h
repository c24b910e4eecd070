#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/guest/confinement.h"
#include "orchestrator/guest/hypervisor.h"

/// Virtual machines in earnest: the Hypervisor that is no fake.
namespace brokenpipe {

/// The URI of libvirt's QEMU driver inside this process: no daemon, and a root folder that is made
/// for this process and removed with it.
inline constexpr const char* embedded_uri = "qemu:///embed";

/// QEMU guests by libvirt. At most one object with `embedded_uri` in a process' life (libvirt keeps
/// the first root it was given); call supervise() before it is made, or no one ends its guests when
/// this process is killed. Its guests must be gone before it.
class Virt final : public Hypervisor {
 public:
  /// Connects. `uri` is `embedded_uri`, or any URI of libvirt's for this machine. What libvirt
  /// finds out about QEMU (some seconds of work) is kept below `cache` for the next run. With
  /// `embedded_uri` the PATH of this process gets a folder in which QEMU's name is that of a
  /// program which puts walls around it (confinement.h). Throws Error where that cannot be done,
  /// and where libvirt, its QEMU driver or the daemon that the URI asks for is missing, and
  /// UsageError for a URI of another machine, whose serial ports would write into its own files.
  Virt(const std::string& uri, const std::filesystem::path& cache);
  ~Virt() override;
  Virt(const Virt&) = delete;
  Virt& operator=(const Virt&) = delete;
  Virt(Virt&&) = delete;
  Virt& operator=(Virt&&) = delete;

  std::unique_ptr<Guest> start(const BootSpec& spec) override;
  std::string command_line(const BootSpec& spec) override;
  std::string qemu_version() override;
  std::string libvirt_version() override;

  /// What stands between QEMU and this machine; none where a daemon sees to that.
  const std::optional<Confinement>& confinement() const;

  /// Starts a guest from a domain XML of the caller's own.
  std::unique_ptr<Guest> start_domain(const std::string& xml);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace brokenpipe
