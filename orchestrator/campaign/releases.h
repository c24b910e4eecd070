#pragma once

#include <map>
#include <string>
#include <vector>

#include "images/kernel_store.h"
#include "orchestrator/campaign/kernel_selection.h"

/// Which point releases there are, and which lie between two of them.
namespace brokenpipe {

/// The point releases of the catalogue's series, of one flavour, in the order of their versions.
class Releases {
 public:
  /// `offers` are those of `entries`, in their order.
  Releases(const std::vector<CatalogueEntry>& entries,
           const std::vector<std::vector<Offer>>& offers);

  /// A kernel in the store, which need not be on offer any more.
  void add(const CatalogueEntry& entry, const std::string& point_release);

  /// The release that somebody named: of an entry as a whole, its newest. Throws Error, with what
  /// there is, where it is not here.
  KernelChoice named(const KernelChoice& choice) const;

  /// `from`, all releases of the series of `to` between the two, and `to`.
  std::vector<KernelChoice> within(const KernelChoice& from, const KernelChoice& to) const;

  /// `from`, the newest release of its series and of each after it, and `to`.
  std::vector<KernelChoice> across(const KernelChoice& from, const KernelChoice& to) const;

 private:
  struct Series {
    CatalogueEntry entry;
    std::vector<std::string> releases;  ///< oldest first
  };

  const Series& series_of(const CatalogueEntry& entry) const;

  std::vector<Series> all_;  ///< oldest first
};

/// Whether the first is an older release than the second.
bool is_older(const KernelChoice& a, const KernelChoice& b);

}  // namespace brokenpipe
