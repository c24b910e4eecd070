#include "images/file_hashes.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t hex_digits = 64;
constexpr std::string_view separator = "  ";
const char* const remedy =
    "Run it again, or `brokenpipe fetch`: a kernel of the store that is damaged is fetched again.";

bool describes(const fs::path& in_folder) {
  return !in_folder.has_parent_path() &&
         (in_folder.extension() == ".json" || in_folder.extension() == ".sha256");
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  try {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) {
        files.push_back(entry.path());
      }
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("reading {}", folder.string()), error.code().message());
  }
  return files;
}

/// Empty for a file elsewhere.
std::string path_in(const FileHashes& hashes, const fs::path& file) {
  std::string path = file.lexically_relative(hashes.folder).generic_string();
  return path.starts_with("..") ? std::string() : path;
}

}  // namespace

FileHashes hash_files(const fs::path& folder) {
  FileHashes hashes{folder, {}};
  for (const fs::path& file : files_below(folder)) {
    const std::string path = path_in(hashes, file);
    if (!describes(path)) {
      hashes.of[path] = sha256_file(file);
    }
  }
  return hashes;
}

std::string write_file_hashes(const FileHashes& hashes) {
  std::string text;
  for (const auto& [file, hash] : hashes.of) {
    text += fmt::format("{}{}{}\n", hash, separator, file);
  }
  std::string name = sha256(text);
  write_file(file_hashes_in(hashes.folder, name), text);
  return name;
}

fs::path file_hashes_in(const fs::path& folder, const std::string& hash) {
  return folder / fmt::format("files-{}.sha256", hash);
}

FileHashes read_file_hashes(const fs::path& file) {
  const std::string text = read_file(file);
  if (file.filename() != file_hashes_in({}, sha256(text)).filename()) {
    throw Error(fmt::format("reading {}", file.string()), "it is not what was written there",
                remedy);
  }
  FileHashes hashes{file.parent_path(), {}};
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() > hex_digits + separator.size()) {
      hashes.of.emplace(line.substr(hex_digits + separator.size()), line.substr(0, hex_digits));
    }
  }
  return hashes;
}

std::optional<std::string> damage_among(const FileHashes& hashes, const fs::path& complete) {
  try {
    for (const auto& [path, hash] : hashes.of) {
      const fs::path file = hashes.folder / path;
      if (sha256_file(file) != hash) {
        return fmt::format("{} is not what was unpacked there", file.string());
      }
    }
    for (const fs::path& file :
         complete.empty() ? std::vector<fs::path>() : files_below(complete)) {
      if (!hashes.of.contains(path_in(hashes, file))) {
        return fmt::format("{} was not unpacked there", file.string());
      }
    }
  } catch (const Error& error) {
    return error.what();
  }
  return std::nullopt;
}

void check_content(const FileHashes& hashes, const fs::path& file, std::string_view content) {
  const std::string path = hashes.folder.empty() ? std::string() : path_in(hashes, file);
  if (path.empty()) {
    return;
  }
  const auto known = hashes.of.find(path);
  if (known == hashes.of.end() || known->second != sha256(content)) {
    throw Error(fmt::format("reading {}", file.string()), "it is not what was unpacked there",
                remedy);
  }
}

}  // namespace brokenpipe
