#include "images/modules.h"

#include <fmt/format.h>
#include <libkmod.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/file.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

struct UnrefContext {
  void operator()(kmod_ctx* handle) const { kmod_unref(handle); }
};
struct UnrefModule {
  void operator()(kmod_module* handle) const { kmod_module_unref(handle); }
};
struct FreeInfo {
  void operator()(kmod_list* list) const { kmod_module_info_free_list(list); }
};

/// `tcp-diag.ko.xz` is the module tcp_diag; empty for a file that is no module.
std::string module_name(const fs::path& file) {
  std::string name = file.filename().string();
  const std::size_t extension = name.find(".ko");
  if (extension == std::string::npos) {
    return {};
  }
  const std::string_view compression = std::string_view(name).substr(extension + 3);
  if (!compression.empty() && compression != ".xz" && compression != ".zst" &&
      compression != ".gz") {
    return {};
  }
  name.resize(extension);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::map<std::string, fs::path> files_by_name(const fs::path& modules) {
  std::map<std::string, fs::path> result;
  if (modules.empty()) {
    return result;
  }
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(modules)) {
      if (const std::string name = module_name(entry.path()); !name.empty()) {
        result.emplace(name, entry.path());
      }
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("looking for modules in {}", modules.string()), error.code().message());
  }
  return result;
}

/// Hashed as it was packed, for so the package had it.
KernelModule read_module(const fs::path& file, const FileHashes& hashes) {
  std::string content = read_file(file);
  check_content(hashes, file, content);
  if (file.extension() == ".ko") {
    return {file.filename(), std::move(content)};
  }
  return {file.stem(), decompress(content, file.string())};
}

class Resolver {
 public:
  Resolver(const fs::path& modules, const FileHashes& hashes)
      : files_(files_by_name(modules)), hashes_(hashes) {
    const char* const no_configuration = nullptr;
    context_.reset(kmod_new(modules.c_str(), &no_configuration));
    if (!context_) {
      throw Error("looking for modules", "libkmod has no memory");
    }
  }

  void add(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    const auto file = files_.find(name);
    // The mark comes before the descent: soft dependencies may go in a circle.
    if (file == files_.end() || !seen_.insert(name).second) {
      return;
    }
    // Before libkmod reads it, which tells damage in other words.
    KernelModule module = read_module(file->second, hashes_);
    for (const std::string& dependency : dependencies(file->second)) {
      add(dependency);
    }
    order_.push_back(std::move(module));
  }

  std::vector<KernelModule> order() { return std::move(order_); }

 private:
  /// What modinfo(8) shows as `depends` (by commas) and as `softdep` (`pre: a b post: c`).
  std::vector<std::string> dependencies(const fs::path& file) {
    kmod_module* raw_module = nullptr;
    kmod_list* raw_info = nullptr;
    int status = kmod_module_new_from_path(context_.get(), file.c_str(), &raw_module);
    const std::unique_ptr<kmod_module, UnrefModule> module(raw_module);
    if (status >= 0) {
      status = kmod_module_get_info(module.get(), &raw_info);
    }
    const std::unique_ptr<kmod_list, FreeInfo> info(raw_info);
    if (status < 0) {
      throw Error(fmt::format("reading the module {}", file.string()), std::strerror(-status));
    }
    std::vector<std::string> names;
    for (kmod_list* item = info.get(); item != nullptr; item = kmod_list_next(info.get(), item)) {
      const std::string_view key = kmod_module_info_get_key(item);
      std::string value = kmod_module_info_get_value(item);
      if (key == "depends") {
        std::replace(value.begin(), value.end(), ',', ' ');
        std::istringstream words(value);
        for (std::string word; words >> word;) {
          names.push_back(word);
        }
      } else if (key == "softdep") {
        std::istringstream words(value);
        bool is_before = false;
        for (std::string word; words >> word;) {
          if (word.ends_with(':')) {
            is_before = word == "pre:";
          } else if (is_before) {
            names.push_back(word);
          }
        }
      }
    }
    return names;
  }

  std::map<std::string, fs::path> files_;
  const FileHashes& hashes_;
  std::unique_ptr<kmod_ctx, UnrefContext> context_;
  std::set<std::string> seen_;
  std::vector<KernelModule> order_;
};

}  // namespace

std::vector<KernelModule> resolve_modules(const fs::path& modules,
                                          const std::vector<std::string>& wanted,
                                          const FileHashes& hashes) {
  Resolver resolver(modules, hashes);
  for (const std::string& name : wanted) {
    resolver.add(name);
  }
  return resolver.order();
}

bool is_built_in(const fs::path& modules, const std::string& name) {
  if (modules.empty()) {
    return false;
  }
  std::ifstream list(modules / "modules.builtin");
  // Lines such as kernel/net/ipv4/tcp_diag.ko.
  for (std::string line; std::getline(list, line);) {
    if (module_name(line) == name) {
      return true;
    }
  }
  return false;
}

}  // namespace brokenpipe
