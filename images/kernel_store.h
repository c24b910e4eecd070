#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "images/catalogue.h"
#include "images/kernel_packages.h"
#include "images/store_folder.h"
#include "images/stored_kernel.h"

/// Kernels on this machine: fetched through apt (resolved, downloaded and verified by it, in a
/// private root), unpacked, and kept by the hash of what they are.
namespace brokenpipe {

class Apt;

struct KernelRequest {
  CatalogueEntry entry;
  std::string point_release;  ///< empty: whichever is newest
};

/// Whether a newer point release than the stored one is wanted.
enum class Freshness { stored_is_enough, newest_on_offer };

/// Options of a store, all from the command line.
struct StoreOptions {
  std::filesystem::path root;     ///< $XDG_CACHE_HOME/brokenpipe/store unless --store
  std::string mirror;             ///< empty: the one that the machine's apt configuration names
  std::filesystem::path keyring;  ///< empty: the distribution's own
  std::function<void(const std::string&)> progress;  ///< a line for people, on stderr
};

/// Safe to use from several threads and from several processes on one root, whose layout is
/// StoreFolder's.
class KernelStore {
 public:
  explicit KernelStore(StoreOptions options);

  /// All point releases on offer for each entry, newest first. Empty where the mirror does not
  /// offer the series any more, and for the archive's entries without a mirror named. Throws Error
  /// where the mirror cannot be reached or its signature does not verify.
  std::vector<std::vector<Offer>> offers(const std::vector<CatalogueEntry>& entries);

  /// The newest stored kernel of an entry, or of the exact point release; nothing where it was
  /// not fetched yet. Touches no network.
  std::optional<StoredKernel> find(const CatalogueEntry& entry,
                                   const std::string& point_release) const;

  /// The kernels asked for, in their order, fetched where the store does not have them; all
  /// downloads of a call are one. Nothing where the mirror does not offer one. With all of them
  /// stored, and that being enough, no network is touched; but a store of old is looked through
  /// once for configurations, and what the mirror still has of these is fetched. Where that fails,
  /// `progress` hears of it, and what is stored is enough. Throws Error as offers() does, and where
  /// the store cannot be written.
  ///
  /// All files of what is answered have been read and are as they were unpacked (of a store of old:
  /// the image is; the hashes of the others are kept from then on). A kernel that is not is none,
  /// and fetched again; Error, with the file's name, where that cannot be.
  std::vector<std::optional<StoredKernel>> fetch(const std::vector<KernelRequest>& requests,
                                                 Freshness freshness);

  /// The changelog of the kernel's source package, of this point release or a later one of the
  /// series, fetched where the store does not have it. Nothing where no package on offer holds it:
  /// from 6.19 on it lies in linux-base-..., which leaves the index before the kernel does. Throws
  /// Error as fetch() does.
  std::optional<std::string> changelog(const CatalogueEntry& entry,
                                       const std::string& point_release);

  /// A bzImage, a vmlinux or a linux-image .deb of the user's. Throws Error where it is none.
  StoredKernel open_file(const std::filesystem::path& file);

  const std::filesystem::path& root() const { return folder_.root(); }

 private:
  struct Damaged;
  class SetAside;

  bool is_reachable(const CatalogueEntry& entry) const;
  std::string passed_over() const;
  std::vector<Damaged> take_damaged(std::vector<std::optional<StoredKernel>>& kernels) const;
  void fetch_missing(const std::vector<KernelRequest>& requests, Freshness freshness,
                     std::vector<std::optional<StoredKernel>>& kernels) const;
  Apt apt(bool archive) const;
  std::vector<std::optional<StoredKernel>> find_all(
      const std::vector<KernelRequest>& requests) const;
  void fetch_where(bool archive, const std::vector<KernelRequest>& requests, Freshness freshness,
                   std::vector<std::optional<StoredKernel>>& kernels,
                   const std::function<bool(const std::optional<StoredKernel>&)>& wanted) const;
  std::vector<std::optional<StoredKernel>> fetch_group(bool archive,
                                                       const std::vector<KernelRequest>& requests,
                                                       Freshness freshness) const;
  std::vector<std::optional<StoredKernel>> fetch_from(const Apt& apt,
                                                      const std::vector<KernelRequest>& requests,
                                                      Freshness freshness) const;

  StoreOptions options_;
  StoreFolder folder_;
};

}  // namespace brokenpipe
