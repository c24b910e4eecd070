#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

/// Linked into a probe of the tests, it stands between the scenarios and the kernel: whatever the
/// kernel answers to pwrite(2), the probe is told EIO. Only one who looks from outside can know.
extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  syscall(SYS_pwrite64, fd, bytes, count, offset);
  errno = EIO;
  return -1;
}

extern "C" ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  return pwrite64(fd, bytes, count, offset);
}
