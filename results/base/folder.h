#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "results/base/error.h"
#include "results/base/unique_fd.h"

/// Folders that several processes share and that a kill at any point must leave whole.
namespace brokenpipe {

/// Makes a folder and those above it. Throws Error where that cannot be.
void make_directories(const std::filesystem::path& directory);

/// How many bytes may still be written below `folder`; the largest number where its file system
/// does not say.
std::uintmax_t room_in(const std::filesystem::path& folder);

/// That so few are not enough.
Error no_room(const std::filesystem::path& folder, std::uintmax_t left);

/// The folder for what lives as long as a run: $TMPDIR, or /tmp. Throws Error where there is none.
std::filesystem::path scratch_parent();

/// Removes what processes that were killed have left of their temporary directories below `parent`:
/// those that nobody holds. What cannot be removed stays.
void sweep_temporary(const std::filesystem::path& parent);

/// An empty folder below `parent` that is removed with all that is in it at the end of the scope,
/// unless it was renamed away. It is named `brokenpipe-PID-XXXXXX` and held by an flock(2) of its
/// own, by which a later process knows whether its owner still lives: the first one that a process
/// makes below a parent sweeps there.
class TemporaryDirectory {
 public:
  /// Throws Error where it cannot be made.
  explicit TemporaryDirectory(const std::filesystem::path& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  TemporaryDirectory(TemporaryDirectory&&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  UniqueFd held_;
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
