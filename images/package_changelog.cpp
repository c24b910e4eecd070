#include "images/package_changelog.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "images/changelog.h"
#include "images/debian_version.h"
#include "images/kernel_packages.h"
#include "images/unpack.h"
#include "results/base/file.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

bool is_changelog(const fs::path& path) {
  return path.string().starts_with("usr/share/doc/") &&
         (path.filename() == "changelog.gz" || path.filename() == "changelog.Debian.gz");
}

/// Empty where the package has none.
std::string changelog_in(const AptPackage& package, const Apt& apt, const StoreFolder& store) {
  const fs::path kept = store.changelog(package.name, package.version);
  if (!fs::exists(kept)) {
    const fs::path deb = apt.download({package}, store.downloads()).at(0);
    const TemporaryDirectory incoming = store.incoming();
    const fs::path unpacked = incoming.path() / "changelog.gz";
    unpack_deb(deb, [&](const std::string& path) { return is_changelog(path) ? unpacked : ""; });
    store.remove_downloads();
    if (!fs::exists(unpacked)) {
      return {};
    }
    fs::rename(unpacked, kept);
  }
  return decompress(read_file(kept), kept.string());
}

}  // namespace

std::optional<std::string> package_changelog(const Apt& apt, const StoreFolder& store,
                                             const CatalogueEntry& entry,
                                             const std::string& point_release) {
  const std::vector<AptPackage> packages = apt.packages(document_patterns(entry));
  std::vector<Offer> offers = offers_among(packages, entry);
  std::reverse(offers.begin(), offers.end());
  for (const Offer& offer : offers) {
    const std::optional<AptPackage> documents = documents_of(offer, packages);
    if (!documents || compare_debian_versions(offer.point_release, point_release) < 0) {
      continue;
    }
    std::string text = changelog_in(*documents, apt, store);
    if (tells_of(text, point_release)) {
      return text;
    }
  }
  return std::nullopt;
}

}  // namespace brokenpipe
