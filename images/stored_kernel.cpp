#include "images/stored_kernel.h"

#include <fmt/format.h>

#include "images/boot_image.h"
#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/json_file.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

constexpr int schema = 1;
const char* const description_name = "kernel.json";

fs::path image_in(const fs::path& folder) {
  return folder / "vmlinuz";
}

fs::path modules_in(const fs::path& folder, const std::string& release) {
  return folder / "lib/modules" / release;
}

fs::path config_in(const fs::path& folder) {
  return folder / "config";
}

/// Where a file of a kernel's package goes. Since 7.2 kernel and configuration lie beside the
/// modules, and since trixie modules lie below /usr.
fs::path place(const fs::path& folder, std::string path) {
  if (path.starts_with("usr/")) {
    path.erase(0, 4);
  }
  if (path.starts_with("boot/vmlinuz-")) {
    return image_in(folder);
  }
  if (path.starts_with("boot/config-")) {
    return config_in(folder);
  }
  const fs::path in_package(path);
  if (in_package.parent_path().parent_path() == "lib/modules") {
    if (in_package.filename() == "vmlinuz") {
      return image_in(folder);
    }
    if (in_package.filename() == "config") {
      return config_in(folder);
    }
  }
  return path.starts_with("lib/modules/") ? folder / path : fs::path();
}

/// What of the kernel lies in its folder, or else why it does not, as it stands in `kernel` so far.
StoredKernel with_parts(StoredKernel kernel, const fs::path& folder) {
  kernel.image = image_in(folder);
  if (fs::is_directory(modules_in(folder, kernel.release))) {
    kernel.modules = modules_in(folder, kernel.release);
    kernel.modules_missing_because.clear();
  } else if (kernel.modules_missing_because.empty()) {
    kernel.modules_missing_because = none_in_packages;
  }
  if (fs::exists(config_in(folder))) {
    kernel.config = config_in(folder);
    kernel.config_missing_because.clear();
  } else if (kernel.config_missing_because.empty()) {
    kernel.config_missing_because = none_in_packages;
  }
  return kernel;
}

void write_description(const fs::path& folder, const StoredKernel& kernel) {
  const nlohmann::ordered_json description = {
      {"schema", schema},
      {"release", kernel.release},
      {"package", kernel.package},
      {"version", kernel.version},
      {"sha256", kernel.sha256},
      {"has_modules", !kernel.modules.empty()},
      {"modules_missing_because", kernel.modules_missing_because},
      {"has_config", !kernel.config.empty()},
      {"config_missing_because", kernel.config_missing_because},
  };
  write_file(folder / description_name, json_text(description));
}

}  // namespace

bool is_looked_through(const StoredKernel& kernel) {
  return !kernel.config.empty() || !kernel.config_missing_because.empty();
}

void unpack_kernel(const std::vector<fs::path>& debs, const KernelOrigin& origin,
                   const fs::path& folder,
                   const std::function<void(const std::string&)>& progress) {
  for (const fs::path& deb : debs) {
    progress(fmt::format("unpacking {}", deb.filename().string()));
    unpack_deb(deb, [&](const std::string& path) { return place(folder, path); });
  }
  const fs::path image = image_in(folder);
  if (!fs::exists(image)) {
    throw Error(fmt::format("taking a kernel from {}", debs.front().string()),
                "the package holds none",
                "Name the package that holds vmlinuz: linux-image-..., or linux-binary-... since "
                "6.19.");
  }
  StoredKernel kernel;
  kernel.release = kernel_release(image);
  kernel.package = origin.package;
  kernel.version = origin.version;
  kernel.sha256 = sha256_file(image);
  kernel.modules_missing_because = origin.modules_missing_because;
  kernel.config_missing_because = origin.config_missing_because;
  write_description(folder, with_parts(kernel, folder));
}

void complete_kernel(const std::vector<fs::path>& debs, const KernelOrigin& origin,
                     const fs::path& folder, const fs::path& scratch,
                     const std::function<void(const std::string&)>& progress) {
  for (const fs::path& deb : debs) {
    progress(fmt::format("unpacking {}", deb.filename().string()));
    unpack_deb(deb, [&](const std::string& path) {
      const fs::path target = place(scratch, path);
      return target == image_in(scratch) ? fs::path() : target;
    });
  }
  StoredKernel kernel = read_kernel(folder);
  const fs::path modules = modules_in(folder, kernel.release);
  if (kernel.modules.empty() && fs::is_directory(modules_in(scratch, kernel.release))) {
    // What an interrupted completion left: the description did not speak of it yet.
    fs::remove_all(modules);
    make_directories(modules.parent_path());
    fs::rename(modules_in(scratch, kernel.release), modules);
  }
  if (kernel.config.empty() && fs::exists(config_in(scratch))) {
    fs::rename(config_in(scratch), config_in(folder));
  }
  kernel.modules_missing_because = origin.modules_missing_because;
  kernel.config_missing_because = origin.config_missing_because;
  write_description(folder, with_parts(kernel, folder));
}

StoredKernel read_kernel(const fs::path& folder) {
  const fs::path file = folder / description_name;
  const nlohmann::json description = read_json(file, schema);
  const JsonPlace top(description, file.string());
  StoredKernel kernel;
  kernel.release = top.at("release").text();
  kernel.package = top.at("package").text();
  kernel.version = top.at("version").text();
  kernel.sha256 = top.at("sha256").text();
  kernel.modules_missing_because = top.at("modules_missing_because").text();
  kernel.image = image_in(folder);
  if (top.at("has_modules").boolean()) {
    kernel.modules = modules_in(folder, kernel.release);
  }
  if (const auto has_config = top.find("has_config")) {
    kernel.config_missing_because = top.at("config_missing_because").text();
    if (has_config->boolean()) {
      kernel.config = config_in(folder);
    }
  }
  return kernel;
}

std::optional<StoredKernel> find_kernel(const fs::path& folder) {
  if (!fs::exists(folder / description_name)) {
    return std::nullopt;
  }
  try {
    return read_kernel(folder);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace brokenpipe
