#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

/// What a kernel was built with and without: its configuration (.config), and where it lies.
namespace brokenpipe {

class KernelConfig {
 public:
  /// `text`: of a .config.
  explicit KernelConfig(std::string_view text);

  /// Whether the kernel has a symbol (`AX25`), built in or as a module.
  bool sets(std::string_view symbol) const { return set_.contains(symbol); }

 private:
  std::set<std::string, std::less<>> set_;
};

/// Reads a configuration, compressed by gzip or not. Nothing where the file cannot be read, and
/// where it is not a whole configuration of a kernel of this version: only what is not in such a
/// one is known to be absent.
std::optional<KernelConfig> read_kernel_config(const std::filesystem::path& file,
                                               std::string_view release);

/// The configuration of a kernel image that lies beside it, as a distribution or the kernel's own
/// build leaves it there, or in `boot` where the same image lies there; empty where there is none.
std::filesystem::path config_of_image(const std::filesystem::path& image,
                                      const std::string& release,
                                      const std::filesystem::path& boot = "/boot");

/// That of the running kernel; `root` is for tests.
std::filesystem::path config_of_host(const std::string& release,
                                     const std::filesystem::path& root = "/");

}  // namespace brokenpipe
