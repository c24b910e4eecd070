#include "orchestrator/campaign/evidence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "images/kernel_config.h"
#include "images/modules.h"

namespace brokenpipe {
namespace {

// `NET_9P_FD|NET_9P`: one of them must be set.
std::vector<std::string> symbols_in(const std::string& element) {
  std::vector<std::string> symbols;
  for (size_t begin = 0; begin <= element.size();) {
    const size_t end = std::min(element.find('|', begin), element.size());
    symbols.push_back(element.substr(begin, end - begin));
    begin = end + 1;
  }
  return symbols;
}

// Empty where all that the feature needs is set.
std::string not_set(const FeatureInfo& feature, const KernelConfig& config) {
  for (const std::string& element : feature.kconfig) {
    const std::vector<std::string> symbols = symbols_in(element);
    if (std::none_of(symbols.begin(), symbols.end(),
                     [&](const std::string& symbol) { return config.sets(symbol); })) {
      return fmt::format("CONFIG_{} {} not set", fmt::join(symbols, " and CONFIG_"),
                         symbols.size() == 1 ? "is" : "are");
    }
  }
  return {};
}

// A module's file may be called tcp-diag.ko, and is then tcp_diag.
bool same_module(std::string file, const std::string& module) {
  std::replace(file.begin(), file.end(), '-', '_');
  return file == module;
}

bool carries(const GuestRun& guest, const std::string& module) {
  return std::any_of(guest.modules.begin(), guest.modules.end(),
                     [&](const std::string& file) { return same_module(file, module); });
}

std::string failure_of(const GuestRun& guest, const std::string& module) {
  const auto found =
      std::find_if(guest.modules_failed.begin(), guest.modules_failed.end(),
                   [&](const auto& failed) { return same_module(failed.first, module); });
  return found == guest.modules_failed.end() ? std::string() : found->second;
}

std::string named(const std::vector<std::string>& modules) {
  return fmt::format("module{} {}", modules.size() == 1 ? "" : "s", fmt::join(modules, ", "));
}

}  // namespace

bool is_cloud(const StoredKernel& kernel) {
  return kernel.release.find("-cloud-") != std::string::npos;
}

std::map<std::string, std::string> built_without(const std::vector<FeatureInfo>& features,
                                                 const StoredKernel& kernel) {
  std::map<std::string, std::string> lacks;
  if (kernel.config.empty()) return lacks;
  const auto config = read_kernel_config(kernel.config, kernel.release);
  if (!config) return lacks;
  for (const FeatureInfo& feature : features) {
    if (std::string shown = not_set(feature, *config); !shown.empty()) {
      lacks[feature.name] = std::move(shown);
    }
  }
  return lacks;
}

std::string why_not_loaded(const FeatureInfo& feature, const StoredKernel& kernel,
                           const GuestRun& guest) {
  std::vector<std::string> reasons;
  std::vector<std::string> left_out;
  std::vector<std::string> absent;
  for (const FeatureModule& module : feature.modules) {
    if (const std::string error = failure_of(guest, module.name); !error.empty()) {
      reasons.push_back(fmt::format("module {} failed to load: {}", module.name, error));
    } else if (!carries(guest, module.name)) {
      const bool spared = is_cloud(kernel) && !module.in_cloud_kernels && !kernel.modules.empty();
      if (spared) {
        left_out.push_back(module.name);
      } else if (!is_built_in(kernel.modules, module.name)) {
        absent.push_back(module.name);
      }
    }
  }
  if (!left_out.empty()) {
    reasons.push_back(named(left_out) +
                      " left out of this guest: those of cloud kernels go without");
  }
  if (!absent.empty() && !kernel.modules.empty()) {
    reasons.push_back(named(absent) + " not among the kernel's");
  } else if (!absent.empty() && !kernel.modules_missing_because.empty()) {
    reasons.push_back(
        fmt::format("{} not to be had: {}", named(absent), kernel.modules_missing_because));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace brokenpipe
