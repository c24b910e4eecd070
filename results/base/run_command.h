#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace brokenpipe {

struct CommandOptions {
  std::filesystem::path directory;  ///< to run in; empty: this process's own
  /// Called with every whole line of standard output as it comes, without its newline.
  std::function<void(const std::string&)> on_line;
  std::stop_token stop;  ///< asked for, the program gets SIGTERM
};

struct CommandResult {
  int exit_status = 0;  ///< of exit(3); 128 and the signal's number where a signal ended it
  std::string out;
  std::string err;
};

/// Runs a program of the PATH to its end, with an empty standard input and in the C locale, and
/// keeps what it says. Throws Error where it cannot be started; a failure of its own is a result.
CommandResult run_command(const std::vector<std::string>& arguments,
                          const CommandOptions& options = {});

}  // namespace brokenpipe
