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

/// Regular expressions for the packages of all entries, and of modules.
std::vector<std::string> kernel_patterns(const std::vector<CatalogueEntry>& entries);
/// The same for the packages of one entry, and of documents.
std::vector<std::string> document_patterns(const CatalogueEntry& entry);

/// What the lists hold of an entry, newest first.
std::vector<Offer> offers_among(const std::vector<AptPackage>& packages,
                                const CatalogueEntry& entry);

/// The packages to fetch for an offer: the kernel's first, then that of its modules where they are
/// another one that is on offer.
struct KernelPackages {
  std::vector<AptPackage> packages;
  std::string modules_missing_because;  ///< empty where nothing is missing
};
KernelPackages packages_of(const Offer& offer, const std::vector<AptPackage>& on_offer);

/// The package with an offer's documents, the changelog among them; nothing where it is not on
/// offer.
std::optional<AptPackage> documents_of(const Offer& offer, const std::vector<AptPackage>& on_offer);

/// The newest kernel of an entry, or of its exact point release where one is named.
std::optional<StoredKernel> newest_among(const std::vector<StoredKernel>& kernels,
                                         const CatalogueEntry& entry,
                                         const std::string& point_release);

/// Whether the packages bring something that a stored kernel is not: a later version, or the
/// modules that it lacks.
bool are_better(const KernelPackages& packages, const StoredKernel& stored);

}  // namespace brokenpipe
