#include <unistd.h>

/// Linked into a probe of the tests: as /init it exits, at which a kernel panics
/// (kernel/exit.c: "Attempted to kill init!").
namespace {

const bool dying = [] {
  if (getpid() == 1) _exit(1);
  return true;
}();

}  // namespace
