#pragma once

#include <optional>
#include <string>

#include "probes/base/fd.h"

/// Files: one read whole, and one to send from.
namespace probe {

/// All of a file; nothing, and errno, if it cannot be read.
std::optional<std::string> read_file(const std::string& path);

/// A file to send from, open for reading: the probe itself. Broken if it is not `at_least` as long.
Fd file_to_send(size_t at_least);

}  // namespace probe
