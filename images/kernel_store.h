#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "images/catalogue.h"

/// Kernels on this machine: fetched through apt (resolved, downloaded and verified by it, in a
/// private root), unpacked, and kept by the hash of what they are.
namespace brokenpipe {

/// A kernel that can be booted.
struct StoredKernel {
  std::string id;                       ///< of the catalogue, or the file's name
  std::string release;                  ///< `6.1.0-47-cloud-amd64`: what uname -r will say
  std::string package;                  ///< `linux-image-6.1.0-47-cloud-amd64=6.1.170-3`
  std::string version;                  ///< `6.1.170-3`; empty for a local file
  std::filesystem::path image;          ///< vmlinuz as it was shipped (bzImage) or a vmlinux
  std::string sha256;                   ///< of `image`
  std::filesystem::path modules;        ///< .../lib/modules/RELEASE; empty where there are none
  std::string modules_missing_because;  ///< empty where `modules` is not
};

/// What a mirror offers for one entry of the catalogue.
struct Offer {
  std::string package;
  std::string version;
  std::string point_release;  ///< `6.12.107`
};

/// Options of a store, all from the command line.
struct StoreOptions {
  std::filesystem::path root;     ///< $XDG_CACHE_HOME/brokenpipe/store unless --store
  std::string mirror;             ///< empty: the one that the machine's apt configuration names
  std::filesystem::path keyring;  ///< empty: the distribution's own
  std::function<void(const std::string&)> progress;  ///< a line for people, on stderr
};

/// Safe to use from several threads and from several processes on one root.
class KernelStore {
 public:
  explicit KernelStore(StoreOptions options);

  /// All point releases on offer for an entry, newest first. Empty where the mirror does not
  /// offer the series any more. Throws Error where the mirror cannot be reached or its
  /// signature does not verify.
  std::vector<Offer> offers(const CatalogueEntry& entry);

  /// The newest stored kernel of an entry, or of the exact point release; nothing where it was
  /// not fetched yet. Touches no network.
  std::optional<StoredKernel> find(const CatalogueEntry& entry, const std::string& point_release);

  /// Fetches the newest offer (or the point release named) unless it is here already.
  StoredKernel fetch(const CatalogueEntry& entry, const std::string& point_release = {});

  /// A bzImage, a vmlinux or a linux-image .deb of the user's. Throws Error where it is none.
  StoredKernel open_file(const std::filesystem::path& file);

  const std::filesystem::path& root() const { return options_.root; }

 private:
  StoreOptions options_;
};

}  // namespace brokenpipe
