#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace brokenpipe {

/// What goes into a guest.
struct InitramfsContents {
  std::filesystem::path probe;                 ///< becomes /init
  std::vector<std::filesystem::path> modules;  ///< decompressed .ko, in the order of loading
  std::vector<std::string> arguments;          ///< of the probe: /brokenpipe/arguments, a line each
};

/// A newc cpio archive, the same bytes for the same contents on every machine: no times, owners
/// or inode numbers of this one. /modules/NN-name.ko keep the order of loading.
std::string initramfs(const InitramfsContents& contents);

/// The files of `wanted` (module names such as `tcp_diag`) and of all that they depend on,
/// decompressed below `cache`, in the order in which they must be loaded. A module that is built
/// in or that the kernel does not have is left out.
std::vector<std::filesystem::path> resolve_modules(const std::filesystem::path& modules,
                                                   const std::vector<std::string>& wanted,
                                                   const std::filesystem::path& cache);

}  // namespace brokenpipe
