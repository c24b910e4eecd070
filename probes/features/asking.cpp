#include "probes/features/asking.h"

#include <sys/socket.h>

#include <cerrno>

#include "probes/base/fd.h"
#include "probes/base/must.h"

namespace probe {

std::string unless_done(const char* call, long returned) {
  return returned >= 0 ? std::string() : std::string(call) + ": " + errno_name(errno);
}

std::string protocol_missing(const char* module, int family, int type, int protocol) {
  const Fd fd(socket(family, type, protocol));
  if (fd >= 0) return {};
  return std::string("module ") + module + " not available: socket: " + errno_name(errno);
}

}  // namespace probe
