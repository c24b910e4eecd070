#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace brokenpipe {

/// All of a file. Throws Error where it cannot be read.
std::string read_file(const std::filesystem::path& file);

/// Writes `text` whole: beside `file` first, synced to the disk, then renamed into place, so that
/// a reader sees the old file or the new one and never a part. What is no regular file (a pipe,
/// /dev/stdout) is written to as it is. Throws Error where that fails, a full disk included; the
/// old file is then still there.
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace brokenpipe
