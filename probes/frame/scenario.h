#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "probes/base/sysctl.h"
#include "probes/frame/trace.h"

/// What a scenario is, and where scenarios are found. A scenario is one function and, below it,
/// one declarative entry, both in probes/scenarios/<family>.cpp; no list elsewhere names it.
namespace probe {

/// What a reader has to know of the kernel to follow the scenarios of one file: an opening, a few
/// rules, and what remains to be said. At the head of the file, at namespace scope; it registers
/// itself.
struct Story {
  explicit Story(std::string opening_text, std::vector<std::string> rule_texts = {},
                 std::string closing_text = {}, const char* file = __builtin_FILE());

  std::string opening;
  std::vector<std::string> rules;
  std::string closing;
};

struct Scenario {
  /// `family/situation`. Names the situation, never the expectation; retired, never renamed.
  std::string id;
  /// The question, in one sentence.
  std::string asks;
  /// The sites of Linux 3.16 that answer it: `net/ipv4/tcp_input.c:tcp_reset`.
  std::vector<std::string> grounds;
  /// Features (probes/frame/feature.h), asked of the running kernel, never inferred from its
  /// version.
  std::vector<std::string> needs = {};
  /// Set before the scenario and put back after it.
  Sysctls sysctls = {};
  /// Kernel timeouts shortened under the real clock only; under the warp clock the defaults run
  /// at full length. Named in the record.
  Sysctls shortened = {};
  /// It changes addresses or routes, or looks at the wire: on somebody's host it gets a network
  /// namespace of its own, as one with sysctls does.
  bool own_network = false;
  /// What it does concerns the whole machine, or outlives it there: an interface or a controller
  /// that only the first network namespace can have. Not asked on somebody's host.
  bool own_machine = false;
  /// Of guest time; a pause of the machine does not count. Ends a scenario that hangs as
  /// `timed_out`.
  std::chrono::seconds deadline{20};
  /// After all others: what it does may leave the kernel tainted.
  bool last = false;
  std::function<void(Trace&)> run;
  /// Its source file, without folder and suffix: `tcp_reset`. Set by Register.
  std::string file = {};
};

/// All scenarios, sorted by id, those that run `last` at the end.
const std::vector<Scenario>& scenarios();

/// The stories by the files that they stand in.
const std::map<std::string, Story>& stories();

/// Put at namespace scope below a scenario's function; an empty list is a bug of the build.
struct Register {
  explicit Register(Scenario scenario, const char* file = __builtin_FILE());
  explicit Register(std::vector<Scenario> many, const char* file = __builtin_FILE());
};

}  // namespace probe
