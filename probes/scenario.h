#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "probes/trace.h"

/// What a scenario is, and where scenarios are found. A scenario is one function and, below it,
/// one declarative entry, both in probes/scenarios/<family>.cpp; no list elsewhere names it.
namespace probe {

/// sysctl name as in sysctl(8) (`net.ipv4.tcp_fin_timeout`) and its value.
using Sysctls = std::map<std::string, std::string>;

struct Scenario {
  /// `family/situation`. Names the situation, never the expectation; retired, never renamed.
  std::string id;
  /// The question, in one sentence.
  std::string asks;
  /// The sites of Linux 3.16 that answer it: `net/ipv4/tcp_input.c:tcp_reset`.
  std::vector<std::string> grounds;
  /// Features (feature.h), asked of the running kernel, never inferred from its version.
  std::vector<std::string> needs = {};
  /// Set before the scenario and put back after it.
  Sysctls sysctls = {};
  /// Kernel timeouts shortened under the real clock only; under the warp clock the defaults run
  /// at full length. Named in the record.
  Sysctls shortened = {};
  /// Of guest time. Ends a scenario that hangs as `timed_out`.
  std::chrono::seconds deadline{20};
  /// After all others: what it does may leave the kernel tainted.
  bool last = false;
  std::function<void(Trace&)> run;
};

/// All scenarios, sorted by id, those that run `last` at the end.
const std::vector<Scenario>& scenarios();

/// Put at namespace scope below a scenario's function; an empty list is a bug of the build.
struct Register {
  explicit Register(Scenario scenario);
  explicit Register(std::vector<Scenario> many);
};

}  // namespace probe
