#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace brokenpipe {

/// All of a file. Throws Error where it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// The first `most` bytes of a file, or all of it: what has no end (/dev/zero) costs no more than
/// that. Throws Error where it cannot be read.
std::string read_file(const std::filesystem::path& file, std::size_t most);

/// Writes `text` whole: to a file without a name first, which is synced to the disk and then gets
/// its name, so that a reader sees the old file or the new one and never a part. Its mode is that
/// of any new file, by the umask. What is no regular file (a pipe, /dev/stdout) is written to as it
/// is. Throws Error where that fails, a full disk included; the old file is then still there, and
/// nothing beside it.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace brokenpipe
