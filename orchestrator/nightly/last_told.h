#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "orchestrator/nightly/night_report.h"

/// `unexplained.json` of a folder of nights, by which a night knows what is no news any more.
namespace brokenpipe {

/// The last night that was told to its end, and what it left unexplained.
struct LastTold {
  std::string night;  ///< its id; empty in files of old
  std::set<Unexplained> unexplained;
};

/// Nothing where no night has been told in this folder. Throws Error where the file is damaged, or
/// none of ours.
std::optional<LastTold> read_last_told(const std::filesystem::path& state);

/// Throws Error where it cannot be written.
void write_last_told(const std::filesystem::path& state, const LastTold& last);

}  // namespace brokenpipe
