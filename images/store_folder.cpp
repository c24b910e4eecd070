#include "images/store_folder.h"

#include <fmt/format.h>

#include <optional>
#include <system_error>
#include <utility>

#include "images/hashed_file.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

void empty(const fs::path& directory) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    fs::remove_all(entry.path());
  }
}

}  // namespace

StoreFolder::StoreFolder(const fs::path& root, std::function<void(const std::string&)> progress)
    : root_(fs::absolute(root)), progress_(std::move(progress)) {
  for (const char* directory : {"kernels", "local", "changelogs", "apt", "downloads", "incoming"}) {
    make_directories(root_ / directory);
  }
}

fs::path StoreFolder::changelog(const std::string& package, const std::string& version) const {
  return root_ / "changelogs" / fmt::format("{}_{}.gz", package, version);
}

FileLock StoreFolder::lock() const {
  return FileLock(root_ / "lock", [this] {
    progress_(fmt::format("waiting for another run that fetches into {}", root_.string()));
  });
}

std::vector<StoredKernel> StoreFolder::kernels() const {
  std::vector<StoredKernel> kernels;
  for (const fs::directory_entry& directory : fs::directory_iterator(root_ / "kernels")) {
    if (std::optional<StoredKernel> kernel = find_kernel(directory.path())) {
      kernels.push_back(std::move(*kernel));
    }
  }
  return kernels;
}

std::vector<std::string> StoreFolder::damaged() const {
  std::vector<std::string> damaged;
  for (const fs::directory_entry& directory : fs::directory_iterator(root_ / "kernels")) {
    const fs::path description = description_in(directory.path());
    if (is_discarded(directory.path())) {
      damaged.push_back(fmt::format("{} holds a damaged kernel", directory.path().string()));
    } else if (fs::exists(description) && !find_kernel(directory.path())) {
      damaged.push_back(fmt::format("{} is not as this program writes it", description.string()));
    }
  }
  return damaged;
}

void StoreFolder::remove_discarded() const {
  std::vector<fs::path> discarded;
  for (const fs::directory_entry& directory : fs::directory_iterator(root_ / "kernels")) {
    if (is_discarded(directory.path())) {
      discarded.push_back(directory.path());
    }
  }
  for (const fs::path& folder : discarded) {
    std::error_code stays;
    fs::remove_all(folder, stays);
  }
}

StoredKernel StoreFolder::keep(const std::vector<fs::path>& debs,
                               const KernelOrigin& origin) const {
  return keep_below(root_ / "kernels", debs, origin);
}

StoredKernel StoreFolder::complete(const StoredKernel& kernel, const std::vector<fs::path>& debs,
                                   const KernelOrigin& origin) const {
  const fs::path folder = kernel.image.parent_path();
  complete_kernel(debs, origin, folder, incoming().path(), progress_);
  return read_kernel(folder);
}

StoredKernel StoreFolder::keep_local(const fs::path& deb) const {
  return keep_below(root_ / "local", {deb}, {{}, {}, "the package has none"});
}

StoredKernel StoreFolder::keep_below(const fs::path& parent, const std::vector<fs::path>& debs,
                                     const KernelOrigin& origin) const {
  std::string hashes;
  for (const fs::path& deb : debs) {
    hashes += sha256_file(deb);
  }
  const fs::path target = parent / sha256(hashes);
  if (const std::optional<StoredKernel> kernel = find_kernel(target)) {
    if (const std::optional<std::string> damage = damage_of(*kernel)) {
      progress_(fmt::format("unpacking it again: {}", *damage));
    } else {
      return is_looked_through(*kernel) ? *kernel : complete(*kernel, debs, origin);
    }
  }
  const TemporaryDirectory unpacked = incoming();
  unpack_kernel(debs, origin, unpacked.path(), progress_);
  fs::remove_all(target);
  fs::rename(unpacked.path(), target);
  sync_file_system(parent);
  return read_kernel(target);
}

TemporaryDirectory StoreFolder::incoming() const {
  // What a killed process left: the lock says that nobody is at it.
  empty(root_ / "incoming");
  return TemporaryDirectory(root_ / "incoming");
}

void StoreFolder::remove_downloads() const {
  empty(downloads());
}

}  // namespace brokenpipe
