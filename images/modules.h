#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Which module files a guest loads, and in which order.
namespace brokenpipe {

/// The files of `wanted` (module names such as `tcp_diag`) and of all that they depend on,
/// decompressed below `cache`, in the order in which they must be loaded: dependencies (and soft
/// ones that load before) first, each once. A module that is built in or that the kernel does not
/// have is left out; so is everything where `modules` is empty. Throws Error where a module is
/// damaged.
///
/// `modules` is a .../lib/modules/RELEASE. Its indexes (modules.dep) are not read, for Debian's
/// packages have none before depmod(8) ran: each module's own `depends` and `softdep` are. An
/// alias that a soft dependency names (`crc32c`, which is crc32c_intel) is no module, and left out.
std::vector<std::filesystem::path> resolve_modules(const std::filesystem::path& modules,
                                                   const std::vector<std::string>& wanted,
                                                   const std::filesystem::path& cache);

/// Whether a module is part of the kernel's image, by modules.builtin, which packages have. Not
/// known to be where `modules` is empty.
bool is_built_in(const std::filesystem::path& modules, const std::string& name);

}  // namespace brokenpipe
