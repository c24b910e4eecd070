#include <fmt/format.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>

#include "orchestrator/campaign/kernel_run.h"
#include "orchestrator/commands/command.h"
#include "orchestrator/commands/run_options.h"
#include "orchestrator/guest/lazy_virt.h"
#include "results/base/error.h"
#include "results/base/paths.h"
#include "results/base/text.h"
#include "results/scenario_list.h"

/// `brokenpipe doctor`: looks at whatever a run needs of this machine.
namespace brokenpipe {
namespace {

// Prints what was found out about one thing. `check` returns it, or throws what is wrong with it
// and what to do. Whether it was well.
bool look_at(const char* what, const std::function<std::string()>& check) {
  try {
    fmt::print("{:<12} {}\n", what, terminal_lines(check()));
    return true;
  } catch (const std::exception& problem) {
    fmt::print("{:<12} NOT WELL: {}\n", what, terminal_lines(problem.what()));
    return false;
  }
}

std::optional<StoredKernel> any_stored(const Catalogue& catalogue, const KernelStore& store) {
  for (const CatalogueEntry& entry : catalogue.entries) {
    if (auto kernel = store.find(entry, {})) return kernel;
  }
  return std::nullopt;
}

std::string kernels_here(const Catalogue& catalogue, const KernelStore& store) {
  size_t here = 0;
  size_t all = 0;
  for (const CatalogueEntry& entry : catalogue.entries) {
    if (!entry.in_default_matrix) continue;
    ++all;
    if (store.find(entry, {})) ++here;
  }
  return fmt::format("{} of the {} kernels of the default matrix are in {}", here, all,
                     store.root().string());
}

int examine(const RunOptions& options) {
  LazyVirt virt = hypervisor_of(options);
  const Catalogue catalogue = open_catalogue(options.store);
  const KernelStore store = open_store(options.store, {});
  bool well = look_at("probe", [] {
    const ScenarioList list = list_scenarios(probe_binary());
    return fmt::format("version {}, {} scenarios", list.probe_version, list.scenarios.size());
  });
  well &= look_at("libvirt", [&] { return virt().libvirt_version(); });
  well &= look_at("QEMU", [&] { return virt().qemu_version(); });
  look_at("QEMU runs", [&]() -> std::string {
    const auto& walls = virt().confinement();
    return walls ? in_words(*walls) : "as the daemon behind " + options.connect + " runs it";
  });
  well &= look_at("store", [&] { return kernels_here(catalogue, store); });
  look_at("KVM", [&]() -> std::string {
    const auto kernel = any_stored(catalogue, store);
    if (!kernel) return "not tried: no kernel in the store to try it with (`brokenpipe fetch`)";
    const KvmVerdict verdict = try_kvm(virt(), guest_order(options), *kernel);
    return fmt::format("{}: {}", verdict.usable ? "usable" : "not usable, so --clock real uses TCG",
                       verdict.why);
  });
  fmt::print("\n{}\n", well ? "This machine can run the matrix (clock warp, by TCG)."
                            : "This machine cannot run the matrix yet.");
  return well ? exit_done : exit_failed;
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<RunOptions>();
  command.add_option("--connect", options->connect, "libvirt URI (default: qemu:///embed)");
  add_store_options(command, options->store);
  return [options] { return examine(*options); };
}

const RegisterCommand doctor_command{
    {"doctor", "What this machine can do, and what to install or fix", Purpose::care, set_up}};

}  // namespace
}  // namespace brokenpipe
