#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// What the files of a kernel were when they came out of its packages.
namespace brokenpipe {

/// Which file of a folder has which SHA-256; on disk as sha256sum(1) writes and checks it.
struct FileHashes {
  std::filesystem::path folder;           ///< empty: nothing is known of any file
  std::map<std::string, std::string> of;  ///< by their paths in the folder
};

/// As they are now: all regular files of a folder but those directly in it that end with `.json` or
/// `.sha256`, which describe it. Throws Error where one cannot be read.
FileHashes hash_files(const std::filesystem::path& folder);

/// Writes a list of hashes into its folder. Its name is of its own hash, which is the answer: lists
/// do not replace each other.
std::string write_file_hashes(const FileHashes& hashes);

/// Where write_file_hashes() puts the list with this hash.
std::filesystem::path file_hashes_in(const std::filesystem::path& folder, const std::string& hash);

/// Throws Error where the file is not as write_file_hashes() left it.
FileHashes read_file_hashes(const std::filesystem::path& file);

/// The first file that is not there, not to be read, or not as it was, and which of that; nothing
/// where all are as they were. Reads them all. A file below `complete` must be on the list.
std::optional<std::string> damage_among(const FileHashes& hashes,
                                        const std::filesystem::path& complete);

/// Throws Error where a file of the folder does not have the content that it had. Of files
/// elsewhere nothing is known, and they pass.
void check_content(const FileHashes& hashes, const std::filesystem::path& file,
                   std::string_view content);

}  // namespace brokenpipe
