#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "images/file_hashes.h"

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
  std::filesystem::path config;         ///< what it was built with (.config); empty: not here
  /// Empty where `config` is not, and where nobody has looked for it yet, as in stores of old.
  std::string config_missing_because;
  /// FileHashes of its folder; empty for a file of the user's, and in stores of old.
  std::filesystem::path hashes;
};

/// Why a kernel has no modules or no configuration where all packages that may hold them were
/// unpacked.
inline constexpr const char* none_in_packages = "its packages hold none";

/// Whether its configuration is here, or was looked for.
bool is_looked_through(const StoredKernel& kernel);

/// What is known of a kernel before its packages are unpacked.
struct KernelOrigin {
  std::string package;  ///< as in StoredKernel
  std::string version;  ///< as in StoredKernel
  /// Where a package that may have them is not among those to be unpacked; empty: they all are.
  std::string modules_missing_because;
  std::string config_missing_because = {};
};

/// Unpacks a kernel, its modules and its configuration into an empty folder, and describes it there
/// (kernel.json), with the hashes that all files had when they came out of the packages. What
/// kernel.json speaks of is on the disk before it is. `progress` gets a line for each package.
/// Throws Error where a package is damaged, where there is no kernel in them, and where the folder
/// cannot be written.
void unpack_kernel(const std::vector<std::filesystem::path>& debs, const KernelOrigin& origin,
                   const std::filesystem::path& folder,
                   const std::function<void(const std::string&)>& progress);

/// Adds to a kernel's folder what it lacks of modules and configuration and the packages, which are
/// of the same kernel, have; what is there stays. What is still missing is so for the reasons of
/// `origin`. `scratch` is an empty folder of the same file system. Throws Error as above.
void complete_kernel(const std::vector<std::filesystem::path>& debs, const KernelOrigin& origin,
                     const std::filesystem::path& folder, const std::filesystem::path& scratch,
                     const std::function<void(const std::string&)>& progress);

/// What unpack_kernel() left in a folder, without an id. Reads its description only. Throws Error
/// where that is not there, or not as it was written.
StoredKernel read_kernel(const std::filesystem::path& folder);

/// The same; nothing where the store of another version left something else, a crash of the machine
/// a part, or a disk other bytes: it is fetched anew then.
std::optional<StoredKernel> find_kernel(const std::filesystem::path& folder);

/// What of the kernel is not as it was unpacked, in words that name the file; nothing where all is.
/// Reads all its files, at two gigabytes a second where the processor knows SHA-256; of a store of
/// old the image alone, for of other files nothing is known there.
std::optional<std::string> damage_of(const StoredKernel& kernel);

/// Of a kernel of a store of old: keeps the hashes of its files as they are now, for nobody knows
/// better. The image must be without damage.
StoredKernel remember_hashes(StoredKernel kernel);

/// The hashes of a kernel's files, for check_content(): of none where nobody made them. Throws
/// Error where they are damaged.
FileHashes hashes_of(const StoredKernel& kernel);

/// Where a folder has the description of its kernel.
std::filesystem::path description_in(const std::filesystem::path& folder);

/// Takes a kernel's description away, so that it is none, where that was not done; its files stay.
void discard(const StoredKernel& kernel);
/// Gives it back, where it was not replaced since.
void restore(const StoredKernel& kernel);
bool is_discarded(const std::filesystem::path& folder);

}  // namespace brokenpipe
