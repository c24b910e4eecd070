#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "images/kernel_store.h"
#include "orchestrator/campaign/kernel_selection.h"
#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/commands/run_options.h"
#include "orchestrator/reports/report.h"
#include "results/base/error.h"
#include "results/base/folder.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"
#include "results/base/terminal.h"
#include "results/base/text.h"

/// `brokenpipe run`: asks kernels and compares, goes on with that, or says what it would boot.
namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

StoredKernel stored(KernelStore& store, const KernelChoice& choice) {
  if (!choice.entry) return store.open_file(choice.file);
  const auto kernel =
      store.fetch({{*choice.entry, choice.point_release}}, Freshness::stored_is_enough).at(0);
  if (!kernel) throw Error("fetching " + choice.id, not_offered_because(*choice.entry));
  return *kernel;
}

// The command that would boot each kernel; all that it names stays where it is.
int print_commands(const RunOptions& options) {
  GuestOrder order = guest_order(options);
  if (options.accelerator == "kvm") order.accelerator = Accelerator::kvm;
  KernelStore store = open_store(options.store, {});
  LazyVirt virt = hypervisor_of(options);
  for (const KernelChoice& request :
       select_kernels(open_catalogue(options.store), options.kernels)) {
    if (request.is_host()) {
      std::string command = shell_word(order.probe.string());
      for (const std::string& glob : options.scenarios) command += " " + shell_word(glob);
      fmt::print("{}\n", command);
      continue;
    }
    const StoredKernel kernel = stored(store, request);
    const fs::path directory = cache_directory() / "dry-run" / request.id;
    make_directories(directory);
    const auto ladder = boot_ladder(boot_image(kernel.image, order.cache));
    const PreparedGuest guest =
        prepare_guest(order, kernel, ladder.at(0), "dry-run-" + request.id, directory);
    fmt::print("{}\n", virt().command_line(guest.spec));
  }
  return exit_done;
}

// A resumed run goes on with what was asked then, not with what happens to be asked now.
RunOptions options_of(const std::vector<std::string>& command_line, const RunOptions& asked_now) {
  if (command_line.size() < 2 || command_line[1] != "run") {
    throw UsageError(asked_now.resume + " was not made by `run`: give its command again instead");
  }
  RunOptions options;
  CLI::App app;
  add_campaign_options(*app.add_subcommand("run"), options);
  std::vector<std::string> reversed(command_line.rbegin(), command_line.rend() - 1);
  app.parse(reversed);
  options.resume = asked_now.resume;
  options.jobs = asked_now.jobs;
  options.strict = options.strict || asked_now.strict;
  return options;
}

int run_and_report(const RunOptions& asked) {
  if (asked.dry_run) return print_commands(asked);
  const std::vector<std::string> command_line =
      asked.resume.empty() ? own_command_line() : open_run(asked.resume).run().command_line;
  const RunOptions options = asked.resume.empty() ? asked : options_of(command_line, asked);

  // Read before anything is booted: a mistake in it should not cost a run.
  const RunResult reference = read_reference(options.against);
  const Changes changes = known_changes();
  const WaiversOn waivers = known_waivers();
  const CampaignOutcome outcome = run(options, command_line);
  ReportData data = report_data(outcome.directory, reference, changes, waivers);
  data.strict = options.strict;
  fmt::print("{}", report_named("text").render(data, {.colour = wants_color(stdout)}));
  safe_print(stdout, "\nResults: {}\n", outcome.directory.path().string());
  if (outcome.interrupted) {
    fmt::print(stderr, "Interrupted. What was done is kept; go on by: brokenpipe run --resume {}\n",
               shell_word(outcome.directory.path().string()));
    return exit_interrupted;
  }
  return static_cast<int>(exit_code(data));
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<RunOptions>();
  add_campaign_options(command, *options);
  command.add_option("--resume", options->resume, "Go on with a run that was interrupted")
      ->excludes(command.get_option("KERNEL"))
      ->excludes(command.get_option("--scenario"));
  command.add_flag("--dry-run", options->dry_run,
                   "Print the exact QEMU command lines, ready to be pasted, and run nothing");
  command.footer(comparing_exit_codes);
  return [options] { return run_and_report(*options); };
}

const RegisterCommand run_command{
    {"run", "Boot kernels, ask them everything, and hold their answers against the reference",
     Purpose::ask, set_up}};

}  // namespace
}  // namespace brokenpipe
