#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "images/kernel_store.h"

namespace brokenpipe {

/// --catalogue, --store, --mirror and --keyring, the same for every verb that handles kernels.
struct StoreArguments {
  std::string catalogue;
  std::string store;
  std::string mirror;
  std::string keyring;
};

void add_store_options(CLI::App& command, StoreArguments& arguments);

Catalogue open_catalogue(const StoreArguments& arguments);

KernelStore open_store(const StoreArguments& arguments,
                       std::function<void(const std::string&)> progress);

}  // namespace brokenpipe
