#include "images/kernel_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <regex>
#include <utility>

#include "images/boot_image.h"
#include "images/changelog.h"
#include "images/debian_version.h"
#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/json_file.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

constexpr int schema = 1;
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

/// The package of the modules, where it is another one than the kernel's.
std::string modules_package(const std::string& package) {
  if (!package.starts_with(binary_prefix)) {
    return {};
  }
  return fmt::format("{}{}", modules_prefix, package.substr(binary_prefix.size()));
}

/// The package of a kernel's documents, the changelog among them.
std::string documents_package(const std::string& package) {
  if (!package.starts_with(binary_prefix)) {
    return package;
  }
  return fmt::format("{}{}", base_prefix, package.substr(binary_prefix.size()));
}

bool is_changelog(const fs::path& path) {
  return path.string().starts_with("usr/share/doc/") &&
         (path.filename() == "changelog.gz" || path.filename() == "changelog.Debian.gz");
}

/// Where a file of a kernel's package goes in the store. Since 7.2 the kernel lies beside its
/// modules, and since trixie modules lie below /usr.
fs::path place(const fs::path& root, std::string path) {
  if (path.starts_with("usr/")) {
    path.erase(0, 4);
  }
  if (path.starts_with("boot/vmlinuz-")) {
    return root / "vmlinuz";
  }
  if (!path.starts_with("lib/modules/")) {
    return {};
  }
  return fs::path(path).filename() == "vmlinuz" ? root / "vmlinuz" : root / path;
}

void write_description(const fs::path& directory, const StoredKernel& kernel) {
  const nlohmann::ordered_json description = {
      {"schema", schema},
      {"release", kernel.release},
      {"package", kernel.package},
      {"version", kernel.version},
      {"sha256", kernel.sha256},
      {"has_modules", !kernel.modules.empty()},
      {"modules_missing_because", kernel.modules_missing_because},
  };
  write_file(directory / "kernel.json", json_text(description));
}

StoredKernel read_description(const fs::path& directory) {
  const fs::path file = directory / "kernel.json";
  const nlohmann::json description = read_json(file, schema);
  const JsonPlace place(description, file.string());
  StoredKernel kernel;
  kernel.release = place.at("release").text();
  kernel.package = place.at("package").text();
  kernel.version = place.at("version").text();
  kernel.sha256 = place.at("sha256").text();
  kernel.modules_missing_because = place.at("modules_missing_because").text();
  kernel.image = directory / "vmlinuz";
  if (place.at("has_modules").boolean()) {
    kernel.modules = directory / "lib/modules" / kernel.release;
  }
  return kernel;
}

/// Nothing where the store of another version left something else, or a crash of the machine a
/// part: it is fetched anew then.
std::optional<StoredKernel> stored_in(const fs::path& directory) {
  if (!fs::exists(directory / "kernel.json")) {
    return std::nullopt;
  }
  try {
    return read_description(directory);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string package_name(const StoredKernel& kernel) {
  return kernel.package.substr(0, kernel.package.find('='));
}

void empty(const fs::path& directory) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    fs::remove_all(entry.path());
  }
}

std::vector<CatalogueEntry> entries_of(const std::vector<KernelRequest>& requests) {
  std::vector<CatalogueEntry> entries;
  entries.reserve(requests.size());
  for (const KernelRequest& request : requests) {
    entries.push_back(request.entry);
  }
  return entries;
}

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

/// The packages of all entries, and of all modules.
std::vector<AptPackage> kernel_packages(const Apt& apt,
                                        const std::vector<CatalogueEntry>& entries) {
  std::vector<std::string> patterns = {fmt::format("{}.*", modules_prefix)};
  for (const CatalogueEntry& entry : entries) {
    patterns.insert(patterns.end(), entry.packages.begin(), entry.packages.end());
  }
  return apt.packages(patterns);
}

/// Newest first.
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

}  // namespace

/// A request, and what apt is to download for it: nothing where it is not on offer.
struct KernelStore::Wanted {
  std::optional<StoredKernel> stored;
  std::vector<AptPackage> packages;
  std::string modules_missing_because;
};

KernelStore::KernelStore(StoreOptions options) : options_(std::move(options)) {
  if (!options_.progress) {
    options_.progress = [](const std::string&) {};
  }
  options_.root = fs::absolute(options_.root);
  for (const char* directory : {"kernels", "local", "changelogs", "apt", "downloads", "incoming"}) {
    make_directories(options_.root / directory);
  }
}

FileLock KernelStore::lock() const {
  return FileLock(options_.root / "lock", [this] {
    options_.progress(
        fmt::format("waiting for another run that fetches into {}", options_.root.string()));
  });
}

bool KernelStore::is_reachable(const CatalogueEntry& entry) const {
  return !entry.archive || !options_.mirror.empty();
}

Apt KernelStore::apt(bool archive) const {
  return Apt(
      {options_.root / "apt", options_.mirror, options_.keyring, archive, options_.progress});
}

std::vector<std::vector<Offer>> KernelStore::offers(const std::vector<CatalogueEntry>& entries) {
  std::vector<std::vector<Offer>> result(entries.size());
  for (const bool archive : {false, true}) {
    std::vector<CatalogueEntry> group;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(group),
                 [&](const CatalogueEntry& entry) {
                   return entry.archive == archive && is_reachable(entry);
                 });
    if (group.empty()) {
      continue;
    }
    const FileLock held = lock();
    Apt apt = this->apt(archive);
    apt.refresh(suites_of(group));
    const std::vector<AptPackage> packages = kernel_packages(apt, group);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].archive == archive && is_reachable(entries[i])) {
        result[i] = offers_among(packages, entries[i]);
      }
    }
  }
  return result;
}

std::optional<StoredKernel> KernelStore::find(const CatalogueEntry& entry,
                                              const std::string& point_release) const {
  const Pattern pattern(entry);
  std::optional<StoredKernel> newest;
  for (const fs::directory_entry& directory : fs::directory_iterator(options_.root / "kernels")) {
    std::optional<StoredKernel> kernel = stored_in(directory.path());
    if (!kernel || !pattern.matches(package_name(*kernel)) ||
        (!point_release.empty() && point_release_of(kernel->version) != point_release)) {
      continue;
    }
    const int order = newest ? compare_debian_versions(kernel->version, newest->version) : 1;
    // One version is there twice where its modules came to the mirror later.
    if (order > 0 || (order == 0 && newest->modules.empty())) {
      newest = std::move(kernel);
      newest->id = entry.id;
    }
  }
  return newest;
}

std::vector<KernelStore::Wanted> KernelStore::resolve(
    const Apt& apt, const std::vector<KernelRequest>& requests) const {
  const std::vector<AptPackage> packages = kernel_packages(apt, entries_of(requests));
  std::vector<Wanted> result;
  for (const KernelRequest& request : requests) {
    Wanted& wanted = result.emplace_back();
    wanted.stored = find(request.entry, request.point_release);
    const std::vector<Offer> offers = offers_among(packages, request.entry);
    const auto offer = std::find_if(offers.begin(), offers.end(), [&](const Offer& candidate) {
      return request.point_release.empty() || candidate.point_release == request.point_release;
    });
    if (offer == offers.end()) {
      continue;
    }
    const std::string modules = modules_package(offer->package);
    const bool modules_on_offer =
        std::any_of(packages.begin(), packages.end(), [&](const AptPackage& package) {
          return package.name == modules && package.version == offer->version;
        });
    if (wanted.stored) {
      const int order = compare_debian_versions(wanted.stored->version, offer->version);
      const bool lacks_modules = wanted.stored->modules.empty() && modules_on_offer;
      if (order > 0 || (order == 0 && !lacks_modules)) {
        continue;
      }
    }
    wanted.packages.push_back({offer->package, offer->version, {}});
    if (modules_on_offer) {
      wanted.packages.push_back({modules, offer->version, {}});
    } else if (!modules.empty()) {
      wanted.modules_missing_because =
          fmt::format("the mirror offers no {}={} any more", modules, offer->version);
    }
  }
  return result;
}

std::vector<std::optional<StoredKernel>> KernelStore::find_all(
    const std::vector<KernelRequest>& requests) const {
  std::vector<std::optional<StoredKernel>> kernels;
  kernels.reserve(requests.size());
  for (const KernelRequest& request : requests) {
    kernels.push_back(find(request.entry, request.point_release));
  }
  return kernels;
}

std::vector<std::optional<StoredKernel>> KernelStore::fetch_from(
    const Apt& apt, const std::vector<KernelRequest>& requests) const {
  const std::vector<Wanted> all = resolve(apt, requests);
  std::vector<AptPackage> packages;
  for (const Wanted& wanted : all) {
    packages.insert(packages.end(), wanted.packages.begin(), wanted.packages.end());
  }
  if (packages.empty()) {
    return find_all(requests);
  }
  const std::vector<fs::path> debs = apt.download(packages, options_.root / "downloads");
  auto next = debs.begin();
  std::vector<std::optional<StoredKernel>> kernels;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Wanted& wanted = all[i];
    std::optional<StoredKernel>& kernel = kernels.emplace_back(wanted.stored);
    if (wanted.packages.empty()) {
      continue;
    }
    const auto end = next + static_cast<std::ptrdiff_t>(wanted.packages.size());
    const AptPackage& image = wanted.packages.front();
    kernel = keep({next, end}, image.name + "=" + image.version, image.version,
                  wanted.modules_missing_because, "kernels");
    kernel->id = requests[i].entry.id;
    next = end;
  }
  empty(options_.root / "downloads");
  return kernels;
}

std::vector<std::optional<StoredKernel>> KernelStore::fetch_group(
    bool archive, const std::vector<KernelRequest>& requests) const {
  const std::vector<std::string> suites = suites_of(entries_of(requests));
  Apt apt = this->apt(archive);
  if (apt.refresh(suites)) {
    return fetch_from(apt, requests);
  }
  try {
    return fetch_from(apt, requests);
  } catch (const Error&) {
    // Lists of some hours ago name packages that the mirror has replaced since.
    apt.refresh_now(suites);
    return fetch_from(apt, requests);
  }
}

std::vector<std::optional<StoredKernel>> KernelStore::fetch(
    const std::vector<KernelRequest>& requests, Freshness freshness) {
  const auto is_enough = [&](const std::optional<StoredKernel>& stored) {
    return stored.has_value() && freshness == Freshness::stored_is_enough;
  };
  std::vector<std::optional<StoredKernel>> kernels = find_all(requests);
  if (std::all_of(kernels.begin(), kernels.end(), is_enough)) {
    return kernels;
  }
  const FileLock held = lock();
  // Whoever held the lock may have fetched the same.
  kernels = find_all(requests);
  for (const bool archive : {false, true}) {
    std::vector<std::size_t> places;
    std::vector<KernelRequest> group;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const CatalogueEntry& entry = requests[i].entry;
      if (entry.archive == archive && is_reachable(entry) && !is_enough(kernels[i])) {
        places.push_back(i);
        group.push_back(requests[i]);
      }
    }
    if (group.empty()) {
      continue;
    }
    std::vector<std::optional<StoredKernel>> fetched = fetch_group(archive, group);
    for (std::size_t i = 0; i < places.size(); ++i) {
      kernels[places[i]] = std::move(fetched[i]);
    }
  }
  return kernels;
}

std::string KernelStore::changelog_in(const Apt& apt, const AptPackage& package) const {
  const fs::path kept =
      options_.root / "changelogs" / fmt::format("{}_{}.gz", package.name, package.version);
  if (!fs::exists(kept)) {
    const fs::path deb = apt.download({package}, options_.root / "downloads").at(0);
    empty(options_.root / "incoming");
    const TemporaryDirectory incoming(options_.root / "incoming");
    const fs::path unpacked = incoming.path() / "changelog.gz";
    unpack_deb(deb, [&](const std::string& path) { return is_changelog(path) ? unpacked : ""; });
    empty(options_.root / "downloads");
    if (!fs::exists(unpacked)) {
      return {};
    }
    fs::rename(unpacked, kept);
  }
  return decompress(read_file(kept), kept.string());
}

std::optional<std::string> KernelStore::changelog(const CatalogueEntry& entry,
                                                  const std::string& point_release) {
  if (!is_reachable(entry)) {
    return std::nullopt;
  }
  const FileLock held = lock();
  Apt apt = this->apt(entry.archive);
  apt.refresh(suites_of({entry}));
  std::vector<std::string> patterns = entry.packages;
  patterns.push_back(fmt::format("{}.*", base_prefix));
  const std::vector<AptPackage> packages = apt.packages(patterns);
  std::vector<Offer> offers = offers_among(packages, entry);
  std::reverse(offers.begin(), offers.end());
  for (const Offer& offer : offers) {
    const auto documents =
        std::find_if(packages.begin(), packages.end(), [&](const AptPackage& package) {
          return package.name == documents_package(offer.package) &&
                 package.version == offer.version;
        });
    if (compare_debian_versions(offer.point_release, point_release) < 0 ||
        documents == packages.end()) {
      continue;
    }
    std::string text = changelog_in(apt, *documents);
    if (tells_of(text, point_release)) {
      return text;
    }
  }
  return std::nullopt;
}

StoredKernel KernelStore::keep(const std::vector<fs::path>& debs, const std::string& package,
                               const std::string& version,
                               const std::string& modules_missing_because,
                               const std::string& kind) const {
  std::string hashes;
  for (const fs::path& deb : debs) {
    hashes += sha256_file(deb);
  }
  const fs::path target = options_.root / kind / sha256(hashes);
  if (const std::optional<StoredKernel> kernel = stored_in(target)) {
    return *kernel;
  }
  // What a killed process left: the lock says that nobody is at it.
  empty(options_.root / "incoming");
  const TemporaryDirectory incoming(options_.root / "incoming");
  for (const fs::path& deb : debs) {
    options_.progress(fmt::format("unpacking {}", deb.filename().string()));
    unpack_deb(deb, [&](const std::string& path) { return place(incoming.path(), path); });
  }
  StoredKernel kernel;
  kernel.package = package;
  kernel.version = version;
  kernel.image = incoming.path() / "vmlinuz";
  if (!fs::exists(kernel.image)) {
    throw Error(fmt::format("taking a kernel from {}", debs.front().string()),
                "the package holds none",
                "Name the package that holds vmlinuz: linux-image-..., or linux-binary-... since "
                "6.19.");
  }
  kernel.sha256 = sha256_file(kernel.image);
  kernel.release = kernel_release(kernel.image);
  const fs::path modules = incoming.path() / "lib/modules" / kernel.release;
  if (fs::is_directory(modules)) {
    kernel.modules = modules;
  } else {
    kernel.modules_missing_because = modules_missing_because;
  }
  write_description(incoming.path(), kernel);
  fs::remove_all(target);
  fs::rename(incoming.path(), target);
  return read_description(target);
}

StoredKernel KernelStore::open_file(const fs::path& file) {
  if (file.extension() == ".deb") {
    const FileLock held = lock();
    StoredKernel kernel = keep({file}, {}, {}, "the package has none", "local");
    kernel.id = file.filename().string();
    kernel.package = file.string();
    return kernel;
  }
  StoredKernel kernel;
  kernel.id = file.filename().string();
  kernel.release = kernel_release(file);
  kernel.package = file.string();
  kernel.image = fs::absolute(file);
  kernel.sha256 = sha256_file(file);
  kernel.modules_missing_because = "a kernel image alone has none; --modules names their folder";
  return kernel;
}

}  // namespace brokenpipe
