#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// A kernel in a folder of its own: unpacked from its packages, described, and found again.
namespace brokenpipe {

/// A kernel that can be booted.
struct StoredKernel {
  std::string id;                       ///< of the catalogue, or the file's name
  std::string release;                  ///< `6.1.0-47-cloud-amd64`: what uname -r will say
  std::string package;                  ///< `linux-image-6.1.0-47-cloud-amd64=6.1.170-3`
  std::string version;                  ///< `6.1.170-3`; empty for a local file
  std::filesystem::path image;          ///< vmlinuz as it was shipped (bzImage) or a vmlinux
  std::string sha256;                   ///< of `image`
  std::filesystem::path modules;        ///< .../lib/modules/RELEASE; empty where there are none
  std::string modules_missing_because;  ///< empty where `modules` is not
};

/// What is known of a kernel before its packages are unpacked.
struct KernelOrigin {
  std::string package;                  ///< as in StoredKernel
  std::string version;                  ///< as in StoredKernel
  std::string modules_missing_because;  ///< where the packages have none
};

/// Unpacks a kernel, and its modules, into an empty folder, and describes it there (kernel.json).
/// `progress` gets a line for each package. Throws Error where a package is damaged, where there is
/// no kernel in them, and where the folder cannot be written.
void unpack_kernel(const std::vector<std::filesystem::path>& debs, const KernelOrigin& origin,
                   const std::filesystem::path& folder,
                   const std::function<void(const std::string&)>& progress);

/// What unpack_kernel() left in a folder, without an id. Throws Error where that is not all there.
StoredKernel read_kernel(const std::filesystem::path& folder);

/// The same; nothing where the store of another version left something else, or a crash of the
/// machine a part: it is fetched anew then.
std::optional<StoredKernel> find_kernel(const std::filesystem::path& folder);

}  // namespace brokenpipe
