#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/diff.h"

/// results/waivers.json: what cannot be asked for the time being, by whose word and until when, so
/// that it does not keep a run from being green. Nothing is waived for ever.
namespace brokenpipe {

struct Waiver {
  std::string id;
  std::vector<std::string> kernels;    ///< globs over the catalogue's ids
  std::vector<std::string> scenarios;  ///< globs
  std::string why;                     ///< one sentence
  std::string owner;                   ///< who looks after it
  std::string until;                   ///< the last day on which it holds: 2027-06-30
};

struct Waivers {
  static constexpr int schema = 1;
  std::vector<Waiver> waivers;
};

/// Waivers, and the day on which they are asked for: `2026-11-26`.
struct WaiversOn {
  Waivers waivers = {};
  std::string date = {};
};

/// Throws Error with the file and the place where it is wrong.
Waivers read_waivers(const std::filesystem::path& file);

/// The date in UTC, as waivers have it: `2026-11-26`.
std::string today();

/// The first waiver for a scenario on a kernel that still holds on that day; null where none does.
const Waiver* waiver_for(const WaiversOn& waivers, const std::string& kernel,
                         const std::string& scenario);

/// The last one for it that holds no more; null where none has run out.
const Waiver* expired_waiver_for(const WaiversOn& waivers, const std::string& kernel,
                                 const std::string& scenario);

/// Notes at every scenario that was not asked which waiver covers it, if one does.
void apply_waivers(Diff& diff, const WaiversOn& waivers);

}  // namespace brokenpipe
