#include "probes/base/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "probes/base/fd.h"
#include "probes/base/file.h"
#include "probes/base/must.h"

namespace probe {
namespace {

std::string path_of(const std::string& name) {
  std::string path = "/proc/sys/" + name;
  std::replace(path.begin(), path.end(), '.', '/');
  return path;
}

void set_sysctl(const std::string& name, const std::string& value) {
  const Fd file(open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC));
  if (file < 0 || write(file, value.data(), value.size()) < 0) {
    const int error = errno;
    // A namespace that has not got it looks the same on old kernels, but those are not asked there.
    throw Unsupported("sysctl " + name + " cannot be set to " + value + ": " + errno_name(error),
                      {}, error == ENOENT ? errno_name(error) : "");
  }
}

}  // namespace

void set_sysctls(const Sysctls& wanted) {
  for (const auto& [name, value] : wanted) set_sysctl(name, value);
}

long read_sysctl(const std::string& name) {
  const auto text = read_file(path_of(name));
  if (!text && errno == ENOENT) throw Unsupported("no sysctl " + name);
  if (!text) throw Broken("reading the sysctl " + name + ": " + errno_name(errno));
  return std::stol(*text);
}

SysctlsPutBack::SysctlsPutBack(const Sysctls& touched) {
  for (const auto& [name, value] : touched) {
    // One that cannot be read cannot be set either, so there is nothing to put back.
    if (const auto before = read_file(path_of(name))) before_[name] = *before;
  }
}

SysctlsPutBack::~SysctlsPutBack() {
  try {
    set_sysctls(before_);
  } catch (const Unsupported& failure) {
    std::fprintf(stderr, "after a scenario: %s\n", failure.what());
  }
}

}  // namespace probe
