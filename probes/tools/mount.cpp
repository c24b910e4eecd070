#include "probes/tools/mount.h"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "probes/base/must.h"

namespace probe {

TemporaryFolder::TemporaryFolder() : path_("/tmp/brokenpipe-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) throw Broken("mkdtemp: " + errno_name(errno));
}

TemporaryFolder::~TemporaryFolder() {
  rmdir(path_.c_str());
}

Mount::Mount(const char* type, const std::string& options) {
  if (mount(type, path().c_str(), type, 0, options.c_str()) < 0) {
    throw Broken(std::string("mount ") + type + ": " + errno_name(errno));
  }
}

Mount::~Mount() {
  umount2(path().c_str(), MNT_DETACH);
}

}  // namespace probe
