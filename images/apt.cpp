#include "images/apt.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/json_file.h"
#include "results/base/run_command.h"
#include "results/base/sha256.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

constexpr auto lists_stay_fresh = std::chrono::hours(6);

constexpr int schema = 1;
const char* const stamp_name = "refreshed.json";

const char* const debian_keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const char* const removed_keyring = "/usr/share/keyrings/debian-archive-removed-keys.gpg";

// Hooks of the machine's configuration tidy its own cache, and lists cannot be emptied by -o.
const char* const configuration = R"(#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
#clear Acquire::Languages;
)";

// apt refuses a signature by an expired key even where the key was good when it signed. This
// stands between apt and gpgv, and has such a signature pass for the good one that it is. All
// that gpgv objects to otherwise still reaches apt, and so does its exit status.
const char* const lenient_gpgv = R"sh(#!/bin/sh
status_fd=2
previous=
for argument in "$@"; do
  [ "$previous" = --status-fd ] && status_fd=$argument
  previous=$argument
done
exit_status=$(eval "{ { gpgv \"\$@\" $status_fd>&1 1>&2; echo \$? >&9; } |
  sed -e 's/^\[GNUPG:] EXPKEYSIG /[GNUPG:] GOODSIG /' -e '/^\[GNUPG:] KEYEXPIRED /d' \
    >&$status_fd; } 9>&1")
exit "$exit_status"
)sh";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  const std::size_t end = text.find_last_not_of(' ');
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

std::string without_trailing_slash(std::string uri) {
  while (uri.ends_with('/')) {
    uri.pop_back();
  }
  return uri;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Debian's layout: the security archive stands beside the main one. A mirror of another layout
/// is taken to hold both.
std::string security_beside(const std::string& main_mirror) {
  constexpr std::string_view name = "/debian";
  return main_mirror.ends_with(name) ? main_mirror + "-security" : main_mirror;
}

struct Mirrors {
  std::string main;
  std::string security;
};

Mirrors machine_mirrors() {
  const CommandResult targets =
      run_command({"apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
                   "Created-By: Packages"});
  Mirrors mirrors;
  for (const std::string& line : lines_of(targets.out)) {
    const std::vector<std::string> fields = split(line, '|');
    if (fields.size() != 3 || fields[0] != "Debian") {
      continue;
    }
    std::string& mirror = fields[1] == "Debian-Security" ? mirrors.security : mirrors.main;
    if (mirror.empty()) {
      mirror = without_trailing_slash(fields[2]);
    }
  }
  if (mirrors.main.empty()) {
    throw Error("asking apt for this machine's mirror",
                "its package lists name no archive of Debian's",
                "Run `apt-get update` as root, or name a mirror: "
                "--mirror http://MIRROR/debian");
  }
  if (mirrors.security.empty()) {
    mirrors.security = security_beside(mirrors.main);
  }
  return mirrors;
}

Mirrors named_mirrors(const std::string& mirror) {
  const std::size_t colon = mirror.find(':');
  if (colon == std::string::npos || colon == 0 ||
      mirror.find_first_of(" \t\r\n") != std::string::npos) {
    throw UsageError(
        fmt::format("--mirror {}: not the address of a mirror, such as "
                    "http://MIRROR/debian or file:/srv/debian",
                    mirror));
  }
  const std::string main = without_trailing_slash(mirror);
  if (const std::string path = main.substr(colon + 1);
      main.starts_with("file:") && !fs::is_directory(path)) {
    throw Error(fmt::format("reaching the mirror {}", main), "there is no such folder");
  }
  return {main, security_beside(main)};
}

bool is_security(const std::string& suite) {
  return suite.ends_with("-security") || suite.ends_with("/updates");
}

/// What went wrong with one file: apt's "Err:" line, and the first line below it.
struct Failure {
  std::string file;  ///< `URI SUITE Release`
  std::string why;
};

std::vector<Failure> failures_in(const std::string& out) {
  static const std::regex failure("Err:[0-9]+ (.*)");
  std::vector<Failure> failures;
  for (const std::string& line : lines_of(out)) {
    std::smatch match;
    if (std::regex_match(line, match, failure)) {
      failures.push_back({match[1], {}});
    } else if (!failures.empty() && failures.back().why.empty()) {
      failures.back().why = trimmed(line);
    }
  }
  return failures;
}

/// Whether the mirror answered, and said that it does not hold a suite.
bool is_absent(const Failure& failure) {
  return failure.file.ends_with(" Release") &&
         (contains(failure.why, "404") || contains(failure.why, "File not found"));
}

/// What apt-get update complains of, but for suites that the mirror does not hold. Its exit status
/// is 0 where a mirror did not answer, and where a suite is absent its last words are of nothing
/// else: both streams have to be read.
std::string complaints(const CommandResult& update) {
  std::string text;
  const auto add = [&](const std::string& line) { text += (text.empty() ? "" : "\n  ") + line; };
  std::set<std::string> expected;
  for (const Failure& failure : failures_in(update.out)) {
    if (is_absent(failure)) {
      expected.insert(
          fmt::format("E: The repository '{}' does not have a Release file.", failure.file));
    } else {
      add(fmt::format("{}: {}", failure.file, failure.why));
    }
  }
  for (const std::string& line : lines_of(update.err)) {
    if ((line.starts_with("E: ") && !expected.contains(line)) ||
        line.starts_with("W: Failed to fetch") || line.starts_with("W: GPG error") ||
        line.starts_with("W: An error occurred during the signature verification")) {
      add(line);
    }
  }
  return text;
}

Error apt_error(const std::string& doing, const std::string& words) {
  if (contains(words, "GPG error") || contains(words, "is not signed") ||
      contains(words, "signature")) {
    return {doing + ": a signature does not verify", words,
            "The mirror is not Debian's, or the keyring (package debian-archive-keyring) is too "
            "old; --keyring names another one."};
  }
  if (contains(words, "Hash Sum mismatch") || contains(words, "unexpected size")) {
    return {doing + ": what came is not what was signed", words,
            "The mirror is damaged or just being updated: try again, or name another --mirror."};
  }
  if (contains(words, "No space left") || contains(words, "Permission denied") ||
      contains(words, "Read-only file system") || contains(words, "File too large")) {
    return {doing + ": the store cannot be written", words,
            "Make room or give the folder to this user, or name another one by --store."};
  }
  return {doing, words, "Is the network up? --mirror names another mirror."};
}

struct Download {
  std::string uri;
  std::string package;
  std::string file;
  std::string sha256;
};

/// Lines of --print-uris: 'URI' FILE SIZE SHA256:HASH
Download parse_download(const std::string& line) {
  static const std::regex format("'([^']*)' (([^ /_]+)_[^ /]+) [0-9]+ SHA256:([0-9a-f]{64}) *");
  std::smatch match;
  if (!std::regex_match(line, match, format)) {
    throw Error("asking apt where a package is", fmt::format("it says \"{}\"", line));
  }
  return {match[1], match[3], match[2], match[4]};
}

bool is_complete(const fs::path& file, const Download& download) {
  return fs::exists(file) && sha256_file(file) == download.sha256;
}

std::string to_json_text(const std::vector<std::string>& suites) {
  return json_text({{"schema", schema}, {"suites", suites}});
}

std::vector<std::string> read_suites(const fs::path& file) {
  const nlohmann::json document = read_json(file, schema);
  return JsonPlace(document, file.string()).at("suites").texts();
}

/// None where nothing was fetched, or nobody can say what.
std::vector<std::string> fetched_suites(const fs::path& stamp) {
  if (!fs::exists(stamp)) {
    return {};
  }
  try {
    return read_suites(stamp);
  } catch (const Error&) {
    return {};
  }
}

bool is_recent(const fs::path& stamp) {
  std::error_code none;
  const auto written = fs::last_write_time(stamp, none);
  return !none && fs::file_time_type::clock::now() - written < lists_stay_fresh;
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

Apt::Apt(AptOptions options) : options_(std::move(options)) {
  const Mirrors mirrors =
      options_.mirror.empty() ? machine_mirrors() : named_mirrors(options_.mirror);
  main_mirror_ = mirrors.main;
  security_mirror_ = mirrors.security;
  // Lists of one mirror are no news of another.
  const std::string source = main_mirror_ + '\n' + security_mirror_ + '\n' +
                             options_.keyring.string() + '\n' +
                             (options_.archive ? "archive" : "current");
  options_.root /= sha256(source).substr(0, 12);
  for (const char* directory : {"lists/partial", "cache/archives/partial"}) {
    make_directories(options_.root / directory);
  }
  write_file(options_.root / "status", "");
  write_file(options_.root / "apt.conf", configuration);
  if (options_.archive) {
    write_file(options_.root / "gpgv", lenient_gpgv);
    fs::permissions(options_.root / "gpgv", fs::perms(0755));
  }
}

std::vector<std::string> Apt::command(const std::string& program) const {
  const fs::path& root = options_.root;
  std::vector<std::string> words = {program, "-q", "-c", (root / "apt.conf").string()};
  std::vector<std::string> settings = {
      fmt::format("Dir::State={}", root.string()),
      fmt::format("Dir::State::lists={}", (root / "lists").string()),
      fmt::format("Dir::State::status={}", (root / "status").string()),
      fmt::format("Dir::Cache={}", (root / "cache").string()),
      "Dir::Cache::pkgcache=pkgcache.bin",
      "Dir::Cache::srcpkgcache=",
      fmt::format("Dir::Etc::SourceList={}", (root / "debian.sources").string()),
      "Dir::Etc::SourceParts=/dev/null",
      "APT::Architecture=amd64",
      "APT::Architectures::=amd64",
      "Acquire::Languages=none",
      "Acquire::GzipIndexes=true",
      // The user _apt cannot enter a store below the home of root.
      "APT::Sandbox::User=root",
  };
  if (options_.archive) {
    settings.push_back(fmt::format("APT::Key::gpgvcommand={}", (root / "gpgv").string()));
  }
  for (const std::string& setting : settings) {
    words.insert(words.end(), {"-o", setting});
  }
  return words;
}

std::string Apt::sources(const std::vector<std::string>& suites) const {
  const std::string keys = keyrings();
  std::string text;
  for (const std::string& suite : suites) {
    text += fmt::format(
        "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nArchitectures: amd64\n"
        "Targets: Packages\nSigned-By: {}\n{}\n",
        is_security(suite) ? security_mirror_ : main_mirror_, suite, keys,
        options_.archive ? "Check-Valid-Until: no\n" : "");
  }
  return text;
}

/// As Signed-By wants them.
std::string Apt::keyrings() const {
  std::vector<fs::path> files = {options_.keyring};
  if (options_.keyring.empty()) {
    files = {debian_keyring};
    if (options_.archive) {
      files.emplace_back(removed_keyring);
    }
  }
  std::string list;
  for (const fs::path& file : files) {
    if (!fs::exists(file)) {
      throw Error("verifying the mirror's signatures",
                  fmt::format("there is no keyring {}", file.string()),
                  "Debian's keys are in the package debian-archive-keyring: "
                  "apt-get install debian-archive-keyring");
    }
    list += (list.empty() ? "" : ",") + fs::absolute(file).string();
  }
  return list;
}

bool Apt::refresh(const std::vector<std::string>& suites) {
  const fs::path stamp = options_.root / stamp_name;
  std::vector<std::string> known = fetched_suites(stamp);
  const std::size_t already = known.size();
  for (const std::string& suite : suites) {
    if (std::find(known.begin(), known.end(), suite) == known.end()) {
      known.push_back(suite);
    }
  }
  if (known.size() == already && is_recent(stamp)) {
    return false;
  }
  refresh_now(known);
  return true;
}

void Apt::refresh_now(const std::vector<std::string>& suites) {
  const fs::path stamp = options_.root / stamp_name;
  // Until all is verified, nothing here counts as fetched.
  fs::remove(stamp);
  write_file(options_.root / "debian.sources", sources(suites));
  options_.progress(fmt::format("fetching the package lists of {}", main_mirror_));
  std::vector<std::string> words = command("apt-get");
  words.emplace_back("update");
  const CommandResult result = run_command(words);
  if (const std::string said = complaints(result); !said.empty()) {
    throw apt_error(fmt::format("fetching the package lists of {}", main_mirror_), said);
  }
  write_file(stamp, to_json_text(suites));
}

std::vector<AptPackage> Apt::packages(const std::vector<std::string>& patterns) const {
  const std::vector<std::regex> expressions(patterns.begin(), patterns.end());
  std::vector<std::string> names = command("apt-cache");
  names.insert(names.end(), {"pkgnames", "linux-"});
  std::vector<std::string> madison = command("apt-cache");
  madison.emplace_back("madison");
  const std::size_t nothing = madison.size();
  for (const std::string& name : lines_of(checked(names))) {
    if (std::any_of(expressions.begin(), expressions.end(),
                    [&](const std::regex& regex) { return std::regex_match(name, regex); })) {
      madison.push_back(name);
    }
  }
  std::vector<AptPackage> packages;
  if (madison.size() == nothing) {
    return packages;
  }
  // Lines such as: NAME | VERSION | URI SUITE/main amd64 Packages
  for (const std::string& line : lines_of(checked(madison))) {
    const std::vector<std::string> fields = split(line, '|');
    const std::vector<std::string> source = split(trimmed(fields.at(2)), ' ');
    const std::string& component = source.at(1);
    packages.push_back(
        {trimmed(fields.at(0)), trimmed(fields.at(1)), component.substr(0, component.rfind('/'))});
  }
  return packages;
}

std::vector<fs::path> Apt::download(const std::vector<AptPackage>& packages,
                                    const fs::path& directory) const {
  std::vector<std::string> where = command("apt-get");
  // Of the hashes that a list may have, the one that is computed here.
  where.insert(where.end(), {"-o", "Acquire::ForceHash=SHA256", "download", "--print-uris"});
  for (const AptPackage& package : packages) {
    where.push_back(package.name + "=" + package.version);
  }
  std::map<std::string, Download> downloads;
  // Of a package that lies in the folder it runs in, apt-get would print nothing.
  for (const std::string& line : lines_of(checked(where, options_.root))) {
    const Download download = parse_download(line);
    downloads[download.package] = download;
  }
  // apt-get download would throw away what an interrupted one left.
  std::vector<std::string> words = command("/usr/lib/apt/apt-helper");
  words.emplace_back("download-file");
  const std::size_t nothing = words.size();
  std::vector<fs::path> files;
  std::set<std::string> seen;
  for (const AptPackage& package : packages) {
    const Download& download = downloads.at(package.name);
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
      options_.progress("fetching " + line.substr(line.find(' ') + 1));
    }
  };
  const CommandResult result = run_command(words, {{}, report, {}});
  if (result.exit_status != 0) {
    throw apt_error(fmt::format("downloading from {}", main_mirror_), result.err);
  }
  for (const AptPackage& package : packages) {
    const Download& download = downloads.at(package.name);
    if (!is_complete(directory / download.file, download)) {
      throw apt_error(fmt::format("downloading {}", download.file), "Hash Sum mismatch");
    }
  }
  return files;
}

}  // namespace brokenpipe
