#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "images/kernel_store.h"

namespace brokenpipe {

/// --store and --mirror, the same for every verb that handles kernels.
struct StoreArguments {
  std::string store;
  std::string mirror;
  std::string keyring;
};

void add_store_options(CLI::App& command, StoreArguments& arguments);

KernelStore open_store(const StoreArguments& arguments,
                       std::function<void(const std::string&)> progress);

}  // namespace brokenpipe
