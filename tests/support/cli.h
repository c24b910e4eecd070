#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/base/run_command.h"
#include "tests/support/scratch_folder.h"

/// The command line, for tests that use the program as people do.
namespace brokenpipe::testing {

/// The built command, run as a user would, with a state folder of the test's own.
class Cli {
 public:
  /// Variables such as `PATH=/nowhere` for the command's environment.
  std::vector<std::string> environment;

  std::filesystem::path folder() const { return scratch_.path(); }

  CommandResult operator()(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words{"/usr/bin/env", "XDG_STATE_HOME=" + folder().string()};
    words.insert(words.end(), environment.begin(), environment.end());
    words.emplace_back(BROKENPIPE_BINARY);
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_command(words);
  }

 private:
  ScratchFolder scratch_;
};

}  // namespace brokenpipe::testing
