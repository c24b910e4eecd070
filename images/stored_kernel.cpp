#include "images/stored_kernel.h"

#include <fmt/format.h>

#include "images/boot_image.h"
#include "images/unpack.h"
#include "results/base/error.h"
#include "results/base/file.h"
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

/// Where a file of a kernel's package goes. Since 7.2 the kernel lies beside its modules, and since
/// trixie modules lie below /usr.
fs::path place(const fs::path& folder, std::string path) {
  if (path.starts_with("usr/")) {
    path.erase(0, 4);
  }
  if (path.starts_with("boot/vmlinuz-")) {
    return image_in(folder);
  }
  if (!path.starts_with("lib/modules/")) {
    return {};
  }
  return fs::path(path).filename() == "vmlinuz" ? image_in(folder) : folder / path;
}

}  // namespace

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
  const std::string hash = sha256_file(image);
  const std::string release = kernel_release(image);
  const bool has_modules = fs::is_directory(modules_in(folder, release));
  const nlohmann::ordered_json description = {
      {"schema", schema},
      {"release", release},
      {"package", origin.package},
      {"version", origin.version},
      {"sha256", hash},
      {"has_modules", has_modules},
      {"modules_missing_because", has_modules ? "" : origin.modules_missing_because},
  };
  write_file(folder / description_name, json_text(description));
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
