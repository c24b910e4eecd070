#pragma once

#include <filesystem>

#include "results/base/unique_fd.h"

/// Where libvirt keeps its files when it has no daemon.
namespace brokenpipe {

/// The folder in which libvirt's embedded QEMU driver keeps its sockets, logs and pid files. One
/// process owns it, by a lock; it is removed with the object.
class EmbedRoot {
 public:
  /// Makes a root below $XDG_RUNTIME_DIR, or /tmp where that is absent or too long for the socket
  /// paths that libvirt makes of it (sun_path ends at 107 bytes). First the roots that killed
  /// processes left behind are removed, and their guests ended. `cache` is where the capabilities
  /// that libvirt has probed are kept from run to run.
  explicit EmbedRoot(const std::filesystem::path& cache);
  ~EmbedRoot();
  EmbedRoot(const EmbedRoot&) = delete;
  EmbedRoot& operator=(const EmbedRoot&) = delete;
  EmbedRoot(EmbedRoot&&) = delete;
  EmbedRoot& operator=(EmbedRoot&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path cache_;
  std::filesystem::path path_;
  UniqueFd lock_;
};

/// Removes the roots that killed processes left behind, and ends their guests. Throws Error where
/// that cannot be.
void sweep_embed_roots();

}  // namespace brokenpipe
