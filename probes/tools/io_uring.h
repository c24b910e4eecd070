#pragma once

#include <linux/io_uring.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>

#include "probes/base/fd.h"

/// io_uring(7), as far as scenarios need it, without a library.
namespace probe {

/// An io_uring for one operation at a time, by raw system calls: set-up and its two queues. The
/// call under test, io_uring_enter(2), is the caller's own.
class IoUring {
 public:
  /// `flags`: IORING_SETUP_SQPOLL or none. The kernel's threads behind the ring stay on the
  /// caller's CPU where the kernel can do that (settle() in probes/tools/net.h relies on
  /// one CPU). Unsupported where the kernel, or our rights, have no such ring.
  explicit IoUring(unsigned flags = 0);

  int fd() const { return fd_; }

  /// Unsupported unless the kernel knows the operation, IORING_OP_SEND_ZC say.
  void require(unsigned char operation, const char* name) const;

  /// Makes the file known to the ring as number 0 of its own (IOSQE_FIXED_FILE).
  void register_file(int file) const;

  /// Puts an entry on the submission queue. A ring with SQPOLL may take it from there at once.
  void queue(const io_uring_sqe& entry);

  /// Takes the next completion off its queue: a count, or an errno negated.
  std::optional<int> completion();

 private:
  // Pages of the ring.
  class Mapping {
   public:
    Mapping(int fd, size_t size, off_t offset);
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    template <class T>
    T* at(size_t offset) const {
      return reinterpret_cast<T*>(static_cast<char*>(memory_) + offset);
    }

   private:
    void* memory_;
    size_t size_;
  };

  io_uring_params params_;
  Fd fd_;
  Mapping submissions_;
  Mapping entries_;
  Mapping completions_;
};

}  // namespace probe
