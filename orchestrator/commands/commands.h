#pragma once

#include <CLI/CLI.hpp>
#include <functional>

/// One function a verb, each in its own file: it adds the verb to the command line and returns
/// the exit code when the verb is run. main.cpp assembles them.
namespace brokenpipe {

/// What the verb chosen on the command line will do.
using Action = std::function<int()>;

/// What a verb that compares nothing exits with; those that do have exit_code() of results/diff.h.
enum CommandExit { exit_done = 0, exit_usage = 2, exit_failed = 3, exit_interrupted = 130 };

void add_scenarios_command(CLI::App& app, Action& chosen);
void add_kernels_command(CLI::App& app, Action& chosen);
void add_fetch_command(CLI::App& app, Action& chosen);
void add_run_command(CLI::App& app, Action& chosen);
void add_diff_command(CLI::App& app, Action& chosen);
void add_bisect_command(CLI::App& app, Action& chosen);
void add_nightly_command(CLI::App& app, Action& chosen);
void add_report_command(CLI::App& app, Action& chosen);
void add_publish_command(CLI::App& app, Action& chosen);
void add_record_command(CLI::App& app, Action& chosen);
void add_tables_command(CLI::App& app, Action& chosen);
void add_doctor_command(CLI::App& app, Action& chosen);

}  // namespace brokenpipe
