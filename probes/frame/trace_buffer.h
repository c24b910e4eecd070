#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <string>

/// Where the steps of a scenario lie while it runs, and after it has ended.
namespace probe {

/// The memory behind a Trace, to be placed in a MAP_SHARED mapping by the runner: plain arrays,
/// for it is filled by processes that may die at any point. Zeroed memory is an empty buffer.
struct TraceBuffer {
  static constexpr size_t max_steps = 256;
  static constexpr size_t step_size = 1024;

  struct Slot {
    std::array<char, 128> id;          ///< `peer.send#2`
    std::array<char, step_size> head;  ///< members that say what was asked, without braces
    std::array<char, step_size> seen;  ///< members that say what was seen
    std::atomic<bool> ended;
  };

  std::atomic<size_t> used;
  std::array<Slot, max_steps> slots;

  /// The steps as a JSON array. A call that never came back is there, `"returned":"never"`.
  std::string steps() const;
};

}  // namespace probe
