#include "images/apt_root.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "images/apt_output.h"
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

}  // namespace

AptRoot::AptRoot(AptOptions options)
    : options_(std::move(options)),
      mirrors_(options_.mirror.empty() ? machine_mirrors() : named_mirrors(options_.mirror)) {
  const std::string source = mirrors_.main + '\n' + mirrors_.security + '\n' +
                             options_.keyring.string() + '\n' +
                             (options_.archive ? "archive" : "current");
  path_ = options_.root / sha256(source).substr(0, 12);
  for (const char* directory : {"lists/partial", "cache/archives/partial"}) {
    make_directories(path_ / directory);
  }
  write_file(path_ / "status", "");
  write_file(path_ / "apt.conf", configuration);
  if (options_.archive) {
    write_file(path_ / "gpgv", lenient_gpgv);
    fs::permissions(path_ / "gpgv", fs::perms(0755));
  }
}

std::vector<std::string> AptRoot::command(const std::string& program) const {
  std::vector<std::string> words = {program, "-q", "-c", (path_ / "apt.conf").string()};
  std::vector<std::string> settings = {
      fmt::format("Dir::State={}", path_.string()),
      fmt::format("Dir::State::lists={}", (path_ / "lists").string()),
      fmt::format("Dir::State::status={}", (path_ / "status").string()),
      fmt::format("Dir::Cache={}", (path_ / "cache").string()),
      "Dir::Cache::pkgcache=pkgcache.bin",
      "Dir::Cache::srcpkgcache=",
      fmt::format("Dir::Etc::SourceList={}", (path_ / "debian.sources").string()),
      "Dir::Etc::SourceParts=/dev/null",
      "APT::Architecture=amd64",
      "APT::Architectures::=amd64",
      "Acquire::Languages=none",
      "Acquire::GzipIndexes=true",
      // The user _apt cannot enter a store below the home of root.
      "APT::Sandbox::User=root",
  };
  if (options_.archive) {
    settings.push_back(fmt::format("APT::Key::gpgvcommand={}", (path_ / "gpgv").string()));
  }
  for (const std::string& setting : settings) {
    words.insert(words.end(), {"-o", setting});
  }
  return words;
}

std::string AptRoot::sources(const std::vector<std::string>& suites) const {
  const std::string keys = keyrings();
  std::string text;
  for (const std::string& suite : suites) {
    text += fmt::format(
        "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nArchitectures: amd64\n"
        "Targets: Packages\nSigned-By: {}\n{}\n",
        mirrors_.of(suite), suite, keys, options_.archive ? "Check-Valid-Until: no\n" : "");
  }
  return text;
}

/// As Signed-By wants them.
std::string AptRoot::keyrings() const {
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

bool AptRoot::refresh(const std::vector<std::string>& suites) {
  const fs::path stamp = path_ / stamp_name;
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

void AptRoot::refresh_now(const std::vector<std::string>& suites) {
  const fs::path stamp = path_ / stamp_name;
  // Until all is verified, nothing here counts as fetched.
  fs::remove(stamp);
  write_file(path_ / "debian.sources", sources(suites));
  options_.progress(fmt::format("fetching the package lists of {}", mirrors_.main));
  std::vector<std::string> words = command("apt-get");
  words.emplace_back("update");
  const CommandResult result = run_command(words);
  if (const std::string said = complaints(result); !said.empty()) {
    throw apt_error(fmt::format("fetching the package lists of {}", mirrors_.main), said);
  }
  write_file(stamp, to_json_text(suites));
}

}  // namespace brokenpipe
