#include "orchestrator/nightly/nightly.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <thread>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/commands/run_options.h"
#include "orchestrator/guest/interrupt.h"
#include "orchestrator/site/site.h"
#include "results/base/error.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"
#include "results/base/terminal.h"
#include "results/scenario_list.h"

/// `brokenpipe nightly`: runs what is new, tells the news, and publishes.
namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

struct Options {
  fs::path state;
  unsigned keep = 30;
  fs::path summary;
  RunOptions run;
};

// A job's page may have words of other steps on it already.
void append(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::app);
  out << text << std::flush;
  if (!out) {
    throw Error("appending to " + file.string(), "it cannot be written",
                "Name another file by --summary.");
  }
}

int run_and_publish(const Options& options) {
  // Read before anything is booted: a mistake in it should not cost a night.
  SiteInput site;
  site.reference = read_reference(options.run.against);
  site.changes = known_changes();
  site.waivers = known_waivers();
  site.archive = read_archive(shipped("archive"));
  site.assets = shipped("site");
  const std::vector<KernelChoice> kernels =
      select_kernels(open_catalogue(options.run.store), options.run.kernels);

  NightOptions night;
  night.state = fs::absolute(options.state);
  night.keep = options.keep;
  night.waivers = site.waivers;
  night.campaign.order = guest_order(options.run);
  night.campaign.jobs =
      options.run.jobs != 0 ? options.run.jobs : std::thread::hardware_concurrency();
  night.command_line = own_command_line();
  site.scenarios = list_scenarios(night.campaign.order.probe);
  night.publish = [&](const std::vector<RunDirectory>& runs) {
    site.runs = runs;
    publish(site, night.state / "site");
  };

  Progress progress(stderr, is_terminal(stderr), ids_of(kernels));
  KernelStore store =
      open_store(options.run.store, [&](const std::string& line) { progress.note(line); });
  LazyVirt virt = hypervisor_of(options.run);
  virt.tell([&](const std::string& line) { progress.note(line); });
  const InterruptWatch watch;
  const NightReport report =
      run_night([&]() -> Hypervisor& { return virt(); }, store, kernels, site.reference,
                site.changes, night, progress, watch.token());
  if (report.interrupted) {
    fmt::print(stderr, "Interrupted. What was done is kept: the next night goes on from there.\n");
    return exit_interrupted;
  }
  if (!options.summary.empty()) append(options.summary, summary_markdown(report));
  safe_print(stdout, "{}; {}\n", summary_line(report),
             report.published ? (night.state / "site" / "index.html").string()
                              : "there is no result to publish");
  return static_cast<int>(exit_code(report));
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("KERNEL", options->run.kernels,
                     "As for `run` (default: the catalogue's default matrix)");
  command
      .add_option("--state", options->state,
                  "A folder of its own, kept from night to night: runs, the site, summary.md")
      ->required();
  command
      .add_option("--keep", options->keep,
                  "Nights that are kept, besides those with a kernel's newest result")
      ->check(CLI::Range(1U, 4096U))
      ->capture_default_str();
  command.add_option("--summary", options->summary,
                     "Append the night's summary, in Markdown, to this file: a job's page");
  command.add_option("--scenario", options->run.scenarios, "Only scenarios whose id matches")
      ->allow_extra_args(false);
  command.add_option("--jobs", options->run.jobs, "Guests at once (default: one a processor)")
      ->check(CLI::Range(1U, 4096U));
  command.add_option("--against", options->run.against,
                     "A reference of your own instead of Linux 3.16");
  add_guest_options(command, options->run);
  command.footer(
      "Exit codes: 0 nothing new, 1 a changed answer, whatever its colour, a new unexplained\n"
      "difference or a fixed one, 2 usage, 3 a kernel could not be judged, or something was not\n"
      "asked and is not waived, 130 interrupted.");
  return [options] { return run_and_publish(*options); };
}

const RegisterCommand nightly_command{
    {"nightly", "Run what is new on the mirror, tell what is new in the answers, and publish",
     Purpose::ask, set_up}};

}  // namespace
}  // namespace brokenpipe
