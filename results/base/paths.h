#pragma once

#include <filesystem>

/// Where things lie: what the project ships, and what it keeps for the user.
namespace brokenpipe {

/// A file that the project ships, such as `kernels.json` or `reference/linux-3.16.json`: below
/// share/brokenpipe of the installation this program belongs to, else in the source tree it was
/// built from. Throws Error where it is in neither.
std::filesystem::path shipped(const std::filesystem::path& name);

/// The static probe, which lies beside this program.
std::filesystem::path probe_binary();

/// $XDG_CACHE_HOME/brokenpipe: can be removed at any time.
std::filesystem::path cache_directory();

/// $XDG_STATE_HOME/brokenpipe: runs lie here unless --out says otherwise.
std::filesystem::path state_directory();

}  // namespace brokenpipe
