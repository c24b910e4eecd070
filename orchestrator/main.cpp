#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <sstream>

#include "orchestrator/commands/command.h"
#include "orchestrator/guest/embed_root.h"
#include "orchestrator/guest/interrupt.h"
#include "orchestrator/guest/supervisor.h"
#include "results/base/error.h"
#include "results/base/folder.h"
#include "results/base/near.h"
#include "results/base/process_limit.h"
#include "results/base/text.h"

namespace {

/// CLI11 misses a command before it looks at the word that is none. Throws UsageError for that.
void refuse_unknown_command(const CLI::App& app) {
  using namespace brokenpipe;
  const std::vector<std::string> words = app.remaining();
  if (!app.get_subcommands().empty() || words.empty()) return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  throw UsageError(fmt::format("no command '{}'. {}", words.front(),
                               where_to_look(words.front(), names, "--help")));
}

/// What went wrong may quote what a guest, a file or its name says.
void complain(const std::exception& error) {
  using namespace brokenpipe;
  fmt::print(stderr, "brokenpipe: {}\n", terminal_lines(error.what(), longest_text));
}

/// The same of the command line, or the help that was asked for; an exit code of CLI11's.
int tell(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(error, out, err);
  fmt::print("{}", brokenpipe::terminal_lines(out.str()));
  fmt::print(stderr, "{}", brokenpipe::terminal_lines(err.str()));
  return code;
}

void parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError&) {
    refuse_unknown_command(app);
    throw;
  }
}

int run(int argc, char** argv) {
  using namespace brokenpipe;
  CLI::App app(
      "What a write to a connection nobody reads gets: measured on real kernels, compared with "
      "Linux 3.16.",
      "brokenpipe");
  app.set_version_flag("--version", BROKENPIPE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 as predicted, 1 unexplained differences, 2 usage, 3 something could not be\n"
      "run or read, or was not asked and is not waived, 130 interrupted.");

  Action chosen;
  add_commands(app, chosen);

  try {
    parse(app, argc, argv);
    return chosen();
  } catch (const CLI::ParseError& error) {
    return tell(app, error) == 0 ? exit_done : exit_usage;
  } catch (const UsageError& error) {
    complain(error);
    return exit_usage;
  } catch (const std::system_error& error) {
    // Of a thread that could not be had nobody else says anything.
    if (error.code() == std::errc::resource_unavailable_try_again)
      complain(Error("starting a thread", error.what(), process_limit_remedy));
    else
      complain(error);
    return exit_failed;
  } catch (const std::exception& error) {
    complain(error);
    return exit_failed;
  }
}

/// The exit code of this program by that of the process that did its work; what that one could not
/// see to, because it was killed, is done here.
int after_worker(int code) {
  using namespace brokenpipe;
  const int signal = code - 128;
  if (signal > 0) {
    try {
      sweep_temporary(scratch_parent());
      sweep_embed_roots();
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next one that starts does it
    }
  }
  // Killed before it could take the signal.
  return signal == SIGTERM || signal == SIGHUP ? say_interrupted_by(signal) : code;
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything else: guests are adopted by the supervising parent, which ends them when
  // this program is gone, however it went.
  const pid_t caller = getpid();
  try {
    const int code = brokenpipe::supervise([&] {
      const brokenpipe::Interrupts interrupts;
      return run(argc, argv);
    });
    return getpid() == caller ? after_worker(code) : code;
  } catch (const std::exception& error) {
    complain(error);
    return brokenpipe::exit_failed;
  }
}
