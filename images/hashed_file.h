#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "results/base/sha256.h"
#include "results/base/unique_fd.h"

/// Files whose hash is that of the bytes that were written, not of what a disk gives back.
namespace brokenpipe {

/// A file that is written from its beginning and hashed on the way. Nothing is synced. What is
/// there of it when an Error is thrown stays.
class HashedFile {
 public:
  /// Empties the file where there is one. Throws Error where it cannot be made.
  explicit HashedFile(std::filesystem::path file);

  /// Throws Error where it cannot be written, on a full disk too.
  void append(std::string_view bytes);
  /// SHA-256 of all that was appended. Throws Error as append() does.
  std::string close();

 private:
  std::filesystem::path file_;
  UniqueFd fd_;
  Sha256 hash_;
};

/// Copies a file; the SHA-256 of what was read, nothing where it cannot be read. Throws Error where
/// `to` cannot be written.
std::optional<std::string> copy_hashed(const std::filesystem::path& from,
                                       const std::filesystem::path& to);

/// Waits until all that was written below `folder` is on the disk (syncfs(2)). Throws Error where
/// it did not get there.
void sync_file_system(const std::filesystem::path& folder);

}  // namespace brokenpipe
