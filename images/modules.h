#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "images/file_hashes.h"

/// Which module files a guest loads, and in which order.
namespace brokenpipe {

/// A module as a guest gets it.
struct KernelModule {
  std::string name;     ///< of its file: `tcp_diag.ko`
  std::string content;  ///< decompressed
};

/// `wanted` (module names such as `tcp_diag`) and all that they depend on, in the order in which
/// they must be loaded: dependencies (and soft ones that load before) first, each once. A module
/// that is built in or that the kernel does not have is left out; so is everything where `modules`
/// is empty. Throws Error where a module is damaged, or is not what it was in `hashes`.
///
/// `modules` is a .../lib/modules/RELEASE. Its indexes (modules.dep) are not read, for Debian's
/// packages have none before depmod(8) ran: each module's own `depends` and `softdep` are. An
/// alias that a soft dependency names (`crc32c`, which is crc32c_intel) is no module, and left out.
std::vector<KernelModule> resolve_modules(const std::filesystem::path& modules,
                                          const std::vector<std::string>& wanted,
                                          const FileHashes& hashes);

/// Whether a module is part of the kernel's image, by modules.builtin, which packages have. Not
/// known to be where `modules` is empty.
bool is_built_in(const std::filesystem::path& modules, const std::string& name);

}  // namespace brokenpipe
