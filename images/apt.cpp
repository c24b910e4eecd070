#include "images/apt.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

#include "results/base/error.h"
#include "results/base/run_command.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

bool is_complete(const fs::path& file, const AptDownload& download) {
  return fs::exists(file) && sha256_file(file) == download.sha256;
}

/// The one of a package in its version. Throws Error where apt has told of none.
const AptDownload& download_of(const AptPackage& package,
                               const std::vector<AptDownload>& downloads) {
  const auto found =
      std::find_if(downloads.begin(), downloads.end(), [&](const AptDownload& download) {
        return download.package == package.name && download.version == package.version;
      });
  if (found == downloads.end()) {
    throw Error("asking apt where a package is",
                fmt::format("it does not say where {}={} is", package.name, package.version));
  }
  return *found;
}

/// The output of a command that only reads the lists.
std::string checked(const std::vector<std::string>& words, const fs::path& directory = {}) {
  CommandResult result = run_command(words, {directory, {}, {}});
  if (result.exit_status != 0) {
    throw Error("asking apt for packages", result.err);
  }
  return std::move(result.out);
}

}  // namespace

std::vector<AptPackage> Apt::packages(const std::vector<std::string>& patterns) const {
  const std::vector<std::regex> expressions(patterns.begin(), patterns.end());
  std::vector<std::string> names = root_.command("apt-cache");
  names.insert(names.end(), {"pkgnames", "linux-"});
  std::vector<std::string> madison = root_.command("apt-cache");
  madison.emplace_back("madison");
  const std::size_t nothing = madison.size();
  for (const std::string& name : lines_of(checked(names))) {
    if (std::any_of(expressions.begin(), expressions.end(),
                    [&](const std::regex& regex) { return std::regex_match(name, regex); })) {
      madison.push_back(name);
    }
  }
  if (madison.size() == nothing) {
    return {};
  }
  return packages_in(checked(madison));
}

std::vector<fs::path> Apt::download(const std::vector<AptPackage>& packages,
                                    const fs::path& directory) const {
  std::vector<std::string> where = root_.command("apt-get");
  // Of the hashes that a list may have, the one that is computed here.
  where.insert(where.end(), {"-o", "Acquire::ForceHash=SHA256", "download", "--print-uris"});
  for (const AptPackage& package : packages) {
    where.push_back(package.name + "=" + package.version);
  }
  // Of a package that lies in the folder it runs in, apt-get would print nothing.
  const std::vector<AptDownload> downloads = downloads_in(checked(where, root_.path()));
  // apt-get download would throw away what an interrupted one left.
  std::vector<std::string> words = root_.command("/usr/lib/apt/apt-helper");
  words.emplace_back("download-file");
  const std::size_t nothing = words.size();
  std::vector<fs::path> files;
  std::set<std::string> seen;
  for (const AptPackage& package : packages) {
    const AptDownload& download = download_of(package, downloads);
    files.push_back(directory / download.file);
    if (seen.insert(download.file).second && !is_complete(files.back(), download)) {
      words.insert(words.end(), {download.uri, files.back().string(), "SHA256:" + download.sha256});
    }
  }
  if (words.size() == nothing) {
    return files;
  }
  const auto report = [this](const std::string& line) {
    if (line.starts_with("Get:")) {
      root_.report("fetching " + line.substr(line.find(' ') + 1));
    }
  };
  const CommandResult result = run_command(words, {{}, report, {}});
  if (result.exit_status != 0) {
    throw apt_error(fmt::format("downloading from {}", root_.mirror()), result.err);
  }
  for (const AptPackage& package : packages) {
    const AptDownload& download = download_of(package, downloads);
    if (!is_complete(directory / download.file, download)) {
      throw apt_error(fmt::format("downloading {}", download.file), "Hash Sum mismatch");
    }
  }
  return files;
}

}  // namespace brokenpipe
