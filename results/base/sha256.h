#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace brokenpipe {

/// SHA-256 in 64 lower-case hex digits.
std::string sha256(std::string_view bytes);

/// The same of a file's content. Throws Error where it cannot be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace brokenpipe
