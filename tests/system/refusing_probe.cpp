#include <sys/syscall.h>

#include <cerrno>

#include "tests/system/as_init.h"

/// Linked into a probe of the tests, it lets no module be loaded: in a guest, init_module(2) fails
/// with ENOMEM.
namespace {

const bool refused = probe::testing::fails_as_init(SYS_init_module, ENOMEM);

}  // namespace
