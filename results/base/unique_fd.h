#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace brokenpipe {

/// Owns a file descriptor, or none (-1).
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const { return fd_; }
  /// Closes it now: 0, or the errno of a close that lost data (close(2)).
  int reset() {
    if (fd_ < 0 || close(std::exchange(fd_, -1)) == 0 || errno == EINTR) return 0;
    return errno;
  }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace brokenpipe
