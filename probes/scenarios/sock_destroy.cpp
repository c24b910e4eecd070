#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"
#include "probes/tools/sock_diag.h"

namespace probe {
namespace {

const Story story{
    "SOCK_DESTROY, with which an administrator closes anybody's socket (`ss -K`). Linux 3.16 does "
    "not know it (net/core/sock_diag.c:__sock_diag_rcv_msg). Later kernels abort the connection as "
    "a timeout would (net/ipv4/tcp.c:tcp_abort, since 4.5): ECONNABORTED for the owner, in any "
    "state, and a RST for the peer, who therefore finds ECONNRESET. A listener's waiting "
    "connections are reset as by close(2)."};

constexpr const char* sock_diag_rcv_msg = "net/core/sock_diag.c:__sock_diag_rcv_msg";

void destroy(Trace& trace, const Fd& fd) {
  trace.call("destroy", "SOCK_DESTROY", [&] { return sock_destroy(fd); });
  settle();
}

void established(Trace& trace) {
  const Pair pair = tcp_pair();
  destroy(trace, pair.a);
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
  Trace peer = trace.on("peer");
  peer.poll(pair.b);
  peer.send(pair.b);
  peer.send(pair.b);
}
const Register established_entry{{
    .id = "sock-destroy/sock-destroy-established",
    .asks = "What do the two ends of a connection see that an administrator destroys?",
    .grounds = {sock_diag_rcv_msg},
    .needs = {"sock_destroy"},
    .run = established,
}};

void close_wait(Trace& trace) {
  Pair pair = tcp_pair();
  pair.b.close();
  await_state(pair.a, "CLOSE_WAIT");
  destroy(trace, pair.a);
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register close_wait_entry{{
    .id = "sock-destroy/sock-destroy-close-wait",
    .asks = "What does a socket see that its peer closed and an administrator destroys?",
    .grounds = {sock_diag_rcv_msg},
    .needs = {"sock_destroy"},
    .run = close_wait,
}};

void listening(Trace& trace) {
  const Listener listener = tcp_listener();
  const Fd client = tcp_socket();
  must("connect", connect(client, listener.address.data(), listener.address.length));
  settle();
  destroy(trace, listener.fd);
  trace.state(listener.fd);
  trace.poll(listener.fd);
  Trace other = trace.on("client");
  other.poll(client);
  other.send(client);
}
const Register listening_entry{{
    .id = "sock-destroy/sock-destroy-listen",
    .asks = "What does a client see that nobody has accepted when the listener is destroyed?",
    .grounds = {sock_diag_rcv_msg},
    .needs = {"sock_destroy"},
    .run = listening,
}};

}  // namespace
}  // namespace probe
