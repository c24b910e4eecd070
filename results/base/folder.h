#pragma once

#include <filesystem>
#include <functional>

#include "results/base/unique_fd.h"

/// Folders that several processes share and that a kill at any point must leave whole.
namespace brokenpipe {

/// Makes a folder and those above it. Throws Error where that cannot be.
void make_directories(const std::filesystem::path& directory);

/// An empty folder below `parent` that is removed with all that is in it at the end of the scope,
/// unless it was renamed away.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  TemporaryDirectory(TemporaryDirectory&&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Holds an exclusive flock(2) on a file, against other threads as well as other processes.
class FileLock {
 public:
  /// Waits for the lock; `on_wait` is called once where another one holds it. Throws Error where
  /// the file cannot be made.
  explicit FileLock(const std::filesystem::path& file, const std::function<void()>& on_wait = {});

 private:
  UniqueFd file_;
};

}  // namespace brokenpipe
