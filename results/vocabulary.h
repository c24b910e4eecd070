#pragma once

#include <string_view>
#include <vector>

/// The calls that steps tell of and the members that steps have: what the site and the second
/// observer (tests/observer) have to know of each. A new call, and a new member, is named here
/// once; tests/results/vocabulary_test.cpp says what has been forgotten.
namespace brokenpipe {

/// What the number counts that a call returns.
enum class Counts { nothing, bytes, messages };

/// A member of steps that a tracer of system calls cannot see.
struct UnseenMember {
  std::string_view name;
  std::string_view why;
};

/// A call, or what was looked at, by its name in steps.
struct Call {
  std::string_view name;
  bool writes = false;  ///< it hands data to a pipe or a socket: a write of the matrix
  Counts counts = Counts::nothing;
  std::string_view system_call = {};  ///< by which libc makes it on x86-64; empty: by none
  std::vector<UnseenMember> unseen = {};
  bool made_before = false;  ///< it may be made before the step that tells of it
};

/// A member of steps beside `step`, `call` and `args`.
struct StepMember {
  std::string_view name;
  std::string_view unseen = {};  ///< why no tracer sees it, whatever the call; empty: one may
};

const std::vector<Call>& all_calls();
const std::vector<StepMember>& all_step_members();

/// The entry of a call. One that has none (of an older probe, or a newer one) writes nothing,
/// counts nothing, and is the system call of its name.
Call call_named(std::string_view name);

/// Why a tracer of system calls cannot see a member of a call's steps; empty where it can.
std::string_view why_unseen(std::string_view call, std::string_view member);

}  // namespace brokenpipe
