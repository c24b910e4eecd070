#pragma once

#include <optional>
#include <string>

namespace probe {

/// All of a file; nothing, and errno, if it cannot be read.
std::optional<std::string> read_file(const std::string& path);

}  // namespace probe
