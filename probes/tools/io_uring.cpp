#include "probes/tools/io_uring.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>

#include "probes/base/must.h"

namespace probe {
namespace {

io_uring_params parameters(unsigned flags) {
  io_uring_params params{};
  params.flags = flags;
  if ((flags & IORING_SETUP_SQPOLL) != 0) {
    params.flags |= IORING_SETUP_SQ_AFF;
    params.sq_thread_cpu = static_cast<unsigned>(must("sched_getcpu", sched_getcpu()));
    params.sq_thread_idle = 1;  // ms: it polls on the only CPU that we have
  }
  return params;
}

int set_up(io_uring_params& params) {
  const long fd = syscall(SYS_io_uring_setup, 1, &params);
  if (fd < 0) {
    throw Unsupported("io_uring_setup: " + errno_name(errno), "io_uring",
                      errno == ENOSYS ? errno_name(errno) : "");
  }
  return static_cast<int>(fd);
}

}  // namespace

IoUring::Mapping::Mapping(int fd, size_t size, off_t offset)
    : memory_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset)),
      size_(size) {
  if (memory_ == MAP_FAILED) throw Broken("mapping an io_uring: " + errno_name(errno));
}

IoUring::Mapping::~Mapping() {
  munmap(memory_, size_);
}

IoUring::IoUring(unsigned flags)
    : params_(parameters(flags)),
      fd_(set_up(params_)),
      submissions_(fd_, params_.sq_off.array + params_.sq_entries * sizeof(unsigned),
                   IORING_OFF_SQ_RING),
      entries_(fd_, params_.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES),
      completions_(fd_, params_.cq_off.cqes + params_.cq_entries * sizeof(io_uring_cqe),
                   IORING_OFF_CQ_RING) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<size_t>(must("sched_getcpu", sched_getcpu())), &here);
  // Since Linux 5.14; before it, workers run on any CPU, and only a machine with one is exact.
  syscall(SYS_io_uring_register, static_cast<int>(fd_), IORING_REGISTER_IOWQ_AFF, &here,
          sizeof here);
}

void IoUring::require(unsigned char operation, const char* name) const {
  constexpr size_t asked = 256;
  alignas(io_uring_probe)
      std::array<char, sizeof(io_uring_probe) + asked * sizeof(io_uring_probe_op)>
          memory{};
  auto* answer = reinterpret_cast<io_uring_probe*>(memory.data());
  if (syscall(SYS_io_uring_register, static_cast<int>(fd_), IORING_REGISTER_PROBE, answer, asked) <
      0) {
    // Before 5.6 it is no operation of io_uring_register(2).
    throw Unsupported("no io_uring that says which operations it has: " + errno_name(errno),
                      "io_uring", errno == EINVAL ? errno_name(errno) : "");
  }
  if ((answer->ops[operation].flags & IO_URING_OP_SUPPORTED) == 0) {
    throw Unsupported(std::string("no ") + name + ": this io_uring does not know it", "io_uring",
                      "IORING_REGISTER_PROBE");
  }
}

void IoUring::register_file(int file) const {
  must("io_uring_register(IORING_REGISTER_FILES)",
       syscall(SYS_io_uring_register, static_cast<int>(fd_), IORING_REGISTER_FILES, &file, 1));
}

void IoUring::queue(const io_uring_sqe& entry) {
  *entries_.at<io_uring_sqe>(0) = entry;
  *submissions_.at<unsigned>(params_.sq_off.array) = 0;
  std::atomic_ref(*submissions_.at<unsigned>(params_.sq_off.tail))
      .fetch_add(1, std::memory_order_release);
}

std::optional<int> IoUring::completion() {
  const std::atomic_ref head(*completions_.at<unsigned>(params_.cq_off.head));
  const std::atomic_ref tail(*completions_.at<unsigned>(params_.cq_off.tail));
  const unsigned next = head.load(std::memory_order_relaxed);
  if (next == tail.load(std::memory_order_acquire)) return std::nullopt;
  const size_t index = next & *completions_.at<unsigned>(params_.cq_off.ring_mask);
  const int result = completions_.at<io_uring_cqe>(params_.cq_off.cqes)[index].res;
  head.store(next + 1, std::memory_order_release);
  return result;
}

}  // namespace probe
