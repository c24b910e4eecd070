#pragma once

#include <stdexcept>
#include <string>

namespace brokenpipe {

/// A hopeless case: ours or the machine's, never a kernel's behaviour. Says what was being done,
/// why it failed, and what to do; caught once, in main, which exits with 3.
class Error : public std::runtime_error {
 public:
  Error(const std::string& doing, const std::string& why, const std::string& remedy = {})
      : std::runtime_error(doing + ": " + why + (remedy.empty() ? "" : "\n  " + remedy)) {}
};

/// The caller asked for something that does not exist or does not fit; exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace brokenpipe
