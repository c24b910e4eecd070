#pragma once

#include "probes/fd.h"
#include "probes/trace.h"

namespace probe {

/// An edge-triggered epoll (EPOLLET) over one descriptor, for POLLIN, POLLPRI, POLLOUT and
/// POLLRDHUP. What is ready from the start has been told already.
class EdgeTriggeredEpoll {
 public:
  explicit EdgeTriggeredEpoll(int watched);

  operator int() const { return epoll_; }  // NOLINT(google-explicit-constructor)

  /// Takes the events that have come since the last look, one epoll_wait(2) after another until
  /// none is left, as one step.
  void look(Trace& trace) const;

 private:
  Fd epoll_;
};

}  // namespace probe
