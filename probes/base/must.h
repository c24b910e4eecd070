#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>

/// The two ways in which a scenario ends before its last step. Set-up is wrapped in must(); the
/// call under test never is.
namespace probe {

/// Set-up failed: ours, not the kernel's. The scenario ends as `broken`.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The running kernel, or the right to use it, lacks what the scenario needs. `unsupported`.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The name of an errno value: `EPIPE`; `errno 4711` for one that libc does not know.
std::string errno_name(int error);

/// The result of a set-up call, or Broken with what was called and errno.
template <class Result>
Result must(const char* doing, Result result) {
  if (result < 0) throw Broken(std::string(doing) + ": " + errno_name(errno));
  return result;
}

}  // namespace probe
