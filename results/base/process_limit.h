#pragma once

#include <string>

/// Where a machine has no more processes to give. Those who want one are told so in many words that
/// mislead: that a program is not installed, that a capability is missing.
namespace brokenpipe {

/// What to do about it.
inline constexpr const char* process_limit_remedy =
    "This user or control group may have no more processes or threads (ulimit -u, pids.max), or "
    "there is no memory for one: end some, or allow more.";

/// Why no process can be started just now, found out by starting one; empty where one can.
std::string why_no_process();

}  // namespace brokenpipe
