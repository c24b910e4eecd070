#include "probes/base/must.h"

#include <cstring>

namespace probe {

std::string errno_name(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "errno " + std::to_string(error);
}

}  // namespace probe
