#include "images/kernel_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "images/apt.h"
#include "images/boot_image.h"
#include "images/debian_version.h"
#include "images/kernel_config.h"
#include "images/package_changelog.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

StoreOptions with_progress(StoreOptions options) {
  if (!options.progress) {
    options.progress = [](const std::string&) {};
  }
  return options;
}

std::vector<CatalogueEntry> entries_of(const std::vector<KernelRequest>& requests) {
  std::vector<CatalogueEntry> entries;
  entries.reserve(requests.size());
  for (const KernelRequest& request : requests) {
    entries.push_back(request.entry);
  }
  return entries;
}

/// What apt is to download for a request.
struct Missing {
  KernelPackages packages;
  bool whole;  ///< else they complete the stored kernel
};

/// Nothing where the kernel is not on offer, or what is stored is as good.
std::optional<Missing> missing_of(const KernelRequest& request,
                                  const std::optional<StoredKernel>& stored, Freshness freshness,
                                  const std::vector<AptPackage>& packages) {
  const std::vector<Offer> offers = offers_among(packages, request.entry);
  const auto offer = std::find_if(offers.begin(), offers.end(), [&](const Offer& candidate) {
    return request.point_release.empty() || candidate.point_release == request.point_release;
  });
  const bool wanted =
      !stored || (freshness == Freshness::newest_on_offer && offer != offers.end() &&
                  compare_debian_versions(offer->version, stored->version) > 0);
  if (wanted) {
    return offer == offers.end() ? std::nullopt
                                 : std::optional(Missing{packages_of(*offer, packages), true});
  }
  std::optional<KernelPackages> completion = completion_of(*stored, packages);
  return completion ? std::optional(Missing{std::move(*completion), false}) : std::nullopt;
}

const char* const damage_remedy =
    "Try again where a mirror with that version can be reached (--mirror names one), or ask for "
    "another point release.";

bool any_missing(const std::vector<std::optional<StoredKernel>>& kernels) {
  return std::any_of(kernels.begin(), kernels.end(),
                     [](const std::optional<StoredKernel>& kernel) { return !kernel; });
}

KernelOrigin origin_of(const KernelPackages& packages, const StoredKernel& stored) {
  return {stored.package, stored.version, packages.modules_missing_because,
          packages.config_missing_because};
}

KernelOrigin origin_of(const KernelPackages& packages) {
  const AptPackage& image = packages.packages.front();
  return {image.name + "=" + image.version, image.version, packages.modules_missing_because,
          packages.config_missing_because};
}

}  // namespace

KernelStore::KernelStore(StoreOptions options)
    : options_(with_progress(std::move(options))), folder_(options_.root, options_.progress) {}

bool KernelStore::is_reachable(const CatalogueEntry& entry) const {
  return !entry.archive || !options_.mirror.empty();
}

Apt KernelStore::apt(bool archive) const {
  return Apt({folder_.apt(), options_.mirror, options_.keyring, archive, options_.progress});
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
    const FileLock held = folder_.lock();
    Apt apt = this->apt(archive);
    apt.refresh(suites_of(group));
    const std::vector<AptPackage> packages = apt.packages(kernel_patterns(group));
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
  return newest_among(folder_.kernels(), entry, point_release);
}

std::vector<std::optional<StoredKernel>> KernelStore::find_all(
    const std::vector<KernelRequest>& requests) const {
  const std::vector<StoredKernel> stored = folder_.kernels();
  std::vector<std::optional<StoredKernel>> kernels;
  kernels.reserve(requests.size());
  for (const KernelRequest& request : requests) {
    kernels.push_back(newest_among(stored, request.entry, request.point_release));
  }
  return kernels;
}

std::vector<std::optional<StoredKernel>> KernelStore::fetch_from(
    const Apt& apt, const std::vector<KernelRequest>& requests, Freshness freshness) const {
  const std::vector<AptPackage> packages = apt.packages(kernel_patterns(entries_of(requests)));
  std::vector<std::optional<StoredKernel>> kernels = find_all(requests);
  std::vector<std::optional<Missing>> missing;
  std::vector<AptPackage> downloads;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    missing.push_back(missing_of(requests[i], kernels[i], freshness, packages));
    if (missing[i]) {
      const std::vector<AptPackage>& its = missing[i]->packages.packages;
      downloads.insert(downloads.end(), its.begin(), its.end());
    }
  }
  const std::vector<fs::path> all =
      downloads.empty() ? std::vector<fs::path>() : apt.download(downloads, folder_.downloads());
  auto next = all.begin();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!missing[i]) {
      continue;
    }
    const KernelPackages& its = missing[i]->packages;
    const auto end = next + static_cast<std::ptrdiff_t>(its.packages.size());
    const std::vector<fs::path> debs(next, end);
    kernels[i] = missing[i]->whole
                     ? folder_.keep(debs, origin_of(its))
                     : folder_.complete(*kernels[i], debs, origin_of(its, *kernels[i]));
    kernels[i]->id = requests[i].entry.id;
    next = end;
  }
  folder_.remove_downloads();
  return kernels;
}

std::vector<std::optional<StoredKernel>> KernelStore::fetch_group(
    bool archive, const std::vector<KernelRequest>& requests, Freshness freshness) const {
  const std::vector<std::string> suites = suites_of(entries_of(requests));
  Apt apt = this->apt(archive);
  if (apt.refresh(suites)) {
    return fetch_from(apt, requests, freshness);
  }
  try {
    return fetch_from(apt, requests, freshness);
  } catch (const Error&) {
    // Lists of some hours ago name packages that the mirror has replaced since.
    apt.refresh_now(suites);
    return fetch_from(apt, requests, freshness);
  }
}

/// A kernel that was asked for and is not what was unpacked.
struct KernelStore::Damaged {
  std::size_t place;  ///< in the requests
  StoredKernel kernel;
  std::string damage;  ///< in words that name the file
};

/// A line for each kernel that is none, which are told of: one of them may have been what is
/// missing.
std::string KernelStore::passed_over() const {
  std::string lines;
  for (const std::string& damage : folder_.damaged()) {
    options_.progress(damage);
    lines += damage + '\n';
  }
  return lines;
}

/// Makes them none, so that nobody takes them for stored; what was not replaced at the end is what
/// it was, and found again the next time.
class KernelStore::SetAside {
 public:
  explicit SetAside(std::vector<Damaged> kernels) : kernels_(std::move(kernels)) {
    for (const Damaged& one : kernels_) {
      discard(one.kernel);
    }
  }
  ~SetAside() {
    for (const Damaged& one : kernels_) {
      restore(one.kernel);
    }
  }
  SetAside(const SetAside&) = delete;
  SetAside& operator=(const SetAside&) = delete;
  SetAside(SetAside&&) = delete;
  SetAside& operator=(SetAside&&) = delete;

  const std::vector<Damaged>& kernels() const { return kernels_; }

 private:
  std::vector<Damaged> kernels_;
};

std::vector<KernelStore::Damaged> KernelStore::take_damaged(
    std::vector<std::optional<StoredKernel>>& kernels) const {
  std::vector<Damaged> damaged;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    std::optional<StoredKernel>& kernel = kernels[i];
    if (!kernel) {
      continue;
    }
    if (std::optional<std::string> damage = damage_of(*kernel)) {
      options_.progress(fmt::format("{} is fetched again: {}", kernel->id, *damage));
      damaged.push_back({i, *kernel, std::move(*damage)});
      kernel.reset();
    } else if (kernel->hashes.empty()) {
      kernel = remember_hashes(*kernel);
    }
  }
  return damaged;
}

void KernelStore::fetch_missing(const std::vector<KernelRequest>& requests, Freshness freshness,
                                std::vector<std::optional<StoredKernel>>& kernels) const {
  for (const bool archive : {false, true}) {
    fetch_where(archive, requests, freshness, kernels,
                [&](const std::optional<StoredKernel>& kernel) {
                  return !kernel || freshness == Freshness::newest_on_offer;
                });
    try {
      fetch_where(archive, requests, Freshness::stored_is_enough, kernels,
                  [](const std::optional<StoredKernel>& kernel) {
                    return kernel && !is_looked_through(*kernel);
                  });
    } catch (const Error& error) {
      options_.progress(fmt::format("going on without configurations: {}", error.what()));
    }
  }
}

std::vector<std::optional<StoredKernel>> KernelStore::fetch(
    const std::vector<KernelRequest>& requests, Freshness freshness) {
  if (freshness == Freshness::stored_is_enough) {
    std::vector<std::optional<StoredKernel>> kernels = find_all(requests);
    if (std::all_of(kernels.begin(), kernels.end(), [](const std::optional<StoredKernel>& stored) {
          return stored && is_looked_through(*stored) && !stored->hashes.empty() &&
                 !damage_of(*stored);
        })) {
      return kernels;
    }
  }
  const FileLock held = folder_.lock();
  // Whoever held the lock may have fetched the same.
  std::vector<std::optional<StoredKernel>> kernels = find_all(requests);
  std::string wrong = any_missing(kernels) ? passed_over() : std::string();
  const SetAside set_aside(take_damaged(kernels));
  const std::vector<Damaged>& damaged = set_aside.kernels();
  for (const Damaged& one : damaged) {
    wrong += one.damage + '\n';
  }
  std::vector<KernelRequest> same = requests;
  for (const Damaged& one : damaged) {
    // The newest stored was asked for: neither an older one, nor a newer one while it can be had.
    if (freshness == Freshness::stored_is_enough) {
      same[one.place].point_release = point_release_of(one.kernel.version);
    }
  }
  try {
    fetch_missing(same, freshness, kernels);
    for (const Damaged& one : damaged) {
      if (!kernels[one.place]) {
        std::vector<std::optional<StoredKernel>> newest(1);
        fetch_missing({requests[one.place]}, Freshness::newest_on_offer, newest);
        kernels[one.place] = newest[0];
      }
    }
  } catch (const Error& error) {
    if (wrong.empty()) {
      throw;
    }
    throw Error("fetching again what the store has damaged", wrong + error.what(), damage_remedy);
  }
  for (const Damaged& one : damaged) {
    if (!kernels[one.place]) {
      throw Error(fmt::format("fetching {} again", one.kernel.package),
                  fmt::format("{}, and the mirror does not offer it any more", one.damage),
                  damage_remedy);
    }
  }
  folder_.remove_discarded();
  return kernels;
}

void KernelStore::fetch_where(
    bool archive, const std::vector<KernelRequest>& requests, Freshness freshness,
    std::vector<std::optional<StoredKernel>>& kernels,
    const std::function<bool(const std::optional<StoredKernel>&)>& wanted) const {
  std::vector<std::size_t> places;
  std::vector<KernelRequest> group;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const CatalogueEntry& entry = requests[i].entry;
    if (entry.archive == archive && is_reachable(entry) && wanted(kernels[i])) {
      places.push_back(i);
      group.push_back(requests[i]);
    }
  }
  if (group.empty()) {
    return;
  }
  std::vector<std::optional<StoredKernel>> fetched = fetch_group(archive, group, freshness);
  for (std::size_t i = 0; i < places.size(); ++i) {
    kernels[places[i]] = std::move(fetched[i]);
  }
}

std::optional<std::string> KernelStore::changelog(const CatalogueEntry& entry,
                                                  const std::string& point_release) {
  if (!is_reachable(entry)) {
    return std::nullopt;
  }
  const FileLock held = folder_.lock();
  Apt apt = this->apt(entry.archive);
  apt.refresh(suites_of({entry}));
  return package_changelog(apt, folder_, entry, point_release);
}

StoredKernel KernelStore::open_file(const fs::path& file) {
  if (file.extension() == ".deb") {
    const FileLock held = folder_.lock();
    StoredKernel kernel = folder_.keep_local(file);
    kernel.id = file.filename().string();
    kernel.package = file.string();
    return kernel;
  }
  StoredKernel kernel;
  kernel.id = file.filename().string();
  // Read once: somebody may be building it.
  const std::string content = read_file(file);
  kernel.release = release_in(content, file);
  kernel.package = file.string();
  kernel.image = fs::absolute(file);
  kernel.sha256 = sha256(content);
  kernel.modules_missing_because = "a kernel image alone has none; --modules names their folder";
  kernel.config = config_of_image(file, kernel.release);
  if (kernel.config.empty()) {
    kernel.config_missing_because = "none lies beside the kernel image";
  }
  return kernel;
}

}  // namespace brokenpipe
