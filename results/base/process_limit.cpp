// Where a machine has no more processes to give.
#include "results/base/process_limit.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace brokenpipe {

std::string why_no_process() {
  const pid_t child = fork();
  if (child < 0) return std::strerror(errno);
  if (child == 0) _exit(0);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {};
}

}  // namespace brokenpipe
