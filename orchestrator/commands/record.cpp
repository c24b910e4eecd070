#include <fmt/format.h>

#include <memory>

#include "orchestrator/campaign/kernel_selection.h"
#include "orchestrator/commands/command.h"
#include "orchestrator/commands/run_options.h"
#include "results/base/error.h"
#include "results/base/safe_format.h"

/// `brokenpipe record`: makes a reference of one kernel's answers.
namespace brokenpipe {
namespace {

struct Options {
  RunOptions run;
  std::string output;
};

int record(const Options& options) {
  const Catalogue catalogue = open_catalogue(options.run.store);
  if (select_kernels(catalogue, options.run.kernels).size() != 1) {
    throw UsageError("a reference is of one kernel: " + options.run.kernels.front() +
                     " names several");
  }
  const CampaignOutcome outcome = run(options.run, own_command_line());
  if (outcome.interrupted) return exit_interrupted;
  const PlannedKernel& kernel = outcome.directory.run().kernels.at(0);
  const auto result = outcome.directory.result(kernel.id);
  if (!result) {
    throw Error("recording " + kernel.id, kernel.reason,
                "`brokenpipe run " + kernel.id + "` shows more.");
  }
  const RunResult reference = reference_from_run(*result);
  const std::string file =
      options.output.empty() ? "linux-" + reference.kernel.release + ".json" : options.output;
  write_run_result(file, reference);
  safe_print(stdout, "{}: Linux {}, {} scenarios recorded\n", file, reference.kernel.release,
             reference.observations.size());
  return exit_done;
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  add_campaign_options(command, options->run);
  command.get_option("KERNEL")
      ->description(
          "One kernel: an id of the catalogue, a point release (debian-6.12.107), a path to a "
          "bzImage, vmlinux or linux-image .deb, or 'host'")
      ->required()
      ->expected(1);
  // There is nothing that a recording is held against.
  command.remove_option(command.get_option("--against"));
  command.remove_option(command.get_option("--strict"));
  command.add_option("-o,--output", options->output,
                     "The file to write (default: linux-RELEASE.json in this folder)");
  return [options] { return record(*options); };
}

const RegisterCommand record_command{
    {"record",
     "Run one kernel and write its answers to a file, for others to be held against by --against",
     Purpose::ask, set_up}};

}  // namespace
}  // namespace brokenpipe
