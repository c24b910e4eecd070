#pragma once

#include <optional>
#include <string>
#include <vector>

#include "images/apt_output.h"
#include "images/catalogue.h"
#include "images/stored_kernel.h"

/// Which packages of a mirror hold the kernels of the catalogue, and which version is wanted.
namespace brokenpipe {

/// What a mirror offers for one entry of the catalogue.
struct Offer {
  std::string package;
  std::string version;
  std::string point_release;  ///< `6.12.107`
};

/// The suites of all entries, each once.
std::vector<std::string> suites_of(const std::vector<CatalogueEntry>& entries);

/// Regular expressions for the packages of all entries, of modules and of configurations.
std::vector<std::string> kernel_patterns(const std::vector<CatalogueEntry>& entries);
/// The same for the packages of one entry, and of documents.
std::vector<std::string> document_patterns(const CatalogueEntry& entry);

/// What the lists hold of an entry, newest first.
std::vector<Offer> offers_among(const std::vector<AptPackage>& packages,
                                const CatalogueEntry& entry);

/// Packages to fetch, and why they do not bring a part of the kernel; empty where they may.
struct KernelPackages {
  std::vector<AptPackage> packages;
  std::string modules_missing_because;
  std::string config_missing_because;
};

/// The packages of an offer: the kernel's first, then those of its modules and its configuration
/// where these are others that are on offer.
KernelPackages packages_of(const Offer& offer, const std::vector<AptPackage>& on_offer);

/// Those that bring a stored kernel what it lacks of modules and configuration: none where they are
/// not on offer, which is then a reason to be kept. Nothing where it lacks nothing, where its
/// packages are known not to have it, and where the reason is the one that it has already.
std::optional<KernelPackages> completion_of(const StoredKernel& stored,
                                            const std::vector<AptPackage>& on_offer);

/// The package with an offer's documents, the changelog among them; nothing where it is not on
/// offer.
std::optional<AptPackage> documents_of(const Offer& offer, const std::vector<AptPackage>& on_offer);

/// The newest kernel of an entry, or of its exact point release where one is named.
std::optional<StoredKernel> newest_among(const std::vector<StoredKernel>& kernels,
                                         const CatalogueEntry& entry,
                                         const std::string& point_release);

}  // namespace brokenpipe
