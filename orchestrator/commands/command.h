#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

/// A verb of the command line is one file in this folder: a function that adds its options and,
/// below it, a `const RegisterCommand` that names it; nothing else lists them.
namespace brokenpipe {

/// What a verb does once its options are read; returns the exit code.
using Action = std::function<int()>;

/// What a verb that compares nothing exits with; those that do have exit_code() of results/diff.h.
enum CommandExit { exit_done = 0, exit_usage = 2, exit_failed = 3, exit_interrupted = 130 };

/// What verbs that compare say of their exit codes in --help.
inline constexpr const char* comparing_exit_codes =
    "Exit codes: 0 every answer is the predicted one, and what was not asked is waived; 1 one is\n"
    "not, or is flaky; 2 usage; 3 something is incomplete, or was not asked and is not waived\n"
    "(before 1); 130 interrupted.";

/// Adds --strict to a verb that compares.
void add_strict(CLI::App& command, bool& strict);

/// Under which heading `--help` has the verb, in this order.
enum class Purpose { look, ask, tell, care };

struct Command {
  std::string name;
  std::string description;  ///< for --help: a sentence without its full stop
  Purpose purpose;
  /// Adds the verb's options to its part of the command line. The action may be called once those
  /// have been read.
  Action (*set_up)(CLI::App& command);
};

/// Adds a verb; a namespace-scope object of each verb's file.
class RegisterCommand {
 public:
  explicit RegisterCommand(Command command);
};

/// All verbs, by purpose and name.
std::vector<Command> commands();

/// All verbs as commands of `app`. The one that is read from the command line puts its action into
/// `chosen`.
void add_commands(CLI::App& app, Action& chosen);

}  // namespace brokenpipe
