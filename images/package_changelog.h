#pragma once

#include <optional>
#include <string>

#include "images/apt.h"
#include "images/catalogue.h"
#include "images/store_folder.h"

/// Where the changelog of a kernel's source package is: in a package of this kernel or a later one.
namespace brokenpipe {

/// The changelog that tells of this point release of an entry, from the packages in apt's lists;
/// fetched where the store does not have it. Nothing where no package on offer holds it. Throws
/// Error where a package cannot be fetched. For the holder of the store's lock.
std::optional<std::string> package_changelog(const Apt& apt, const StoreFolder& store,
                                             const CatalogueEntry& entry,
                                             const std::string& point_release);

}  // namespace brokenpipe
