#include "results/base/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "results/base/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

fs::path program_directory() {
  return fs::read_symlink("/proc/self/exe").parent_path();
}

// The XDG base directory specification: a relative path in the variable is to be ignored.
fs::path xdg(const char* variable, const char* below_home) {
  const char* value = std::getenv(variable);
  if (value != nullptr && fs::path(value).is_absolute()) return fs::path(value) / "brokenpipe";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    const passwd* user = getpwuid(getuid());
    if (user == nullptr) {
      throw Error("looking for your home directory", "HOME is not set and the user is unknown",
                  std::string("Set HOME or ") + variable + ".");
    }
    home = user->pw_dir;
  }
  return fs::path(home) / below_home / "brokenpipe";
}

}  // namespace

fs::path shipped(const fs::path& name) {
  fs::path installed = program_directory().parent_path() / BROKENPIPE_SHARE / name;
  if (fs::exists(installed)) return installed;
  // The source tree keeps the same names below the directory that makes them.
  const fs::path source = BROKENPIPE_SOURCE;
  for (const char* directory : {"images", "results", "orchestrator"}) {
    if (fs::exists(source / directory / name)) return source / directory / name;
  }
  throw Error("looking for " + name.string(),
              "it is neither at " + installed.string() + " nor below " + source.string(),
              "Install brokenpipe again, or build it again where its source lies now.");
}

fs::path probe_binary() {
  fs::path probe = program_directory() / "brokenpipe-probe";
  if (!fs::exists(probe)) {
    throw Error("looking for the probe", probe.string() + " does not exist",
                "Build the whole project (`make build`), or install it again.");
  }
  return probe;
}

fs::path cache_directory() {
  return xdg("XDG_CACHE_HOME", ".cache");
}

fs::path state_directory() {
  return xdg("XDG_STATE_HOME", ".local/state");
}

}  // namespace brokenpipe
