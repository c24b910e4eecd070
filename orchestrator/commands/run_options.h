#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "orchestrator/campaign/kernel_run.h"
#include "orchestrator/commands/store_options.h"
#include "orchestrator/guest/lazy_virt.h"
#include "results/run_directory.h"

/// What the verbs that boot guests share: the options of a campaign, and running one.
namespace brokenpipe {

struct RunOptions {
  std::vector<std::string> kernels;
  std::vector<std::string> scenarios;
  std::string out;    ///< empty: the default place
  unsigned jobs = 0;  ///< guests at once; 0: as many as there are processors
  unsigned repeat = 1;
  std::string accelerator = "auto";
  std::string clock = "warp";
  std::string probe;
  std::string connect;
  unsigned boot_timeout = 120;  ///< seconds, as the next two
  unsigned no_progress_timeout = 120;
  unsigned time_limit = 1800;
  unsigned record_limit = 16;  ///< MiB, as the next one
  unsigned console_limit = 16;
  std::string resume;
  bool fresh = false;
  std::string against;
  bool strict = false;
  std::string append;
  std::string modules;
  bool console = false;
  bool dry_run = false;
  StoreArguments store;
};

/// Which probe asks in which guests, how long they may take, and where kernels come from: the
/// options of every verb that boots guests.
void add_guest_options(CLI::App& command, RunOptions& options);

/// The options that say what to run and how; not those of what becomes of the results.
void add_campaign_options(CLI::App& command, RunOptions& options);

/// What the guests are asked. Throws UsageError where the options contradict each other.
GuestOrder guest_order(const RunOptions& options);

/// Where runs are kept: --out, or the default place.
std::filesystem::path runs_directory(const RunOptions& options);

/// The connection that --connect names, made when the first guest wants it.
LazyVirt hypervisor_of(const RunOptions& options);

struct CampaignOutcome {
  RunDirectory directory;
  bool interrupted = false;
};

/// Runs what the options say, into a new run directory or that of `options.resume`.
/// `command_line` is kept in run.json.
CampaignOutcome run(const RunOptions& options, const std::vector<std::string>& command_line);

/// This process's own command line, paths in it made absolute.
std::vector<std::string> own_command_line();

}  // namespace brokenpipe
