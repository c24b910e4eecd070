#include "orchestrator/commands/store_options.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "results/base/paths.h"
#include "results/base/safe_format.h"

namespace brokenpipe {

void add_store_options(CLI::App& command, StoreArguments& arguments) {
  command.add_option("--catalogue", arguments.catalogue,
                     "A kernels.json of your own instead of the one that comes with the project");
  command.add_option("--store", arguments.store,
                     "Where kernels are kept (default: $XDG_CACHE_HOME/brokenpipe/store)");
  command.add_option("--mirror", arguments.mirror,
                     "Debian mirror to fetch from (default: the one of this machine's apt)");
  command.add_option("--keyring", arguments.keyring,
                     "Keys that sign the mirror (default: the distribution's own)");
}

Catalogue open_catalogue(const StoreArguments& arguments) {
  return read_catalogue(arguments.catalogue.empty() ? shipped("kernels.json")
                                                    : std::filesystem::path(arguments.catalogue));
}

KernelStore open_store(const StoreArguments& arguments,
                       std::function<void(const std::string&)> progress) {
  StoreOptions options;
  options.root = arguments.store.empty() ? cache_directory() / "store"
                                         : std::filesystem::absolute(arguments.store);
  options.mirror = arguments.mirror;
  options.keyring = arguments.keyring;
  options.progress = std::move(progress);
  return KernelStore(std::move(options));
}

KernelStore open_store(const StoreArguments& arguments) {
  return open_store(arguments, [](const std::string& line) { safe_print(stderr, "{}\n", line); });
}

}  // namespace brokenpipe
