#include <sys/syscall.h>

#include <cerrno>

#include "tests/system/as_init.h"

/// Linked into a probe of the tests, it takes a change of the kernel back: in a guest, pwritev2(2)
/// fails with ENOSYS, as it did before 4.6.
namespace {

const bool regressed = probe::testing::fails_as_init(SYS_pwritev2, ENOSYS);

}  // namespace
