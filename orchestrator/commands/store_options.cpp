#include "orchestrator/commands/store_options.h"

#include <utility>

#include "orchestrator/paths.h"

namespace brokenpipe {

void add_store_options(CLI::App& command, StoreArguments& arguments) {
  command.add_option("--store", arguments.store,
                     "Where kernels are kept (default: $XDG_CACHE_HOME/brokenpipe/store)");
  command.add_option("--mirror", arguments.mirror,
                     "Debian mirror to fetch from (default: the one of this machine's apt)");
  command.add_option("--keyring", arguments.keyring,
                     "Keys that sign the mirror (default: the distribution's own)");
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

}  // namespace brokenpipe
