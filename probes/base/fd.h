#pragma once

#include <unistd.h>

#include <utility>

/// The one owner of descriptors in the probe.
namespace probe {

/// Owns a file descriptor. Converts to int, so that a call under test reads as it would in C.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }

  operator int() const { return fd_; }  // NOLINT(google-explicit-constructor)

  /// close(2) now, not at the end of the scope: for a peer this is a stimulus.
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  /// Owns it no longer: for a scenario whose close(2) is itself under test.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace probe
