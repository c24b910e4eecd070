#include "tests/observer/observer_guest.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <variant>

#include "images/catalogue.h"
#include "images/kernel_store.h"
#include "orchestrator/campaign/kernel_run.h"
#include "orchestrator/guest/boot.h"
#include "orchestrator/guest/virt.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/paths.h"
#include "results/base/run_command.h"
#include "results/base/sha256.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe::testing {
namespace {

const Catalogue& catalogue() {
  static const Catalogue all = read_catalogue(shipped("kernels.json"));
  return all;
}

StoredKernel stored_kernel(const std::string& id) {
  const auto entry =
      std::find_if(catalogue().entries.begin(), catalogue().entries.end(),
                   [&](const CatalogueEntry& candidate) { return candidate.id == id; });
  if (entry == catalogue().entries.end()) throw Error("finding " + id, "no kernel has this id");
  StoreOptions options;
  options.root = cache_directory() / "store";
  options.progress = [](const std::string&) {};
  const auto kernel =
      KernelStore(std::move(options)).fetch({{*entry, {}}}, Freshness::stored_is_enough).at(0);
  if (!kernel) throw Error("fetching " + id, "the mirror does not offer it");
  return *kernel;
}

GuestOrder order_of(const GuestProgram& program) {
  GuestOrder order;
  order.probe = OBSERVER_INIT;
  order.identity = {"", sha256_file(order.probe), program.words};
  order.modules = program.modules;
  order.cache = cache_directory() / "kernels";
  // Nothing is told until the program has ended.
  order.limits = {.boot = std::chrono::minutes(2),
                  .no_progress = std::chrono::minutes(20),
                  .hard = std::chrono::minutes(20),
                  .records = std::size_t{256} << 20U};
  order.files = program.files;
  return order;
}

Hypervisor& hypervisor() {
  static Virt virt(embedded_uri, cache_directory() / "libvirt");
  return virt;
}

}  // namespace

ProgramOutcome run_in_guest(const std::string& kernel, const GuestProgram& program) {
  const GuestOrder order = order_of(program);
  const StoredKernel image = stored_kernel(kernel);
  const std::vector<BootVariant> ladder =
      LadderMemory(order.cache / "boot")
          .recall(boot_ladder(boot_image(image.image, order.cache)), image.sha256,
                  order.accelerator);
  const ScratchFolder folder;
  const PreparedGuest guest =
      prepare_guest(order, image, ladder.at(0), "observer-" + kernel, folder.path());
  ProgramOutcome result;
  GuestListener listener;
  listener.record = [&](GuestRecord&& record) {
    const auto* other = std::get_if<OtherRecord>(&record);
    if (other == nullptr) return;
    if (other->kind == "ended") result.status = other->texts.at("status");
    if (other->kind != "written") return;
    (other->texts.at("file") == "trace" ? result.trace : result.output) += other->texts.at("text");
  };
  const GuestOutcome outcome =
      run_guest(hypervisor(), guest.spec, guest.nonce, order.limits, {}, listener);
  if (outcome.verdict.ending != GuestEnding::finished) {
    throw Error(fmt::format("running {} on {}", program.words.at(0), kernel),
                fmt::format("{}: {}\n{}", to_string(outcome.verdict.ending), outcome.verdict.reason,
                            read_file(guest.spec.console)));
  }
  return result;
}

GuestProgram probe_program(const std::string& probe, const std::vector<ScenarioInfo>& scenarios) {
  const std::string in_guest = "/observed/probe";
  GuestProgram program{{in_guest, "--disposable", "--clock", "warp"}, {{probe, in_guest}}};
  for (const ScenarioInfo& scenario : scenarios) program.words.push_back(scenario.id);
  program.modules = modules_for(list_scenarios(probe), scenarios);
  return program;
}

std::map<std::string, nlohmann::json> observations_in(const std::string& output) {
  std::map<std::string, nlohmann::json> observations;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("record") == "observation") observations[record.at("scenario")] = record;
  }
  return observations;
}

std::map<std::string, nlohmann::json> ask_probe(const std::string& kernel,
                                                const std::vector<std::string>& globs) {
  const std::vector<ScenarioInfo> scenarios = select_scenarios(list_scenarios(PROBE), globs);
  return observations_in(run_in_guest(kernel, probe_program(PROBE, scenarios)).output);
}

std::vector<CarriedFile> with_libraries(const std::string& program) {
  const CommandResult said = run_command({"ldd", program});
  if (said.exit_status != 0) throw Error("finding the libraries of " + program, said.err);
  std::vector<CarriedFile> files{{program, program}};
  // `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)` and `/lib64/ld-linux-x86-64.so.2
  // (0x...)`
  static const std::regex path(R"((?:.*=> |\s*)(/\S+) \(0x.*)");
  std::istringstream lines(said.out);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, path)) files.push_back({match[1].str(), match[1].str()});
  }
  return files;
}

std::vector<std::string> default_kernels() {
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : catalogue().entries) {
    if (entry.in_default_matrix) ids.push_back(entry.id);
  }
  return ids;
}

}  // namespace brokenpipe::testing
