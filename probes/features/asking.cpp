#include "probes/features/asking.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "probes/base/fd.h"
#include "probes/base/must.h"

namespace probe {

Missing unless_done(const char* call, long returned, std::initializer_list<int> proofs) {
  if (returned >= 0) return {};
  const int error = errno;
  const bool proven = std::find(proofs.begin(), proofs.end(), error) != proofs.end();
  return {std::string(call) + ": " + errno_name(error), proven ? errno_name(error) : ""};
}

Missing module_missing(const std::string& module, const std::string& call) {
  return {"module " + module + " not available: " + call + errno_name(errno)};
}

Missing protocol_missing(const char* module, int family, int type, int protocol) {
  const Fd fd(socket(family, type, protocol));
  return fd >= 0 ? Missing() : module_missing(module, "socket: ");
}

}  // namespace probe
