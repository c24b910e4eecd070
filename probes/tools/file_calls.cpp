#include "probes/tools/file_calls.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "probes/base/fd.h"
#include "probes/base/file.h"
#include "probes/base/must.h"

namespace probe {
namespace {

char byte = 'x';

class AioContext {
 public:
  AioContext() { must("io_setup", syscall(SYS_io_setup, 1, &context_)); }
  AioContext(const AioContext&) = delete;
  AioContext& operator=(const AioContext&) = delete;
  ~AioContext() { syscall(SYS_io_destroy, context_); }

  operator aio_context_t() const { return context_; }  // NOLINT(google-explicit-constructor)

 private:
  aio_context_t context_ = 0;
};

long enter(const IoUring& ring, unsigned to_submit, unsigned flags) {
  return syscall(SYS_io_uring_enter, ring.fd(), to_submit, 1, IORING_ENTER_GETEVENTS | flags,
                 nullptr, 0);
}

}  // namespace

void call_writev(Trace& trace, int fd, size_t length) {
  const iovec piece{.iov_base = &byte, .iov_len = length};
  trace.call("writev", std::to_string(length), [&] { return writev(fd, &piece, 1); });
}

void call_pwritev2(Trace& trace, int fd, int flags, const char* flag_words) {
  const iovec piece{.iov_base = &byte, .iov_len = 1};
  // Not libc's function: where the kernel lacks the call that one does a writev instead.
  trace.call("pwritev2", std::string("1, offset -1, ") + flag_words,
             [&] { return syscall(SYS_pwritev2, fd, &piece, 1, -1L, -1L, flags); });
}

void call_sendfile(Trace& trace, int fd) {
  constexpr size_t length = 4096;
  const Fd file = file_to_send(length);
  trace.call("sendfile", std::to_string(length),
             [&] { return sendfile(fd, file, nullptr, length); });
}

Json completion_json(long result) {
  return result < 0 ? returned_json(-1, static_cast<int>(-result)) : returned_json(result, 0);
}

void call_aio(Trace& trace, int fd, int rw_flags, const char* flag_words) {
  const AioContext context;
  iocb write_one{};
  write_one.aio_lio_opcode = IOCB_CMD_PWRITE;
  write_one.aio_fildes = static_cast<__u32>(fd);
  write_one.aio_buf = reinterpret_cast<__u64>(&byte);
  write_one.aio_nbytes = 1;
  write_one.aio_rw_flags = rw_flags;
  std::array<iocb*, 1> requests{&write_one};
  const aio_context_t id = context;

  const Trace::Step step =
      trace.begin("io_submit", "io_submit", std::string("IOCB_CMD_PWRITE, 1") + flag_words);
  const long returned = syscall(SYS_io_submit, id, 1, requests.data());
  Json seen = returned_json(returned, errno);
  if (returned == 1) {
    io_event event{};
    must("io_getevents", syscall(SYS_io_getevents, id, 1, 1, &event, nullptr));
    seen.set("completion", completion_json(static_cast<long>(event.res)));
  }
  trace.end(step, seen);
}

io_uring_sqe io_uring_entry(unsigned char operation, int fd) {
  io_uring_sqe entry{};
  entry.opcode = operation;
  entry.fd = fd;
  entry.addr = reinterpret_cast<__u64>(&byte);
  entry.len = 1;
  return entry;
}

// What completes inline, and with which signals, is seen when the call is back; what a worker
// does, when its completion has come.
int await_completion(IoUring& ring, unsigned flags) {
  std::optional<int> completion;
  while (!(completion = ring.completion())) {
    if (enter(ring, 0, flags) < 0 && errno != EINTR) {
      throw Broken("waiting for an io_uring's completion: " + errno_name(errno));
    }
  }
  return *completion;
}

void submit(Trace& trace, IoUring& ring, const io_uring_sqe& entry, const std::string& args) {
  ring.queue(entry);
  const Trace::Step step = trace.begin("io_uring", "io_uring_enter", args);
  const long returned = enter(ring, 1, 0);
  Json seen = returned_json(returned, errno);
  if (returned == 1) seen.set("completion", completion_json(await_completion(ring, 0)));
  trace.end(step, seen);
}

void call_io_uring_write(Trace& trace, int fd, unsigned char entry_flags, const std::string& args,
                         int rw_flags) {
  IoUring ring;
  ring.require(IORING_OP_WRITE, "IORING_OP_WRITE");
  io_uring_sqe entry = io_uring_entry(IORING_OP_WRITE, fd);
  entry.flags = entry_flags;
  entry.rw_flags = rw_flags;
  submit(trace, ring, entry, args);
}

}  // namespace probe
