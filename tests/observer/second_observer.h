#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/observer/strace_log.h"

/// What the probe recorded, held against what strace saw of the same calls. The probe runs below
/// strace with --mark-steps.
namespace brokenpipe::testing {

/// What strace printed while a scenario ran.
struct ScenarioLog {
  std::vector<StraceEvent> events;
  std::map<pid_t, pid_t> processes;  ///< of each thread
};

/// Cut where the probe writes the `begin` records of scenarios to its standard output.
std::map<std::string, ScenarioLog> by_scenario(const StraceLog& log);

struct Comparison {
  /// `SCENARIO STEP: the probe recorded ..., strace saw ...`
  std::vector<std::string> disagreements;
  std::map<std::string, std::size_t> compared;  ///< members of steps, by family of scenarios
  std::map<std::string, std::size_t> unseen;    ///< members that strace cannot see, `call: member`
};

/// Compares every step of an `observation` record: what it returned, errno, the signals that its
/// handler got, and what poll, getsockopt, wait and the like told. What no system call returns
/// (the entries of an io_uring, the time that passed, the segments in a packet socket's buffer) is
/// `unseen`, as results/vocabulary.h has it; a member of a step that is neither is a disagreement.
void compare(const nlohmann::json& observation, const ScenarioLog& log, Comparison& comparison);

}  // namespace brokenpipe::testing
