#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

/// Linked into a probe of the tests, it stands between the scenarios and the kernel: whatever the
/// kernel answers to pwrite(2), the probe is told EIO. Only one who looks from outside can know.
extern "C" ssize_t pwrite64(int fd, const void* buf, size_t n, off64_t offset) {
  syscall(SYS_pwrite64, fd, buf, n, offset);
  errno = EIO;
  return -1;
}

extern "C" ssize_t pwrite(int fd, const void* buf, size_t n, off_t offset) {
  return pwrite64(fd, buf, n, offset);
}
