#include <fcntl.h>

#include <cerrno>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/entry_point.h"

namespace probe {
namespace {

const Story story{
    "Every way to write to a socket, in every state in which a write may fail. The answers follow "
    "from three gates of Linux 3.16, which every entry point passes in this order "
    "(net/ipv4/tcp.c:tcp_sendmsg, :do_tcp_sendpages; net/core/stream.c):",
    {("Neither ESTABLISHED nor CLOSE_WAIT: sk_stream_wait_connect() gives the pending error, else "
      "EPIPE."),
     "A pending error, or our own shutdown: EPIPE, even if there is nothing to send.",
     ("sk_stream_error() turns that EPIPE into the pending error, and consumes it. SIGPIPE is "
      "raised only where EPIPE is left, and only without MSG_NOSIGNAL.")},
    ("What a RST leaves pending depends on the state that it finds "
     "(net/ipv4/tcp_input.c:tcp_reset): ECONNREFUSED in SYN_SENT, EPIPE in CLOSE_WAIT, otherwise "
     "ECONNRESET.")};

struct State {
  std::string name;
  std::string words;  ///< "on a socket that ..."
  std::vector<std::string> grounds;
  /// `a` is the socket to write to; `b`, where there is one, its peer.
  Pair (*make)(const Prepare& prepare);
};

Fd fresh_socket(const Prepare& prepare) {
  Fd fd = tcp_socket();
  if (prepare) prepare(fd);
  return fd;
}

Pair never_connected(const Prepare& prepare) {
  return {fresh_socket(prepare), Fd()};
}

Pair local_shut_wr(const Prepare& prepare) {
  Pair ends = tcp_pair(Over::ipv4, prepare);
  must("shutdown", shutdown(ends.a, SHUT_WR));
  return ends;
}

Pair close_wait(const Prepare& prepare) {
  Pair ends = tcp_pair(Over::ipv4, prepare);
  ends.b.close();
  settle();
  await_state(ends.a, "CLOSE_WAIT");
  return ends;
}

Pair close_wait_rst(const Prepare& prepare) {
  Pair ends = close_wait(prepare);
  must_send(ends.a, 1);  // to a socket that is gone
  settle();
  await_state(ends.a, "CLOSE");
  return ends;
}

Pair established_rst(const Prepare& prepare) {
  Pair ends = tcp_pair(Over::ipv4, prepare);
  abortive_close(ends.b);
  settle();
  await_state(ends.a, "CLOSE");
  return ends;
}

Pair error_consumed(const Prepare& prepare) {
  Pair ends = established_rst(prepare);
  int error = 0;
  socklen_t size = sizeof error;
  must("getsockopt(SO_ERROR)", getsockopt(ends.a, SOL_SOCKET, SO_ERROR, &error, &size));
  return ends;
}

Pair listening(const Prepare& prepare) {
  return {tcp_listener(Over::ipv4, 16, prepare).fd, Fd()};
}

Pair syn_sent_refused(const Prepare& prepare) {
  Fd fd = fresh_socket(prepare);
  const ClosedPort nobody = closed_port();
  must("fcntl(O_NONBLOCK)", fcntl(fd, F_SETFL, O_NONBLOCK));
  if (connect(fd, nobody.address.data(), nobody.address.length) == 0 || errno != EINPROGRESS) {
    throw Broken("connect did not start");
  }
  settle();
  await_state(fd, "CLOSE");
  return {std::move(fd), Fd()};
}

Pair disconnected(const Prepare& prepare) {
  Pair ends = tcp_pair(Over::ipv4, prepare);
  Address unspecified;
  unspecified.storage.ss_family = AF_UNSPEC;
  must("connect(AF_UNSPEC)", connect(ends.a, unspecified.data(), sizeof unspecified.storage));
  return ends;
}

const std::string wait_connect = "net/core/stream.c:sk_stream_wait_connect";
const std::string stream_error = "net/core/stream.c:sk_stream_error";
const std::string tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";

const std::vector<State> states{
    {"never-connected", "has never been connected", {wait_connect, stream_error}, never_connected},
    {"local-shut-wr",
     "has shut down its own sending side",
     {"net/ipv4/tcp.c:tcp_shutdown", wait_connect, stream_error},
     local_shut_wr},
    {"close-wait-rst",
     "was closed by its peer, sent, and got a RST for it",
     {tcp_reset, stream_error},
     close_wait_rst},
    {"established-rst", "got a RST while established", {tcp_reset, stream_error}, established_rst},
    {"error-consumed",
     "got a RST while established and has reported it already",
     {tcp_reset, wait_connect, stream_error},
     error_consumed},
    {"listening", "listens", {wait_connect, stream_error}, listening},
    {"syn-sent-refused",
     "was refused by the port that it was connecting to",
     {"net/ipv4/tcp_input.c:tcp_rcv_synsent_state_process", tcp_reset, stream_error},
     syn_sent_refused},
    {"disconnected",
     "was established and then dissolved by connect(AF_UNSPEC)",
     {"net/ipv4/tcp.c:tcp_disconnect", wait_connect, stream_error},
     disconnected},
    {"close-wait",
     "was closed by its peer and has not sent since",
     {tcp_reset, stream_error},
     close_wait},
};

void write_twice_and_look(Trace& trace, const State& state, const EntryPoint& entry, int flags) {
  const Pair ends = state.make(entry.prepare);
  settle();
  entry.call(trace, ends.a, flags);
  settle();
  trace.send(ends.a);
  settle();
  trace.poll(ends.a);
  trace.so_error(ends.a);
}

Scenario cell(const State& state, const EntryPoint& entry, int flags) {
  const bool nosignal = flags == MSG_NOSIGNAL;
  std::vector<std::string> grounds = entry.grounds;
  grounds.insert(grounds.end(), state.grounds.begin(), state.grounds.end());
  return {.id = "entry/" + state.name + "/" + entry.name + (nosignal ? "+nosignal" : ""),
          .asks = "What does " + entry.words + (nosignal ? ", under MSG_NOSIGNAL," : "") +
                  " get on a TCP socket that " + state.words +
                  ", and what do the next send, poll and SO_ERROR find?",
          .grounds = grounds,
          .needs = entry.needs,
          .last = entry.last,
          .run = [&state, &entry, flags](Trace& trace) {
            write_twice_and_look(trace, state, entry, flags);
          }};
}

std::vector<Scenario> matrix() {
  std::vector<Scenario> cells;
  for (const State& state : states) {
    for (const EntryPoint& entry : entry_points()) {
      cells.push_back(cell(state, entry, 0));
      if (entry.takes_flags) cells.push_back(cell(state, entry, MSG_NOSIGNAL));
    }
  }
  return cells;
}

const Register registered(matrix());

}  // namespace
}  // namespace probe
