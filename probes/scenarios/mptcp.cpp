#include <poll.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "MPTCP, which Linux has since 5.6: to 3.16 the protocol is unknown "
    "(net/ipv4/af_inet.c:inet_create). What later kernels answer follows from a few rules "
    "(net/mptcp/protocol.c):",
    {("The connection has its own end of data (DATA_FIN), carried by subflows that stay open: a "
      "peer's close() does not reset what is sent to it, and nothing tells a writer."),
     ("A subflow that is reset, or MP_FASTCLOSE, ends the connection; sends then go the way of "
      "TCP's (mptcp_sendmsg: sk_stream_error)."),
     "Much of this is done by a kernel thread, so that it has to be waited for."}};

constexpr const char* inet_create = "net/ipv4/af_inet.c:inet_create";
constexpr int ipproto_mptcp = 262;  // Linux 5.6 include/uapi/linux/in.h

Pair mptcp_pair() {
  return inet_pair(SOCK_STREAM, ipproto_mptcp);
}

void await_close(const Pair& pair) {
  await_events(pair.a, POLLRDHUP | POLLHUP);
  settle();
}

void peer_closed(Trace& trace) {
  Pair pair = mptcp_pair();
  pair.b.close();
  await_close(pair);
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.so_error(pair.a);
}
const Register peer_closed_entry{{
    .id = "mptcp/mptcp-peer-closed",
    .asks = "What does a writer get over MPTCP whose peer has closed?",
    .grounds = {inet_create},
    .needs = {"mptcp"},
    .run = peer_closed,
}};

void look_after(Trace& trace, const Pair& pair) {
  await_close(pair);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a, 100, MSG_DONTWAIT);
}

void peer_linger0(Trace& trace) {
  Pair pair = mptcp_pair();
  abortive_close(pair.b);
  look_after(trace, pair);
}
const Register peer_linger0_entry{{
    .id = "mptcp/mptcp-peer-linger0",
    .asks = "Does SO_LINGER {1, 0} make an MPTCP socket reset its connection when it closes?",
    .grounds = {inet_create},
    .needs = {"mptcp"},
    .run = peer_linger0,
}};

void peer_closed_unread(Trace& trace) {
  Pair pair = mptcp_pair();
  must_send(pair.a, 5);
  await_events(pair.b, POLLIN);
  pair.b.close();
  look_after(trace, pair);
}
const Register peer_closed_unread_entry{{
    .id = "mptcp/mptcp-peer-closed-unread",
    .asks = "What does a writer get over MPTCP whose peer has closed with data unread?",
    .grounds = {inet_create},
    .needs = {"mptcp"},
    .run = peer_closed_unread,
}};

void shut_wr(Trace& trace) {
  const Pair pair = mptcp_pair();
  must("shutdown", shutdown(pair.a, SHUT_WR));
  trace.send(pair.a);
  trace.send(pair.a);
  trace.poll(pair.a);
}
const Register shut_wr_entry{{
    .id = "mptcp/mptcp-shut-wr",
    .asks = "What does send get over MPTCP after our own SHUT_WR?",
    .grounds = {inet_create},
    .needs = {"mptcp"},
    .run = shut_wr,
}};

void never_connected(Trace& trace) {
  const Fd fd = inet_socket(SOCK_STREAM, ipproto_mptcp);
  trace.send(fd);
  trace.recv(fd, 100, MSG_DONTWAIT);
  trace.poll(fd);
}
const Register never_connected_entry{{
    .id = "mptcp/mptcp-never-connected",
    .asks = "What do send and recv get on an MPTCP socket that was never connected?",
    .grounds = {inet_create},
    .needs = {"mptcp"},
    .run = never_connected,
}};

}  // namespace
}  // namespace probe
