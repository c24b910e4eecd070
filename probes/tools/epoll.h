#pragma once

#include "probes/base/fd.h"
#include "probes/frame/trace.h"

/// How epoll(7) tells of a descriptor.
namespace probe {

/// An edge-triggered epoll (EPOLLET) over one descriptor, for POLLIN, POLLPRI, POLLOUT and
/// POLLRDHUP. What is ready from the start has been told already.
class EdgeTriggeredEpoll {
 public:
  explicit EdgeTriggeredEpoll(int watched);

  operator int() const { return epoll_; }  // NOLINT(google-explicit-constructor)

  /// The events that have come since the last look, taken by one epoll_wait(2) after another until
  /// none is left; the first waits for `timeout` ms, -1 for ever. `{"events":[["POLLIN"]]}`.
  Json take(int timeout) const;

  /// Those that are there, as a step.
  void look(Trace& trace) const;

 private:
  Fd epoll_;
};

}  // namespace probe
