#pragma once

#include <array>

#include "results/base/json_file.h"

/// What was seen at a step, as the files that say so are read.
namespace brokenpipe {

/// Keys of a step that are not what was seen.
inline constexpr std::array step_keys{"step", "call", "args", "basis", "lines"};

/// Holds the keys that the host looks at by name against their types: who tells, sorts or draws an
/// answer takes these for granted. Other keys may be anything, and so may words: results/schema
/// lists those that kernels are known to say, and one that says another (a state that Linux gains,
/// an errno without a name) has answered all the same. `seen` must be an object; it may be a step
/// with all that belongs to it. Throws Error.
void check_seen(const JsonPlace& seen);

}  // namespace brokenpipe
