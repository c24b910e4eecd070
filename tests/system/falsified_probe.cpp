#include <sys/syscall.h>

#include <cerrno>

#include "tests/system/as_init.h"

/// Linked into a probe of the tests, it falsifies one answer on its way: in a guest, pwrite(2)
/// fails with EIO.
namespace {

const bool falsified = probe::testing::fails_as_init(SYS_pwrite64, EIO);

}  // namespace
