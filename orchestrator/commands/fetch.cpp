#include <fmt/format.h>

#include <memory>

#include "orchestrator/commands/commands.h"
#include "orchestrator/commands/store_options.h"
#include "orchestrator/kernel_selection.h"
#include "orchestrator/paths.h"
#include "results/error.h"

namespace brokenpipe {
namespace {

struct Options {
  StoreArguments store;
  std::vector<std::string> kernels;
};

int fetch(const Options& options) {
  KernelStore store =
      open_store(options.store, [](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  int worst = exit_done;
  for (const KernelRequest& request :
       select_kernels(read_catalogue(shipped("kernels.json")), options.kernels)) {
    if (!request.entry) {
      throw UsageError(request.id + " is no kernel of the catalogue: there is nothing to fetch");
    }
    if (store.offers(*request.entry).empty() &&
        !store.find(*request.entry, request.point_release)) {
      fmt::print("{:<18} not offered by the mirror{}\n", request.id,
                 request.entry->archive ? ": needs --mirror with Debian's archive" : "");
      continue;
    }
    try {
      const StoredKernel kernel = store.fetch(*request.entry, request.point_release);
      fmt::print("{:<18} {}  {}\n", request.id, kernel.package, kernel.sha256.substr(0, 12));
      if (!kernel.modules_missing_because.empty()) {
        fmt::print("{:<18} without modules: {}\n", "", kernel.modules_missing_because);
      }
    } catch (const Error& error) {
      fmt::print(stderr, "brokenpipe: {}: {}\n", request.id, error.what());
      worst = exit_failed;
    }
  }
  return worst;
}

}  // namespace

void add_fetch_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "fetch", "Fetch kernels into the store, their signatures and hashes checked by apt");
  const auto options = std::make_shared<Options>();
  command->add_option("KERNEL", options->kernels,
                      "Ids of the catalogue, point releases or globs (default: the matrix)");
  add_store_options(*command, options->store);
  command->callback([&chosen, options] { chosen = [options] { return fetch(*options); }; });
}

}  // namespace brokenpipe
