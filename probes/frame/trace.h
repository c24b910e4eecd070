#pragma once

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/base/json.h"

/// The record of one scenario: its steps in order.
///
/// A trace lies in memory shared with the runner, so that it survives whatever becomes of the
/// scenario's process, and noting a step touches no socket: nothing between two calls under test
/// disturbs what they find. Forked children and threads of a scenario may write to it too, one at a
/// time.
namespace probe {

struct TraceBuffer;

/// Makes this process note the signals that are about broken connections (SIGPIPE) instead of
/// dying of them. For the runner: in a scenario's process, before it runs.
void install_signal_recorder();

/// SIGPIPE as a handler, sigtimedwait(2) or a signalfd saw it, in words:
/// `{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}`.
Json signal_json(const siginfo_t& info);

/// For Trace::call(): instead of a count that depends on buffers, `full` if it is `total`, `none`
/// if it is 0, else `partial`.
std::function<std::string(long)> share_of(long total);

/// From now on the steps of this process, and of those that it forks, stand out in what a tracer
/// such as strace(1) prints: a write(2) to the descriptor -1, of `begin STEP` or `end STEP`, before
/// and after each. It fails with EBADF before anything is looked at (fs/read_write.c: write(2)).
void mark_steps();

/// What a call returned, as a step tells it: `{"returned":-1,"errno":"EPIPE"}`; `word`, unless
/// empty, in place of a number.
Json returned_json(long returned, int error, const std::string& word = {});

/// The names of the events of poll(2), which are those of epoll(7) too, in a fixed order.
std::vector<std::string> event_names(uint32_t events);

class Trace {
 public:
  /// A step that has begun.
  struct Step {
    size_t slot = 0;
  };

  explicit Trace(TraceBuffer& buffer) : buffer_(&buffer) {}

  /// The same trace, its steps marked as another party's: `trace.on("peer").send(b)`.
  Trace on(std::string who) const;

  /// Makes a call under test and notes it: what it returned, errno, and the signals that this
  /// thread got during it. `invoke` holds the naked call and nothing else. Returns what it
  /// returned, for the scenario's own use, with errno as the call left it.
  template <class Call>
  long call(std::string_view name, std::string_view args, Call&& invoke) {
    const Step step = begin(name, name, args);
    errno = 0;
    const long returned = invoke();
    end_call(step, returned, errno);
    return returned;
  }

  /// As call(), where success is a number that says nothing (a descriptor, a count that depends
  /// on buffers): `word(returned)` stands in its place.
  template <class Call, class Word>
  long call(std::string_view name, std::string_view args, Call&& invoke, Word&& word) {
    const Step step = begin(name, name, args);
    errno = 0;
    const long returned = invoke();
    end_call(step, returned, errno, returned < 0 ? std::string() : std::string(word(returned)));
    return returned;
  }

  /// Notes something looked at that is no plain call: `seen` is the whole observation.
  void look(std::string_view label, std::string_view name, std::string_view args, Json seen);

  /// A call whose result comes by another way than its return value (AIO, io_uring). begin()
  /// before it, so that a caller who does not come back has left a trace; end() with what was
  /// seen. The signals that this thread got between the two are added.
  Step begin(std::string_view label, std::string_view name, std::string_view args);
  void end(Step step, Json seen);

  // The calls that nearly every scenario makes. `fd` is the socket or pipe under test.
  long send(int fd, size_t length = 1, int flags = 0);
  long recv(int fd, size_t length = 100, int flags = 0);
  long write(int fd, size_t length = 1);
  long read(int fd, size_t length = 100);
  long shutdown(int fd, int how);
  /// connect(2) with AF_UNSPEC: dissolves the association (net/ipv4/tcp.c:tcp_disconnect).
  long disconnect(int fd);
  long accept(int listener);

  // What may look on between the steps of a row: neither consumes a pending error.
  /// poll(2) with timeout 0 for POLLIN, POLLPRI, POLLOUT and POLLRDHUP.
  void poll(int fd);
  /// tcpi_state of TCP_INFO, by name.
  void state(int fd);

  /// How a child ended, by the wait status that waitpid(2) gave of it. Broken if that was not the
  /// kernel's doing.
  void ended(int wait_status);

  /// getsockopt(SO_ERROR). Consumes the pending error (include/net/sock.h:sock_error).
  void so_error(int fd);

  /// For the runner, after the last step. A signal that came to this thread outside of any step
  /// becomes a step of its own, `signals`, as it does where a step begins: none is lost.
  void note_stray_signals();

 private:
  Step open(std::string_view label, std::string_view name, std::string_view args);
  void end_call(Step step, long returned, int error, const std::string& word = {});

  TraceBuffer* buffer_;
  std::string who_;
};

}  // namespace probe
