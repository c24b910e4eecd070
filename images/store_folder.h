#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "images/stored_kernel.h"
#include "results/base/folder.h"

/// The kernel store on disk: what lies where, what it is known by, and who may write to it.
namespace brokenpipe {

/// Below the root: `kernels/HASH` and `local/HASH`, a folder for each kernel, named by the hash of
/// the packages that it came in and whole, on the disk, from the moment it is there: modules and
/// configuration that come later are added, and nothing is taken away but a kernel that is not what
/// was unpacked; `changelogs`, compressed as they were
/// shipped; `apt`, apt's private state; `downloads`, where an interrupted download goes on;
/// `incoming`, being unpacked; `lock`, held by who fetches.
///
/// All that writes is for the holder of the lock.
class StoreFolder {
 public:
  /// Makes the folders. Throws Error where they cannot be made.
  StoreFolder(const std::filesystem::path& root, std::function<void(const std::string&)> progress);

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path apt() const { return root_ / "apt"; }
  std::filesystem::path downloads() const { return root_ / "downloads"; }
  std::filesystem::path changelog(const std::string& package, const std::string& version) const;

  /// Waits for whoever else fetches into the store, in this process or another one.
  FileLock lock() const;

  /// The kernels of Debian's packages, in no order.
  std::vector<StoredKernel> kernels() const;
  /// Kernels that are none, a sentence each that names the file or folder: the description is of a
  /// store of another version or damaged, or the kernel was discarded.
  std::vector<std::string> damaged() const;
  /// Of kernels that were discarded: what discard() left of them.
  void remove_discarded() const;

  /// Unpacks a kernel of Debian's packages where the store does not have it, or not as it was
  /// unpacked. Throws Error as unpack_kernel() does; the store is then as it was.
  StoredKernel keep(const std::vector<std::filesystem::path>& debs,
                    const KernelOrigin& origin) const;
  /// Adds what the packages have and the stored kernel lacks: complete_kernel().
  StoredKernel complete(const StoredKernel& kernel, const std::vector<std::filesystem::path>& debs,
                        const KernelOrigin& origin) const;
  /// As keep(), of a package of the user's, which is no kernel of the catalogue.
  StoredKernel keep_local(const std::filesystem::path& deb) const;

  /// An empty folder for what is being unpacked, to be renamed to its place.
  TemporaryDirectory incoming() const;
  void remove_downloads() const;

 private:
  StoredKernel keep_below(const std::filesystem::path& parent,
                          const std::vector<std::filesystem::path>& debs,
                          const KernelOrigin& origin) const;

  std::filesystem::path root_;
  std::function<void(const std::string&)> progress_;
};

}  // namespace brokenpipe
