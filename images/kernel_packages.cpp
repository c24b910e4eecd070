#include "images/kernel_packages.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <regex>
#include <string_view>

#include "images/debian_version.h"

namespace brokenpipe {
namespace {

// Since 6.19 Debian's kernel is three packages: linux-binary-RELEASE, linux-modules-RELEASE and,
// with configuration and documents, linux-base-RELEASE.
constexpr std::string_view binary_prefix = "linux-binary-";
constexpr std::string_view modules_prefix = "linux-modules-";
constexpr std::string_view base_prefix = "linux-base-";

/// Tells an entry's packages from others.
class Pattern {
 public:
  explicit Pattern(const CatalogueEntry& entry)
      : expressions_(entry.packages.begin(), entry.packages.end()) {}

  bool matches(const std::string& package) const {
    return std::any_of(expressions_.begin(), expressions_.end(), [&](const std::regex& expression) {
      return std::regex_match(package, expression);
    });
  }

 private:
  std::vector<std::regex> expressions_;
};

bool is_split(const std::string& package) {
  return package.starts_with(binary_prefix);
}

/// The package beside `linux-binary-RELEASE` that holds another part of the kernel.
std::string sibling(const std::string& package, std::string_view prefix) {
  return fmt::format("{}{}", prefix, package.substr(binary_prefix.size()));
}

std::optional<AptPackage> find(const std::vector<AptPackage>& packages, const std::string& name,
                               const std::string& version) {
  const auto found = std::find_if(packages.begin(), packages.end(), [&](const AptPackage& package) {
    return package.name == name && package.version == version;
  });
  return found == packages.end() ? std::nullopt : std::optional(*found);
}

/// Adds a package where it is on offer; else says in `why` that it is not.
void add(KernelPackages& to, std::string& why, const std::string& name, const std::string& version,
         const std::vector<AptPackage>& on_offer) {
  if (const auto package = find(on_offer, name, version)) {
    to.packages.push_back(*package);
    why.clear();
  } else {
    why = fmt::format("the mirror offers no {}={} any more", name, version);
  }
}

int parts_of(const StoredKernel& kernel) {
  return (kernel.modules.empty() ? 0 : 2) + (kernel.config.empty() ? 0 : 1);
}

std::string package_name(const StoredKernel& kernel) {
  return kernel.package.substr(0, kernel.package.find('='));
}

}  // namespace

std::vector<std::string> suites_of(const std::vector<CatalogueEntry>& entries) {
  std::vector<std::string> suites;
  for (const CatalogueEntry& entry : entries) {
    std::copy_if(entry.suites.begin(), entry.suites.end(), std::back_inserter(suites),
                 [&](const std::string& suite) {
                   return std::find(suites.begin(), suites.end(), suite) == suites.end();
                 });
  }
  return suites;
}

std::vector<std::string> kernel_patterns(const std::vector<CatalogueEntry>& entries) {
  std::vector<std::string> patterns = {fmt::format("{}.*", modules_prefix),
                                       fmt::format("{}.*", base_prefix)};
  for (const CatalogueEntry& entry : entries) {
    patterns.insert(patterns.end(), entry.packages.begin(), entry.packages.end());
  }
  return patterns;
}

std::vector<std::string> document_patterns(const CatalogueEntry& entry) {
  std::vector<std::string> patterns = entry.packages;
  patterns.push_back(fmt::format("{}.*", base_prefix));
  return patterns;
}

std::vector<Offer> offers_among(const std::vector<AptPackage>& packages,
                                const CatalogueEntry& entry) {
  const Pattern pattern(entry);
  std::vector<Offer> offers;
  for (const AptPackage& package : packages) {
    if (pattern.matches(package.name) &&
        std::find(entry.suites.begin(), entry.suites.end(), package.suite) != entry.suites.end()) {
      offers.push_back({package.name, package.version, point_release_of(package.version)});
    }
  }
  const auto newer = [](const Offer& left, const Offer& right) {
    const int order = compare_debian_versions(left.version, right.version);
    return order != 0 ? order > 0 : left.package < right.package;
  };
  const auto same = [](const Offer& left, const Offer& right) {
    return left.package == right.package && left.version == right.version;
  };
  std::sort(offers.begin(), offers.end(), newer);
  offers.erase(std::unique(offers.begin(), offers.end(), same), offers.end());
  return offers;
}

KernelPackages packages_of(const Offer& offer, const std::vector<AptPackage>& on_offer) {
  KernelPackages result = {{{offer.package, offer.version, {}}}, {}, {}};
  if (is_split(offer.package)) {
    add(result, result.modules_missing_because, sibling(offer.package, modules_prefix),
        offer.version, on_offer);
    add(result, result.config_missing_because, sibling(offer.package, base_prefix), offer.version,
        on_offer);
  }
  return result;
}

std::optional<KernelPackages> completion_of(const StoredKernel& stored,
                                            const std::vector<AptPackage>& on_offer) {
  const std::string name = package_name(stored);
  const bool split = is_split(name);
  KernelPackages result = {{}, stored.modules_missing_because, stored.config_missing_because};
  if (split && stored.modules.empty() && stored.modules_missing_because != none_in_packages) {
    add(result, result.modules_missing_because, sibling(name, modules_prefix), stored.version,
        on_offer);
  }
  if (stored.config.empty() && stored.config_missing_because != none_in_packages) {
    add(result, result.config_missing_because, split ? sibling(name, base_prefix) : name,
        stored.version, on_offer);
  }
  const bool tells = !result.packages.empty() ||
                     result.modules_missing_because != stored.modules_missing_because ||
                     result.config_missing_because != stored.config_missing_because;
  return tells ? std::optional(std::move(result)) : std::nullopt;
}

std::optional<AptPackage> documents_of(const Offer& offer,
                                       const std::vector<AptPackage>& on_offer) {
  const bool split = is_split(offer.package);
  return find(on_offer, split ? sibling(offer.package, base_prefix) : offer.package, offer.version);
}

std::optional<StoredKernel> newest_among(const std::vector<StoredKernel>& kernels,
                                         const CatalogueEntry& entry,
                                         const std::string& point_release) {
  const Pattern pattern(entry);
  std::optional<StoredKernel> newest;
  for (const StoredKernel& kernel : kernels) {
    if (!pattern.matches(package_name(kernel)) ||
        (!point_release.empty() && point_release_of(kernel.version) != point_release)) {
      continue;
    }
    const int order = newest ? compare_debian_versions(kernel.version, newest->version) : 1;
    // One version is there twice in stores of old, where its modules came to the mirror later.
    if (order > 0 || (order == 0 && parts_of(kernel) > parts_of(*newest))) {
      newest = kernel;
      newest->id = entry.id;
    }
  }
  return newest;
}

}  // namespace brokenpipe
