#include <fmt/format.h>

#include <memory>

#include "orchestrator/commands/commands.h"
#include "orchestrator/commands/run.h"
#include "orchestrator/kernel_selection.h"
#include "results/error.h"

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
  fmt::print("{}: Linux {}, {} scenarios recorded\n", file, reference.kernel.release,
             reference.observations.size());
  return exit_done;
}

}  // namespace

void add_record_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "record", "Run one kernel and write its answers as a reference for --against");
  const auto options = std::make_shared<Options>();
  add_campaign_options(*command, options->run);
  command->get_option("KERNEL")->required()->expected(1);
  command->add_option("-o,--output", options->output, "The file (default: linux-RELEASE.json)");
  command->callback([&chosen, options] { chosen = [options] { return record(*options); }; });
}

}  // namespace brokenpipe
