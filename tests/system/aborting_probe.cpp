#include <unistd.h>

#include <cstdlib>

/// Linked into a probe of the tests, it is an error of the probe's own: a scenario that calls
/// pwrite(2) aborts instead, as a failed check of libc's does.
extern "C" ssize_t pwrite(int /*fd*/, const void* /*data*/, size_t /*size*/, off_t /*offset*/) {
  abort();
}
