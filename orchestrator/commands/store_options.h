#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "images/kernel_store.h"

/// What the verbs share that handle kernels: the catalogue, the store, and their options.
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

/// A store that tells `progress` of what takes long, a line each.
KernelStore open_store(const StoreArguments& arguments,
                       std::function<void(const std::string&)> progress);

/// The same, told on standard error.
KernelStore open_store(const StoreArguments& arguments);

}  // namespace brokenpipe
