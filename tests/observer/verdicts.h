#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// What test programs of others say of a kernel, held against the probe's answers to the same
/// questions.
namespace brokenpipe::testing {

/// A test of theirs, by name: whether it passed. What was skipped, or is declared not to apply, is
/// not in it.
using Verdicts = std::map<std::string, bool>;

/// Of a Go test binary with -test.v: `--- PASS: TestEPIPE (0.00s)`.
Verdicts go_verdicts(const std::string& output);

/// Of a program of the kernel's selftests: `ok 1 unix_sock.stream.eof`, `ok 6 ... # XFAIL ...`.
Verdicts tap_verdicts(const std::string& output);

/// What a test asserts of the kernel, where the probe asks the same.
struct Claim {
  std::string test;
  std::string scenario;
  std::string step;
  nlohmann::json members;  ///< of the step: it has these and may have others
};

/// Where they do not agree: a test must have passed if, and only if, the probe has seen all that
/// it claims. `observations`: the probe's records, by scenario.
std::vector<std::string> disagreements(const Verdicts& verdicts, const std::vector<Claim>& claims,
                                       const std::map<std::string, nlohmann::json>& observations);

}  // namespace brokenpipe::testing
