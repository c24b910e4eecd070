#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

/// The two ways in which a scenario ends before its last step. Set-up is wrapped in must(); the
/// call under test never is.
namespace probe {

/// Set-up failed: ours, not the kernel's. The scenario ends as `broken`.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The scenario could not be asked here: the running kernel, or the right to use it, lacks what it
/// needs. `unsupported`.
class Unsupported : public std::runtime_error {
 public:
  /// `feature`: what was asked for, where it has a name; `proof`: the errno, or another word of the
  /// kernel's, that means just that it lacks this, and no module or right could bring it.
  explicit Unsupported(const std::string& why, std::string feature = {}, std::string proof = {})
      : std::runtime_error(why), feature_(std::move(feature)), proof_(std::move(proof)) {}

  const std::string& feature() const { return feature_; }
  const std::string& proof() const { return proof_; }

 private:
  std::string feature_;
  std::string proof_;
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
