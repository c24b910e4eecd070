#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>

#include "tests/system/as_init.h"

/// Linked into a probe of the tests, it breaks what Linux 3.16 does not have: in a guest, sendto(2)
/// with MSG_ZEROCOPY fails with EIO.
namespace {

constexpr probe::testing::Flag zerocopy{.argument = 3, .bits = MSG_ZEROCOPY};

const bool broken = probe::testing::fails_as_init(SYS_sendto, EIO, zerocopy);

}  // namespace
