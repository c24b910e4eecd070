#include <fmt/format.h>

#include <memory>

#include "orchestrator/campaign/kernel_selection.h"
#include "orchestrator/commands/command.h"
#include "orchestrator/commands/store_options.h"
#include "results/base/error.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"

/// `brokenpipe fetch`: gets kernels into the store.
namespace brokenpipe {
namespace {

struct Options {
  StoreArguments store;
  std::vector<std::string> kernels;
};

int fetch(const Options& options) {
  const std::vector<KernelChoice> choices =
      select_kernels(open_catalogue(options.store), options.kernels);
  std::vector<KernelRequest> requests;
  for (const KernelChoice& choice : choices) {
    if (!choice.entry) {
      throw UsageError(choice.id + " is no kernel of the catalogue: there is nothing to fetch");
    }
    requests.push_back({*choice.entry, choice.point_release});
  }
  KernelStore store = open_store(options.store);
  const auto kernels = store.fetch(requests, Freshness::newest_on_offer);
  // What a mirror lacks of the matrix is its state; what somebody named, they wanted.
  const int exit_missing = options.kernels.empty() ? exit_done : exit_failed;
  int exit_code = exit_done;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const auto& kernel = kernels[i];
    if (!kernel) {
      exit_code = exit_missing;
      safe_print(stdout, "{:<18} not offered: {}\n", choices[i].id,
                 not_offered_because(requests[i].entry));
      continue;
    }
    safe_print(stdout, "{:<18} {}  sha256 {}\n", choices[i].id, kernel->package, kernel->sha256);
    if (!kernel->modules_missing_because.empty()) {
      safe_print(stdout, "{:<18} without modules: {}\n", "", kernel->modules_missing_because);
    }
    if (!kernel->config_missing_because.empty()) {
      safe_print(stdout, "{:<18} without its configuration: {}\n", "",
                 kernel->config_missing_because);
    }
  }
  return exit_code;
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("KERNEL", options->kernels,
                     "Ids of the catalogue, point releases or globs (default: the matrix)");
  add_store_options(command, options->store);
  return [options] { return fetch(*options); };
}

const RegisterCommand fetch_command{
    {"fetch", "Fetch kernels into the store, their signatures and hashes checked by apt",
     Purpose::ask, set_up}};

}  // namespace
}  // namespace brokenpipe
