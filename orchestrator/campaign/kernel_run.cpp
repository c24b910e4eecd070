#include "orchestrator/campaign/kernel_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "images/kernel_config.h"
#include "images/modules.h"
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

// Collects a probe's records into a result and tells of them.
class Collector {
 public:
  Collector(RunResult& result, const GuestOrder& order, const StoredKernel& kernel,
            const KernelRunEvents& events)
      : result_(result), order_(order), kernel_(kernel), events_(events) {}

  void take(const nlohmann::json& record) {
    const auto& kind = record.at("record").get_ref<const std::string&>();
    if (kind == "probe") {
      result_.kernel.release = record.at("release");
      result_.kernel.version = record.at("kernel_version");
      result_.kernel.machine = record.at("machine");
      result_.probe.version = record.at("version");
      if (const auto failed = record.find("modules_failed"); failed != record.end()) {
        for (const auto& [module, error] : failed->items()) {
          result_.guest.modules_failed[module] = error;
        }
      }
    } else if (kind == "begin") {
      if (events_.scenario) events_.scenario(result_.observations.size(), record.at("scenario"));
    } else if (kind == "observation") {
      keep(observation_from_record(record));
    }
  }

 private:
  // Where no errno says that the kernel lacks the feature, the probe does not know why.
  void explain(Observation& seen) const {
    if (seen.ending != ScenarioEnding::unsupported || !seen.proof.empty()) return;
    std::string why;
    if (const auto lacks = result_.lacks.find(seen.feature); lacks != result_.lacks.end()) {
      why = lacks->second;
    } else {
      for (const FeatureInfo& feature : order_.features) {
        if (feature.name == seen.feature) why = why_not_loaded(feature, kernel_, result_.guest);
      }
    }
    if (!why.empty()) seen.reason += "; " + why;
  }

  // A probe runs some scenarios last, whatever they are called.
  void keep(Observation seen) {
    explain(seen);
    auto& all = result_.observations;
    const auto place = std::upper_bound(
        all.begin(), all.end(), seen,
        [](const Observation& a, const Observation& b) { return a.scenario < b.scenario; });
    all.insert(place, std::move(seen));
  }

  RunResult& result_;
  const GuestOrder& order_;
  const StoredKernel& kernel_;
  const KernelRunEvents& events_;
};

// What a kernel has built in or lacks is left out by resolve_modules().
std::vector<fs::path> modules_of(const GuestOrder& order, const StoredKernel& kernel) {
  if (kernel.modules.empty()) return {};
  std::vector<std::string> wanted;
  for (const FeatureModule& module : order.modules) {
    if (module.in_cloud_kernels || !is_cloud(kernel)) wanted.push_back(module.name);
  }
  return resolve_modules(kernel.modules, wanted, order.cache);
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
  for (const fs::path& module : plan.contents.modules) run.modules.push_back(module.stem());
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

// A kernel that has begun to run /init has come up: what went wrong after that, another way to
// boot it will not mend (init/main.c: run_init_process; "Freeing unused kernel" before 4.18).
bool came_up(const GuestOutcome& outcome, const fs::path& console) {
  if (!outcome.records.empty() || outcome.verdict.ending == GuestEnding::interrupted) return true;
  const std::string log = fs::exists(console) ? read_file(console) : std::string();
  return log.find("Run /init as init process") != std::string::npos ||
         log.find("Freeing unused kernel") != std::string::npos;
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
  const BootImage image = boot_image(kernel.image, order.cache);
  Plan plan = plan_of(order, kernel, variant);
  PreparedGuest guest{plan.spec, {}, run_of(plan, variant)};
  guest.spec.name = name;
  guest.spec.kernel = variant.decompressed ? image.vmlinux.value() : image.bzimage;
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
    const TemporaryDirectory scratch(fs::temp_directory_path());
    const PreparedGuest guest =
        prepare_guest(order, kernel, variant, "brokenpipe-" + kernel.id, scratch.path());
    if (events.event) events.event("booting (" + variant.name + ")");

    result = empty_result(order, kernel);
    result.guest = guest.run;
    Collector collector(result, order, kernel, events);
    GuestListener listener;
    listener.record = [&](const nlohmann::json& record) { collector.take(record); };
    if (events.console) listener.console = events.console;
    const GuestOutcome outcome =
        run_guest(hypervisor, guest.spec, guest.nonce, order.limits, stop, listener);
    result.guest.ending = outcome.verdict.ending;
    result.guest.reason = outcome.verdict.reason;
    result.guest.timings = outcome.timings;
    result.guest.qemu = hypervisor.qemu_version();
    result.guest.libvirt = hypervisor.libvirt_version();
    if (fs::exists(guest.spec.console)) write_file(console, read_file(guest.spec.console));
    if (came_up(outcome, guest.spec.console)) {
      if (!outcome.records.empty()) memory.remember(variant, kernel.sha256, order.accelerator);
      break;
    }
  }
  check_identity(result, kernel);
  return result;
}

KvmVerdict try_kvm(Hypervisor& hypervisor, const GuestOrder& order, const StoredKernel& kernel) {
  GuestOrder canary = order;
  canary.clock = Clock::real;
  canary.accelerator = Accelerator::kvm;
  const TemporaryDirectory scratch(fs::temp_directory_path());
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
  bool ended = false;
  CommandOptions options;
  options.stop = stop;
  options.on_line = [&](const std::string& line) {
    const auto record = nlohmann::json::parse(line);
    collector.take(record);
    ended = ended || record.at("record") == "end";
  };
  const CommandResult run = run_command(command, options);
  if (!ended && stop.stop_requested()) {
    result.guest.ending = GuestEnding::interrupted;
    return result;
  }
  if (run.exit_status != 0 || !ended) {
    throw Error(doing, run.err.empty() ? "its records end early" : run.err,
                "Run " + order.probe.string() + " by hand to see more.");
  }
  result.guest.ending = GuestEnding::finished;
  return result;
}

}  // namespace brokenpipe
