#include "orchestrator/campaign/kernel_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <utility>
#include <variant>

#include "images/kernel_config.h"
#include "images/modules.h"
#include "orchestrator/campaign/collector.h"
#include "orchestrator/campaign/evidence.h"
#include "orchestrator/guest/domain_xml.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/run_command.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> probe_arguments(const GuestOrder& order, const std::string& nonce) {
  std::vector<std::string> arguments{"--framed", nonce, "--clock",
                                     std::string(to_string(order.clock))};
  arguments.insert(arguments.end(), order.identity.selection.begin(),
                   order.identity.selection.end());
  return arguments;
}

// What a kernel has built in or lacks is left out by resolve_modules().
std::vector<KernelModule> modules_of(const GuestOrder& order, const StoredKernel& kernel) {
  if (kernel.modules.empty()) return {};
  std::vector<std::string> wanted;
  for (const FeatureModule& module : order.modules) {
    if (module.in_cloud_kernels || !is_cloud(kernel)) wanted.push_back(module.name);
  }
  return resolve_modules(kernel.modules, wanted, hashes_of(kernel));
}

// A guest but for its nonce and the places of its files.
struct Plan {
  BootSpec spec;
  InitramfsContents contents;
};

Plan plan_of(const GuestOrder& order, const StoredKernel& kernel, const BootVariant& variant) {
  Plan plan;
  plan.spec.acpi = variant.acpi;
  plan.spec.clock = order.clock;
  plan.spec.accelerator = order.accelerator;
  plan.spec.cmdline = kernel_command_line(variant, order.clock, order.accelerator, order.append);
  plan.contents.probe = order.probe;
  plan.contents.modules = modules_of(order, kernel);
  plan.contents.arguments = probe_arguments(order, {});
  plan.contents.files = order.files;
  return plan;
}

GuestRun run_of(const Plan& plan, const BootVariant& variant) {
  GuestRun run;
  run.accelerator = to_string(plan.spec.accelerator);
  run.clock = to_string(plan.spec.clock);
  run.boot_image = variant.name;
  run.cmdline = plan.spec.cmdline;
  for (const KernelModule& module : plan.contents.modules) {
    run.modules.push_back(fs::path(module.name).stem());
  }
  // Without the nonce, which is made of what the guest is.
  run.initramfs = sha256(initramfs(plan.contents));
  run.domain = sha256(domain_xml(plan.spec));
  return run;
}

RunResult empty_result(const GuestOrder& order, const StoredKernel& kernel) {
  RunResult result;
  result.kernel.id = kernel.id;
  result.kernel.package = kernel.package;
  result.kernel.sha256 = kernel.sha256;
  result.probe = order.identity;
  result.lacks = built_without(order.features, kernel);
  return result;
}

// Of a guest's log as much as may be kept, and a word about the rest.
std::string kept_log(const fs::path& file, size_t most) {
  std::error_code absent;
  const std::uintmax_t size = fs::file_size(file, absent);
  if (absent) return {};
  std::string log(std::min<std::uintmax_t>(size, most), '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(log.data(), static_cast<std::streamsize>(log.size()));
  log.resize(static_cast<size_t>(in.gcount()));
  if (size > most) log += "\n[brokenpipe: it said more, which was not kept: --console-limit]\n";
  return log;
}

// A kernel that has begun to run /init has come up: what went wrong after that, another way to
// boot it will not mend (init/main.c: run_init_process; "Freeing unused kernel" before 4.18).
bool came_up(const GuestOutcome& outcome, const std::string& log) {
  return outcome.records > 0 || outcome.verdict.ending == GuestEnding::interrupted ||
         log.find("Run /init as init process") != std::string::npos ||
         log.find("Freeing unused kernel") != std::string::npos;
}

// What a result is complete without is told of and no more.
void attempt(const KernelRunEvents& events, const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& error) {
    if (events.event) events.event(std::string("warning: ") + error.what());
  }
}

// A store that hands out another kernel than it names would poison every comparison.
void check_identity(const RunResult& result, const StoredKernel& kernel) {
  if (result.kernel.release.empty() || kernel.release.empty()) return;
  if (result.kernel.release == kernel.release) return;
  throw Error(
      "running " + kernel.id,
      fmt::format("the guest says it is Linux {}, but the store has {} under this name",
                  result.kernel.release, kernel.release),
      "The kernel's entry points at another kernel. Fetch it again, or mend the catalogue.");
}

}  // namespace

GuestRun planned_run(const GuestOrder& order, const StoredKernel& kernel,
                     const BootVariant& variant) {
  return run_of(plan_of(order, kernel, variant), variant);
}

PreparedGuest prepare_guest(const GuestOrder& order, const StoredKernel& kernel,
                            const BootVariant& variant, const std::string& name,
                            const fs::path& directory) {
  Plan plan = plan_of(order, kernel, variant);
  PreparedGuest guest{plan.spec, {}, run_of(plan, variant)};
  guest.spec.name = name;
  const BootForm form = variant.decompressed ? BootForm::decompressed : BootForm::as_shipped;
  guest.spec.kernel = directory / (variant.decompressed ? "vmlinux" : "vmlinuz");
  copy_for_boot(kernel.image, kernel.sha256, form, order.cache, guest.spec.kernel);
  guest.spec.initrd = directory / "initramfs.cpio";
  guest.spec.console = directory / "console.txt";
  guest.spec.records = directory / "records.txt";

  // Told by what the guest is, not drawn by lot: under the warp clock a guest that finds other
  // bytes in its memory would take other turns. It still tells this guest's frames from others'.
  constexpr size_t nonce_digits = 16;
  guest.nonce = sha256(kernel.sha256 + order.identity.sha256 + guest.spec.cmdline +
                       fmt::format("{}", fmt::join(order.identity.selection, " ")))
                    .substr(0, nonce_digits);
  plan.contents.arguments = probe_arguments(order, guest.nonce);
  write_file(guest.spec.initrd, initramfs(plan.contents));
  return guest;
}

RunResult run_kernel(Hypervisor& hypervisor, const GuestOrder& order, const StoredKernel& kernel,
                     const fs::path& console, const KernelRunEvents& events,
                     const std::stop_token& stop) {
  const LadderMemory memory(order.cache / "boot");
  const std::vector<BootVariant> ladder = memory.recall(
      boot_ladder(boot_image(kernel.image, order.cache)), kernel.sha256, order.accelerator);
  if (ladder.empty()) {
    throw Error("booting " + kernel.id, "a bare vmlinux without a PVH note cannot be booted",
                "Give the bzImage of the same build instead.");
  }

  RunResult result;
  for (const BootVariant& variant : ladder) {
    const TemporaryDirectory scratch(scratch_parent());
    const PreparedGuest guest =
        prepare_guest(order, kernel, variant, "brokenpipe-" + kernel.id, scratch.path());
    if (events.event) events.event("booting (" + variant.name + ")");

    result = empty_result(order, kernel);
    result.guest = guest.run;
    result.guest.qemu = hypervisor.qemu_version();
    result.guest.libvirt = hypervisor.libvirt_version();
    Collector collector(result, order, kernel, events);
    GuestListener listener;
    listener.record = [&](GuestRecord&& record) { collector.take(std::move(record)); };
    if (events.console) listener.console = events.console;
    const GuestOutcome outcome =
        run_guest(hypervisor, guest.spec, guest.nonce, order.limits, stop, listener);
    result.guest.ending = outcome.verdict.ending;
    result.guest.reason = outcome.verdict.reason;
    result.guest.timings = outcome.timings;
    for (const std::string& warning : outcome.warnings) {
      if (events.event) events.event("warning: " + warning);
    }
    const std::string log = kept_log(guest.spec.console, order.limits.console);
    attempt(events, [&] { write_file(console, log); });
    if (outcome.records > 0)
      attempt(events, [&] { memory.remember(variant, kernel.sha256, order.accelerator); });
    if (came_up(outcome, log)) break;
  }
  check_identity(result, kernel);
  return result;
}

KvmVerdict try_kvm(Hypervisor& hypervisor, const GuestOrder& order, const StoredKernel& kernel) {
  GuestOrder canary = order;
  canary.clock = Clock::real;
  canary.accelerator = Accelerator::kvm;
  const TemporaryDirectory scratch(scratch_parent());
  const auto ladder = boot_ladder(boot_image(kernel.image, order.cache));
  const PreparedGuest guest =
      prepare_guest(canary, kernel, ladder.at(0), "brokenpipe-canary", scratch.path());
  return kvm_verdict(hypervisor, {guest.spec, guest.nonce, kernel.sha256},
                     order.cache / "kvm.json");
}

RunResult run_host(const GuestOrder& order, unsigned jobs, const KernelRunEvents& events,
                   const std::stop_token& stop) {
  const std::string doing = "running the probe on this machine";
  std::vector<std::string> command{order.probe.string(), "--jobs", std::to_string(jobs)};
  command.insert(command.end(), order.identity.selection.begin(), order.identity.selection.end());

  utsname running{};
  uname(&running);
  StoredKernel host;
  host.id = "host";
  host.release = running.release;
  host.config = config_of_host(host.release);
  RunResult result = empty_result(order, host);
  result.guest.clock = to_string(Clock::real);
  Collector collector(result, order, host, events);
  const std::string remedy = "Run " + order.probe.string() + " by hand to see more.";
  RecordOrder records;
  CommandOptions options;
  options.stop = stop;
  options.on_line = [&](const std::string& line) {
    auto record = guest_record(line);
    if (const auto* fault = std::get_if<RecordFault>(&record)) {
      throw Error(doing, fault->what, remedy);
    }
    auto& good = std::get<GuestRecord>(record);
    if (const std::string wrong = records.wrong_with(good); !wrong.empty()) {
      throw Error(doing, wrong, remedy);
    }
    collector.take(std::move(good));
  };
  const CommandResult run = run_command(command, options);
  if (!records.ended() && stop.stop_requested()) {
    result.guest.ending = GuestEnding::interrupted;
    return result;
  }
  if (run.exit_status != 0 || !records.ended()) {
    throw Error(doing, run.err.empty() ? "its records end early" : run.err, remedy);
  }
  result.guest.ending = GuestEnding::finished;
  return result;
}

}  // namespace brokenpipe
