#include "images/mirrors.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "images/apt_output.h"
#include "results/base/error.h"
#include "results/base/run_command.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

std::string without_trailing_slash(std::string uri) {
  while (uri.ends_with('/')) {
    uri.pop_back();
  }
  return uri;
}

/// Debian's layout: the security archive stands beside the main one. A mirror of another layout
/// is taken to hold both.
std::string security_beside(const std::string& main_mirror) {
  constexpr std::string_view name = "/debian";
  return main_mirror.ends_with(name) ? main_mirror + "-security" : main_mirror;
}

}  // namespace

const std::string& Mirrors::of(const std::string& suite) const {
  return suite.ends_with("-security") || suite.ends_with("/updates") ? security : main;
}

Mirrors machine_mirrors() {
  const CommandResult targets =
      run_command({"apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
                   "Created-By: Packages"});
  Mirrors mirrors;
  for (const std::string& line : lines_of(targets.out)) {
    const std::vector<std::string> fields = fields_of(line, '|');
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

}  // namespace brokenpipe
