#include "images/stored_kernel.h"

#include <fmt/format.h>

#include <map>
#include <system_error>

#include "images/boot_image.h"
#include "images/hashed_file.h"
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
const char* const hashes_key = "files";
const char* const own_hash_key = "self";

fs::path discarded_description_in(const fs::path& folder) {
  return folder / "kernel.damaged.json";
}

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

/// Of the description's other members, in a form that does not depend on its layout: a changed
/// version or package would name another kernel than the one that is there.
std::string own_hash(nlohmann::json description) {
  description.erase(own_hash_key);
  return sha256(description.dump());
}

/// Where the list of hashes is.
fs::path write_description(const StoredKernel& kernel, const FileHashes& hashes) {
  const std::string list = write_file_hashes(hashes);
  nlohmann::ordered_json description = {
      {"schema", schema},
      {"release", kernel.release},
      {"package", kernel.package},
      {"version", kernel.version},
      {"sha256", kernel.sha256},
      {"has_modules", !kernel.modules.empty()},
      {"modules_missing_because", kernel.modules_missing_because},
      {"has_config", !kernel.config.empty()},
      {"config_missing_because", kernel.config_missing_because},
      {hashes_key, list},
  };
  description[own_hash_key] = own_hash(description);
  write_file(description_in(hashes.folder), json_text(description));
  return file_hashes_in(hashes.folder, list);
}

using UnpackedFiles = std::map<fs::path, std::string>;

/// The files of all packages, each where `where` puts it, and on the disk.
UnpackedFiles unpack_all(const std::vector<fs::path>& debs, const fs::path& folder,
                         const std::function<fs::path(const std::string&)>& where,
                         const std::function<void(const std::string&)>& progress) {
  UnpackedFiles all;
  for (const fs::path& deb : debs) {
    progress(fmt::format("unpacking {}", deb.filename().string()));
    for (auto& [file, hash] : unpack_deb(deb, where)) {
      all[file] = hash;
    }
  }
  sync_file_system(folder);
  return all;
}

}  // namespace

bool is_looked_through(const StoredKernel& kernel) {
  return !kernel.config.empty() || !kernel.config_missing_because.empty();
}

void unpack_kernel(const std::vector<fs::path>& debs, const KernelOrigin& origin,
                   const fs::path& folder,
                   const std::function<void(const std::string&)>& progress) {
  const UnpackedFiles files = unpack_all(
      debs, folder, [&](const std::string& path) { return place(folder, path); }, progress);
  const fs::path image = image_in(folder);
  const auto unpacked_image = files.find(image);
  if (unpacked_image == files.end()) {
    throw Error(fmt::format("taking a kernel from {}", debs.front().string()),
                "the package holds none",
                "Name the package that holds vmlinuz: linux-image-..., or linux-binary-... since "
                "6.19.");
  }
  FileHashes hashes{folder, {}};
  for (const auto& [file, hash] : files) {
    hashes.of[file.lexically_relative(folder).generic_string()] = hash;
  }
  StoredKernel kernel;
  kernel.release = kernel_release(image);
  kernel.package = origin.package;
  kernel.version = origin.version;
  kernel.sha256 = unpacked_image->second;
  kernel.modules_missing_because = origin.modules_missing_because;
  kernel.config_missing_because = origin.config_missing_because;
  write_description(with_parts(kernel, folder), hashes);
}

void complete_kernel(const std::vector<fs::path>& debs, const KernelOrigin& origin,
                     const fs::path& folder, const fs::path& scratch,
                     const std::function<void(const std::string&)>& progress) {
  const auto place_but_image = [&](const std::string& path) {
    const fs::path target = place(scratch, path);
    return target == image_in(scratch) ? fs::path() : target;
  };
  const UnpackedFiles files = unpack_all(debs, scratch, place_but_image, progress);
  StoredKernel kernel = read_kernel(folder);
  FileHashes hashes = kernel.hashes.empty() ? hash_files(folder) : hashes_of(kernel);
  // `lib` or `config`, in place of what an interrupted completion left.
  const auto take = [&](const std::string& part) {
    std::erase_if(hashes.of, [&](const auto& known) { return known.first.starts_with(part); });
    for (const auto& [file, hash] : files) {
      const std::string path = file.lexically_relative(scratch).generic_string();
      if (path.starts_with(part)) {
        hashes.of[path] = hash;
      }
    }
  };
  const fs::path modules = modules_in(folder, kernel.release);
  if (kernel.modules.empty() && fs::is_directory(modules_in(scratch, kernel.release))) {
    // What an interrupted completion left: the description did not speak of it yet.
    fs::remove_all(modules);
    make_directories(modules.parent_path());
    fs::rename(modules_in(scratch, kernel.release), modules);
    take(modules_in({}, kernel.release).generic_string());
  }
  if (kernel.config.empty() && fs::exists(config_in(scratch))) {
    fs::rename(config_in(scratch), config_in(folder));
    take(config_in({}).generic_string());
  }
  kernel.modules_missing_because = origin.modules_missing_because;
  kernel.config_missing_because = origin.config_missing_because;
  write_description(with_parts(kernel, folder), hashes);
}

StoredKernel read_kernel(const fs::path& folder) {
  const fs::path file = description_in(folder);
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
  // Both or none: stores of old have neither.
  const auto own = top.find(own_hash_key);
  const auto hashes = top.find(hashes_key);
  if (own || hashes) {
    if (!own || !hashes || own->text() != own_hash(description)) {
      top.fail("it is not what was written there");
    }
    kernel.hashes = file_hashes_in(folder, hashes->text());
  }
  return kernel;
}

std::optional<StoredKernel> find_kernel(const fs::path& folder) {
  if (!fs::exists(description_in(folder))) {
    return std::nullopt;
  }
  try {
    return read_kernel(folder);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<std::string> damage_of(const StoredKernel& kernel) {
  const fs::path folder = kernel.image.parent_path();
  try {
    if (kernel.hashes.empty()) {
      return damage_among({folder, {{kernel.image.filename(), kernel.sha256}}}, {});
    }
    return damage_among(hashes_of(kernel), kernel.modules);
  } catch (const Error& error) {
    return error.what();
  }
}

StoredKernel remember_hashes(StoredKernel kernel) {
  kernel.hashes = write_description(kernel, hash_files(kernel.image.parent_path()));
  return kernel;
}

FileHashes hashes_of(const StoredKernel& kernel) {
  return kernel.hashes.empty() ? FileHashes{} : read_file_hashes(kernel.hashes);
}

fs::path description_in(const fs::path& folder) {
  return folder / "kernel.json";
}

void discard(const StoredKernel& kernel) {
  const fs::path folder = kernel.image.parent_path();
  std::error_code error;
  fs::rename(description_in(folder), discarded_description_in(folder), error);
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(fmt::format("renaming {}", description_in(folder).string()), error.message(),
                "Give the folder to this user, or name another store.");
  }
}

void restore(const StoredKernel& kernel) {
  const fs::path folder = kernel.image.parent_path();
  std::error_code stays;
  if (is_discarded(folder)) {
    fs::rename(discarded_description_in(folder), description_in(folder), stays);
  }
}

bool is_discarded(const fs::path& folder) {
  return fs::exists(discarded_description_in(folder)) && !fs::exists(description_in(folder));
}

}  // namespace brokenpipe
