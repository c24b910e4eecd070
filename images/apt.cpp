#include "images/apt.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "images/command.h"
#include "images/files.h"
#include "images/sha256.h"
#include "results/error.h"
#include "results/file.h"
#include "results/json_file.h"

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
                "--mirror http://deb.debian.org/debian");
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
                    "http://deb.debian.org/debian or file:/srv/debian",
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

/// What apt says of a suite under "Err:", by the words of its later complaint: `URI SUITE Release`.
std::map<std::string, std::string> fetch_failures(const std::string& out) {
  static const std::regex failure("Err:[0-9]+ (.*)");
  std::map<std::string, std::string> result;
  std::string current;
  for (const std::string& line : lines_of(out)) {
    std::smatch match;
    if (std::regex_match(line, match, failure)) {
      current = match[1];
    } else if (line.starts_with("  ") && !current.empty()) {
      result[current] += trimmed(line);
    } else {
      current.clear();
    }
  }
  return result;
}

/// Whether `complaint` says no more than that the mirror does not hold a suite.
bool says_absent(const std::string& complaint, const std::map<std::string, std::string>& failures) {
  static const std::regex absent("E: The repository '(.*)' does not have a Release file\\.");
  std::smatch match;
  if (!std::regex_match(complaint, match, absent)) {
    return false;
  }
  const auto failure = failures.find(match[1]);
  return failure != failures.end() &&
         (contains(failure->second, "404") || contains(failure->second, "File not found"));
}

/// apt-get update ends with 0 where a mirror did not answer: its words have to be read.
bool is_fatal(const std::string& complaint) {
  return complaint.starts_with("E: ") || complaint.starts_with("W: Failed to fetch") ||
         complaint.starts_with("W: GPG error") ||
         complaint.starts_with("W: An error occurred during the signature verification");
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
  std::string package;
  std::string file;
  std::string sha256;
};

/// Lines of --print-uris: 'URI' FILE SIZE SHA256:HASH
Download parse_download(const std::string& line) {
  static const std::regex format("'[^']*' (([^ /_]+)_[^ /]+) [0-9]+ SHA256:([0-9a-f]{64}) *");
  std::smatch match;
  if (!std::regex_match(line, match, format)) {
    throw Error("asking apt where a package is", fmt::format("it says \"{}\"", line));
  }
  return {match[2], match[1], match[3]};
}

std::string exact_name(const AptPackage& package) {
  return package.name + "=" + package.version;
}

bool is_complete(const fs::path& file, const Download& download) {
  return fs::exists(file) && sha256_file(file) == download.sha256;
}

/// Verifies what apt would refuse: a signature made while the key was valid, by a key that has
/// expired since. Everything below the signature is apt's to verify.
void verify_release(const fs::path& release, const std::vector<fs::path>& keyrings) {
  std::vector<std::string> arguments = {"gpgv", "--status-fd", "1"};
  for (const fs::path& keyring : keyrings) {
    arguments.insert(arguments.end(), {"--keyring", keyring.string()});
  }
  const fs::path detached = release.string() + ".gpg";
  if (fs::exists(detached)) {
    arguments.push_back(detached.string());
  }
  arguments.push_back(release.string());
  const CommandResult result = run_command(arguments);
  bool is_good = false;
  for (const std::string& line : lines_of(result.out)) {
    is_good =
        is_good || line.starts_with("[GNUPG:] GOODSIG ") || line.starts_with("[GNUPG:] EXPKEYSIG ");
    if (line.starts_with("[GNUPG:] BADSIG ")) {
      is_good = false;
      break;
    }
  }
  if (!is_good) {
    throw apt_error(fmt::format("checking {}", release.filename().string()),
                    fmt::format("no valid signature: {}", result.err));
  }
}

std::string to_json_text(const std::vector<AptSuite>& suites) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const AptSuite& suite : suites) {
    list.push_back({{"name", suite.name}, {"archive", suite.archive}});
  }
  return json_text({{"schema", schema}, {"suites", list}});
}

std::vector<AptSuite> read_suites(const fs::path& file) {
  const nlohmann::json document = read_json(file, schema);
  std::vector<AptSuite> suites;
  for (const JsonPlace& suite : JsonPlace(document, file.string()).at("suites").items()) {
    suites.push_back({suite.at("name").text(), suite.at("archive").boolean()});
  }
  return suites;
}

/// None where nothing was fetched, or nobody can say what.
std::vector<AptSuite> fetched_suites(const fs::path& stamp) {
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
std::string checked(const std::vector<std::string>& words) {
  CommandResult result = run_command(words);
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
  options_.root /= sha256(main_mirror_ + '\n' + security_mirror_ + '\n' + options_.keyring.string())
                       .substr(0, 12);
  for (const char* directory : {"lists/partial", "cache/archives/partial"}) {
    make_directories(options_.root / directory);
  }
  write_file(options_.root / "status", "");
  write_file(options_.root / "apt.conf", configuration);
}

std::vector<std::string> Apt::command(const std::string& program) const {
  const fs::path& root = options_.root;
  std::vector<std::string> words = {program, "-q", "-c", (root / "apt.conf").string()};
  for (const std::string& option : {
           fmt::format("Dir::State={}", root.string()),
           fmt::format("Dir::State::lists={}", (root / "lists").string()),
           fmt::format("Dir::State::status={}", (root / "status").string()),
           fmt::format("Dir::Cache={}", (root / "cache").string()),
           std::string("Dir::Cache::pkgcache=pkgcache.bin"),
           std::string("Dir::Cache::srcpkgcache=srcpkgcache.bin"),
           fmt::format("Dir::Etc::SourceList={}", (root / "debian.sources").string()),
           std::string("Dir::Etc::SourceParts=/dev/null"),
           std::string("APT::Architecture=amd64"),
           std::string("APT::Architectures::=amd64"),
           std::string("Acquire::Languages=none"),
           // The user _apt cannot enter a store below the home of root.
           std::string("APT::Sandbox::User=root"),
       }) {
    words.insert(words.end(), {"-o", option});
  }
  return words;
}

std::string Apt::sources(const std::vector<AptSuite>& suites) const {
  std::string text;
  for (const AptSuite& suite : suites) {
    std::string keys = options_.keyring.string();
    if (keys.empty()) {
      keys = debian_keyring;
    }
    text += fmt::format(
        "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nArchitectures: amd64\n"
        "Targets: Packages\n{}\n\n",
        is_security(suite.name) ? security_mirror_ : main_mirror_, suite.name,
        // Of what verify_expired() verifies.
        suite.archive ? std::string("Check-Valid-Until: no\nTrusted: yes") : "Signed-By: " + keys);
  }
  return text;
}

void Apt::verify_expired(const std::vector<AptSuite>& suites) const {
  std::set<std::string> archived;
  for (const AptSuite& suite : suites) {
    if (suite.archive) {
      archived.insert(suite.name);
    }
  }
  if (archived.empty()) {
    return;
  }
  const std::vector<fs::path> keyrings =
      options_.keyring.empty() ? std::vector<fs::path>{debian_keyring, removed_keyring}
                               : std::vector<fs::path>{options_.keyring};
  std::vector<std::string> words = command("apt-get");
  words.insert(words.end(), {"indextargets", "--format", "$(RELEASE)|$(FILENAME)"});
  for (const std::string& line : lines_of(run_command(words).out)) {
    const std::vector<std::string> fields = split(line, '|');
    if (fields.size() != 2 || !archived.contains(fields[0])) {
      continue;
    }
    const std::string list = fields[1].substr(0, fields[1].rfind("_main_binary-"));
    const fs::path inline_signed = list + "_InRelease";
    verify_release(fs::exists(inline_signed) ? inline_signed : fs::path(list + "_Release"),
                   keyrings);
  }
}

bool Apt::refresh(const std::vector<AptSuite>& suites) {
  const fs::path stamp = options_.root / stamp_name;
  std::vector<AptSuite> known = fetched_suites(stamp);
  const std::size_t already = known.size();
  for (const AptSuite& suite : suites) {
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

void Apt::refresh_now(const std::vector<AptSuite>& suites) {
  const fs::path stamp = options_.root / stamp_name;
  // Until all is verified, nothing here counts as fetched.
  fs::remove(stamp);
  write_file(options_.root / "debian.sources", sources(suites));
  options_.progress(fmt::format("fetching the package lists of {}", main_mirror_));
  std::vector<std::string> words = command("apt-get");
  words.emplace_back("update");
  const CommandResult result = run_command(words);
  const std::map<std::string, std::string> failures = fetch_failures(result.out);
  std::string complaints;
  for (const std::string& line : lines_of(result.err)) {
    if (is_fatal(line) && !says_absent(line, failures)) {
      complaints += (complaints.empty() ? "" : "\n  ") + line;
    }
  }
  if (!complaints.empty()) {
    throw apt_error(fmt::format("fetching the package lists of {}", main_mirror_), complaints);
  }
  verify_expired(suites);
  write_file(stamp, to_json_text(suites));
}

std::vector<AptPackage> Apt::packages(const std::vector<std::string>& patterns) const {
  std::vector<std::regex> expressions;
  for (const std::string& pattern : patterns) {
    expressions.emplace_back(pattern);
  }
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
  std::vector<std::string> words = command("apt-get");
  words.emplace_back("download");
  std::vector<std::string> where = words;
  where.emplace_back("--print-uris");
  for (const AptPackage& package : packages) {
    where.push_back(exact_name(package));
  }
  std::map<std::string, Download> downloads;
  for (const std::string& line : lines_of(checked(where))) {
    const Download download = parse_download(line);
    downloads[download.package] = download;
  }
  std::vector<fs::path> files;
  std::vector<AptPackage> wanted;
  for (const AptPackage& package : packages) {
    const Download& download = downloads.at(package.name);
    files.push_back(directory / download.file);
    if (!is_complete(files.back(), download)) {
      wanted.push_back(package);
      words.push_back(exact_name(package));
    }
  }
  if (wanted.empty()) {
    return files;
  }
  const auto report = [this](const std::string& line) {
    if (line.starts_with("Get:")) {
      options_.progress("fetching " + line.substr(line.find(' ') + 1));
    }
  };
  const CommandResult result = run_command(words, {directory, report});
  if (result.exit_status != 0) {
    throw apt_error(fmt::format("downloading from {}", main_mirror_), result.err);
  }
  for (const AptPackage& package : wanted) {
    const Download& download = downloads.at(package.name);
    if (!is_complete(directory / download.file, download)) {
      throw apt_error(fmt::format("downloading {}", download.file), "Hash Sum mismatch");
    }
  }
  return files;
}

}  // namespace brokenpipe
