#include "orchestrator/commands/run_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>

#include "orchestrator/campaign/campaign.h"
#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/guest/interrupt.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/paths.h"
#include "results/base/sha256.h"
#include "results/base/terminal.h"
#include "results/base/text.h"
#include "results/scenario_list.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

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
  const Accelerator chosen = verdict.usable ? Accelerator::kvm : Accelerator::tcg;
  progress.note(fmt::format("accelerator: {} ({})", to_string(chosen), verdict.why));
  return chosen;
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
  // Of more records the result's file would become larger than its readers take
  // (results/base/json_parse.h).
  command
      .add_option("--record-limit", options.record_limit,
                  "MiB of records that a guest may send; one that sends more is ended")
      ->check(CLI::Range(1U, 32U))
      ->capture_default_str();
  command
      .add_option("--console-limit", options.console_limit,
                  "MiB of a guest's log that are kept; what comes after them is dropped")
      ->check(CLI::Range(1U, 1024U))
      ->capture_default_str();
  command.add_option("--append", options.append, "More for the kernel's command line");
  add_store_options(command, options.store);
}

fs::path runs_directory(const RunOptions& options) {
  return options.out.empty() ? default_runs_directory() : fs::absolute(options.out);
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
  add_strict(command, options.strict);
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
  order.modules = modules_for(list, scenarios);
  order.features = list.features;
  order.cache = cache_directory() / "kernels";
  order.clock = options.clock == "warp" ? Clock::warp : Clock::real;
  order.limits = {.boot = std::chrono::seconds(options.boot_timeout),
                  .no_progress = std::chrono::seconds(options.no_progress_timeout),
                  .hard = std::chrono::seconds(options.time_limit),
                  .records = std::size_t{options.record_limit} << 20U,
                  .console = std::size_t{options.console_limit} << 20U};
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
    campaign.console = [shown = TerminalLog()](std::string_view log) mutable {
      fmt::print(stderr, "{}", shown(log));
    };
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
  const std::vector<std::string> damaged = directory.plan_damaged_again();
  requests = left_to_do(directory, campaign.order.identity, std::move(requests));

  const bool live = is_terminal(stderr) && !options.console;
  Progress progress(stderr, live, ids_of(requests));
  for (const std::string& damage : damaged) progress.note(damage);
  KernelStore store =
      open_store(options.store, [&](const std::string& line) { progress.note(line); });
  const std::vector<ReadyKernel> ready = make_ready(store, requests, Freshness::stored_is_enough,
                                                    options.modules, directory, progress);

  LazyVirt virt = hypervisor_of(options);
  virt.tell([&](const std::string& line) { progress.note(line); });
  campaign.order.accelerator = choose_accelerator(options, campaign.order, ready, virt, progress);
  const InterruptWatch watch;
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

}  // namespace brokenpipe
