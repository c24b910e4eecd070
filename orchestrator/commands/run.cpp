#include "orchestrator/commands/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "images/files.h"
#include "images/module_needs.h"
#include "images/sha256.h"
#include "orchestrator/campaign.h"
#include "orchestrator/commands/commands.h"
#include "orchestrator/commands/report_data.h"
#include "orchestrator/interrupt.h"
#include "orchestrator/paths.h"
#include "orchestrator/scenario_list.h"
#include "results/error.h"
#include "results/file.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

// What these scenarios need, with repetitions.
std::vector<std::string> needs_of(const std::vector<ScenarioInfo>& scenarios) {
  std::vector<std::string> needs;
  for (const ScenarioInfo& scenario : scenarios) {
    needs.insert(needs.end(), scenario.needs.begin(), scenario.needs.end());
  }
  return needs;
}

std::vector<std::string> ids(const std::vector<KernelChoice>& requests) {
  std::vector<std::string> ids;
  ids.reserve(requests.size());
  for (const KernelChoice& request : requests) ids.push_back(request.id);
  return ids;
}

Accelerator choose_accelerator(const RunOptions& options, const GuestOrder& order,
                               const std::vector<ReadyKernel>& kernels, LazyVirt& virt,
                               Progress& progress) {
  if (options.accelerator == "kvm") return Accelerator::kvm;
  if (options.accelerator == "tcg" || order.clock == Clock::warp) return Accelerator::tcg;
  const auto canary = std::find_if(kernels.begin(), kernels.end(), [](const ReadyKernel& kernel) {
    return kernel.stored.has_value();
  });
  if (canary == kernels.end()) return Accelerator::tcg;
  const KvmVerdict verdict = try_kvm(virt(), order, *canary->stored);
  progress.note(fmt::format("accelerator: {} ({})", verdict.usable ? "kvm" : "tcg", verdict.why));
  return verdict.usable ? Accelerator::kvm : Accelerator::tcg;
}

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
      fmt::print("{} {}\n", order.probe.string(), fmt::join(options.scenarios, " "));
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
  const CampaignOutcome outcome = run(options, command_line);
  const ReportData data = report_data(outcome.directory, reference, changes);
  fmt::print("{}", report_named("text").render(data, {.colour = wants_color(stdout)}));
  fmt::print("\nResults: {}\n", outcome.directory.path().string());
  if (outcome.interrupted) {
    fmt::print(stderr, "Interrupted. What was done is kept; go on by: brokenpipe run --resume {}\n",
               outcome.directory.path().string());
    return exit_interrupted;
  }
  return static_cast<int>(exit_code(data));
}

}  // namespace

void add_guest_options(CLI::App& command, RunOptions& options) {
  command.add_option("--probe", options.probe,
                     "A probe of your own build instead of the one beside this program");
  command.add_option("--connect", options.connect,
                     "libvirt URI (default: qemu:///embed, which needs no daemon)");
  command.add_option("--boot-timeout", options.boot_timeout, "Seconds to the probe's first record")
      ->capture_default_str();
  command
      .add_option("--no-progress-timeout", options.no_progress_timeout,
                  "Seconds from record to record")
      ->capture_default_str();
  command.add_option("--time-limit", options.time_limit, "Seconds for a guest, all in all")
      ->capture_default_str();
  command.add_option("--append", options.append, "More for the kernel's command line");
  add_store_options(command, options.store);
}

fs::path runs_directory(const RunOptions& options) {
  return options.out.empty() ? state_directory() / "runs" : fs::absolute(options.out);
}

LazyVirt hypervisor_of(const RunOptions& options) {
  return {options.connect.empty() ? embedded_uri : options.connect, cache_directory() / "libvirt"};
}

void add_campaign_options(CLI::App& command, RunOptions& options) {
  command.add_option("KERNEL", options.kernels,
                     "Ids of the catalogue or globs over them, point releases (debian-6.12.107), "
                     "paths to a bzImage, vmlinux or linux-image .deb, or 'host'\n"
                     "(default: the catalogue's default matrix)");
  command.add_option("--scenario", options.scenarios, "Only scenarios whose id matches the glob")
      ->allow_extra_args(false);
  command.add_option("--out", options.out,
                     "Where runs are kept (default: $XDG_STATE_HOME/brokenpipe/runs)");
  command.add_option("--jobs", options.jobs, "Guests at once (default: one a processor)")
      ->check(CLI::Range(1U, 4096U));
  command.add_option("--repeat", options.repeat, "Runs of each kernel; what disagrees is flaky")
      ->check(CLI::Range(1U, 4096U));
  command.add_option("--accel", options.accelerator, "auto, kvm or tcg, for the real clock")
      ->check(CLI::IsMember({"auto", "kvm", "tcg"}))
      ->capture_default_str();
  command
      .add_option("--clock", options.clock,
                  "warp: idle guest time costs nothing, runs repeat to the byte; real: the second "
                  "opinion")
      ->check(CLI::IsMember({"warp", "real"}))
      ->capture_default_str();
  command.add_option("--modules", options.modules,
                     "lib/modules/RELEASE of a kernel given by its path");
  command.add_flag("--fresh", options.fresh,
                   "Run again what was run before with the same kernel and the same probe");
  command.add_flag("--console", options.console, "Show the guests' logs as they come, on stderr");
  command.add_option("--against", options.against, "A reference of your own instead of Linux 3.16");
  add_guest_options(command, options);
}

GuestOrder guest_order(const RunOptions& options) {
  if (options.clock == "warp" && options.accelerator == "kvm") {
    throw UsageError(
        "--clock warp with --accel kvm: the warp clock counts the instructions that QEMU emulates "
        "(-icount), and KVM executes them itself.\n  Use --clock real with KVM.");
  }
  GuestOrder order;
  order.probe = options.probe.empty() ? probe_binary() : fs::absolute(options.probe);
  const ScenarioList list = list_scenarios(order.probe);
  const std::vector<ScenarioInfo> scenarios = select_scenarios(list, options.scenarios);
  order.scenarios = scenarios.size();
  order.identity = {list.probe_version, sha256_file(order.probe), options.scenarios};
  order.modules = modules_for(needs_of(scenarios));
  order.cache = cache_directory() / "kernels";
  order.clock = options.clock == "warp" ? Clock::warp : Clock::real;
  order.limits = {.boot = std::chrono::seconds(options.boot_timeout),
                  .no_progress = std::chrono::seconds(options.no_progress_timeout),
                  .hard = std::chrono::seconds(options.time_limit)};
  order.append = options.append;
  return order;
}

CampaignOutcome run(const RunOptions& options, const std::vector<std::string>& command_line) {
  CampaignOptions campaign;
  campaign.order = guest_order(options);
  campaign.repeat = options.repeat;
  campaign.jobs = options.jobs != 0 ? options.jobs
                  : options.console ? 1  // two logs at once would be no log
                                    : std::thread::hardware_concurrency();
  const fs::path out = runs_directory(options);
  const bool afresh =
      options.fresh || options.console || options.repeat > 1 || !options.modules.empty();
  if (!afresh) campaign.earlier_runs = out;
  if (options.console) {
    campaign.console = [](std::string_view log) { fmt::print(stderr, "{}", log); };
  }

  std::vector<KernelChoice> requests =
      select_kernels(open_catalogue(options.store), options.kernels);
  if (!options.modules.empty() &&
      std::none_of(requests.begin(), requests.end(),
                   [](const KernelChoice& choice) { return !choice.file.empty(); })) {
    throw UsageError("--modules is for a kernel given by its path; the others have their own");
  }
  RunDirectory directory =
      options.resume.empty() ? new_run(out, requests, command_line) : open_run(options.resume);
  requests = left_to_do(directory, campaign.order.identity, std::move(requests));

  const bool live = is_terminal(stderr) && !options.console;
  Progress progress(stderr, live, ids(requests));
  KernelStore store =
      open_store(options.store, [&](const std::string& line) { progress.note(line); });
  const std::vector<ReadyKernel> ready = make_ready(store, requests, Freshness::stored_is_enough,
                                                    options.modules, directory, progress);

  LazyVirt virt = hypervisor_of(options);
  const InterruptWatch watch;
  campaign.order.accelerator = choose_accelerator(options, campaign.order, ready, virt, progress);
  run_campaign([&]() -> Hypervisor& { return virt(); }, ready, campaign, directory, progress,
               watch.token());
  return {std::move(directory), watch.interrupted()};
}

std::vector<std::string> own_command_line() {
  std::vector<std::string> words;
  const std::string all = read_file("/proc/self/cmdline");
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = all.find('\0', begin);
    std::string word = all.substr(begin, end - begin);
    // --resume must find the files from any folder.
    if (fs::path(word).is_relative() && word.find('/') != std::string::npos && fs::exists(word)) {
      word = fs::absolute(word);
    }
    words.push_back(std::move(word));
    begin = end == std::string::npos ? all.size() : end + 1;
  }
  return words;
}

void add_run_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "run", "Boot kernels, ask them everything, and hold their answers against the reference");
  const auto options = std::make_shared<RunOptions>();
  add_campaign_options(*command, *options);
  command->add_option("--resume", options->resume, "Go on with a run that was interrupted")
      ->excludes(command->get_option("KERNEL"))
      ->excludes(command->get_option("--scenario"));
  command->add_flag("--dry-run", options->dry_run,
                    "Print the exact QEMU command lines, ready to be pasted, and run nothing");
  command->callback(
      [&chosen, options] { chosen = [options] { return run_and_report(*options); }; });
}

}  // namespace brokenpipe
