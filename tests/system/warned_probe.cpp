#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

/// Linked into a probe of the tests, it makes the kernel warn while every answer stays as it is: in
/// a guest, pwrite(2) first asks for an event whose call chains may be longer than any piece of
/// memory that the kernel hands out (kernel/events/callchain.c: alloc_callchain_buffers, by
/// kmalloc; mm/page_alloc.c: WARN_ON_ONCE). It does not get it, and nothing of it stays.
namespace {

const bool is_guest = getpid() == 1;

void set_longest_call_chain(std::string_view frames) {
  const int file = open("/proc/sys/kernel/perf_event_max_stack", O_WRONLY | O_CLOEXEC);
  [[maybe_unused]] const ssize_t done = write(file, frames.data(), frames.size());
  close(file);
}

void be_warned() {
  set_longest_call_chain("655360");  // the most that can be set
  perf_event_attr event{};
  event.size = sizeof event;
  event.type = PERF_TYPE_SOFTWARE;
  event.config = PERF_COUNT_SW_DUMMY;
  event.sample_type = PERF_SAMPLE_CALLCHAIN;
  event.disabled = 1;
  const long fd = syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  close(static_cast<int>(fd));
  set_longest_call_chain("127");
}

}  // namespace

extern "C" ssize_t pwrite(int fd, const void* buf, size_t n, off_t offset) {
  if (is_guest) be_warned();
  return syscall(SYS_pwrite64, fd, buf, n, offset);
}
