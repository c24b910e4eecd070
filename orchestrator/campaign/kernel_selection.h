#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "images/catalogue.h"
#include "images/stored_kernel.h"

/// From the words of a command line to kernels.
namespace brokenpipe {

/// One kernel that somebody asked for on the command line.
struct KernelChoice {
  std::string id;                       ///< as in results: `debian-6.12.107`, `host`, a file's name
  std::optional<CatalogueEntry> entry;  ///< of the catalogue, or
  std::filesystem::path file;           ///< a bzImage, vmlinux or .deb, or neither: the host
  std::string point_release;            ///< `6.12.107`; empty for the newest

  bool is_host() const { return !entry && file.empty(); }
};

/// A point release of an entry, under its own id: `debian-6.12.107-rt` for 6.12.107 of
/// `debian-6.12-rt`.
KernelChoice point_release_of(const CatalogueEntry& entry, const std::string& point_release);

/// What the KERNEL words ask for: catalogue ids, point releases of them, globs over ids, paths,
/// `host`; the default matrix for no word. Throws UsageError, with near ids, for what is none.
std::vector<KernelChoice> select_kernels(const Catalogue& catalogue,
                                         const std::vector<std::string>& words);

/// The ids of what was asked for, in that order.
std::vector<std::string> ids_of(const std::vector<KernelChoice>& choices);

/// Why a mirror may not have it, for people.
std::string not_offered_because(const CatalogueEntry& entry);

/// A kernel that is here, under the id that somebody asked for.
struct ReadyKernel {
  std::string id;
  std::optional<StoredKernel> stored;  ///< nothing: the host
};

}  // namespace brokenpipe
