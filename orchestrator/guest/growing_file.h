#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "results/base/error.h"
#include "results/base/unique_fd.h"

/// A file that QEMU writes while we read it.
namespace brokenpipe {

/// Reads what has come since it was last asked, in pieces: however much that is, it is never in
/// memory at once.
class GrowingFile {
 public:
  /// Throws Error where it cannot be read, as read_new() does.
  explicit GrowingFile(std::filesystem::path path);

  /// Calls `take(std::string_view)` with what is new, piece by piece, and returns whether that was
  /// all. It stops early where the writer is faster than we are, for somebody else may want to know
  /// whether he is to go on.
  template <class Take>
  bool read_new(const Take& take) {
    constexpr std::size_t most_pieces = 64;
    std::array<char, 65536> buffer{};
    for (std::size_t i = 0; i < most_pieces; ++i) {
      const std::size_t got = read_piece(buffer.data(), buffer.size());
      if (got == 0) return true;
      take(std::string_view(buffer.data(), got));
    }
    return false;
  }

  /// How many bytes have come in all.
  std::uint64_t bytes() const { return bytes_; }

  /// Gives back the room of what was read beyond the first `kept` bytes, once it is much. Nothing
  /// where the file is not ours to write.
  void give_back_beyond(std::uint64_t kept);

 private:
  std::size_t read_piece(char* buffer, std::size_t size);
  void find_new_end();
  Error failed() const;

  std::filesystem::path path_;
  UniqueFd fd_;
  std::uint64_t bytes_ = 0;
  std::uint64_t at_ = 0;                 ///< where in the file
  std::optional<std::uint64_t> cut_at_;  ///< since then nothing has come
};

}  // namespace brokenpipe
