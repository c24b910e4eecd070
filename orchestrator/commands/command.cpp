#include "orchestrator/commands/command.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace brokenpipe {
namespace {

/// A function's static: verbs register before main, in an order that nobody knows.
std::vector<Command>& registry() {
  static std::vector<Command> all;
  return all;
}

const char* heading(Purpose purpose) {
  switch (purpose) {
    case Purpose::look:
      return "What there is";
    case Purpose::ask:
      return "Asking kernels";
    case Purpose::tell:
      return "Telling what they answered";
    case Purpose::care:
      break;
  }
  return "This machine";
}

}  // namespace

RegisterCommand::RegisterCommand(Command command) {
  registry().push_back(std::move(command));
}

std::vector<Command> commands() {
  std::vector<Command> sorted = registry();
  std::sort(sorted.begin(), sorted.end(), [](const Command& one, const Command& other) {
    return std::tie(one.purpose, one.name) < std::tie(other.purpose, other.name);
  });
  return sorted;
}

void add_strict(CLI::App& command, bool& strict) {
  command.add_flag("--strict", strict,
                   "Exit with 1, too, where a kernel whose version does not tell (an own build, a "
                   "vendor's tree, the host) is ahead of its version or behind it");
}

void add_commands(CLI::App& app, Action& chosen) {
  for (const Command& command : commands()) {
    CLI::App* part = app.add_subcommand(command.name, command.description);
    part->group(heading(command.purpose));
    const Action action = command.set_up(*part);
    part->callback([&chosen, action] { chosen = action; });
  }
}

}  // namespace brokenpipe
