#include <fcntl.h>
#include <linux/tipc.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "TIPC. What Linux 3.16 answers follows from a few rules:",
    {("A stream socket without a connection is ENOTCONN for a sender, a broken one EPIPE; nobody "
      "raises SIGPIPE (net/tipc/socket.c:tipc_send_stream, :tipc_sendmsg)."),
     ("Connections are shut down as a whole: only SHUT_RDWR is known "
      "(net/tipc/socket.c:tipc_shutdown)."),
     "A server answers a client's request when it accepts, so connect(2) waits for accept(2)."}};

constexpr const char* send_stream = "net/tipc/socket.c:tipc_send_stream";
constexpr unsigned service_type = 4711;

Fd tipc_socket(int type = SOCK_STREAM) {
  return Fd(must("socket(AF_TIPC)", socket(AF_TIPC, type, 0)));
}

Address service(unsigned char address_type) {
  sockaddr_tipc tipc{};
  tipc.family = AF_TIPC;
  tipc.addrtype = address_type;
  tipc.scope = TIPC_NODE_SCOPE;
  if (address_type == TIPC_ADDR_NAMESEQ) {
    tipc.addr.nameseq = {.type = service_type, .lower = 1, .upper = 1};
  } else {
    tipc.addr.name.name = {.type = service_type, .instance = 1};
  }
  Address address;
  std::memcpy(&address.storage, &tipc, sizeof tipc);
  address.length = sizeof tipc;
  return address;
}

Fd tipc_listener(int type = SOCK_STREAM) {
  Fd listener = tipc_socket(type);
  const Address own = service(TIPC_ADDR_NAMESEQ);
  must("bind", bind(listener, own.data(), own.length));
  must("listen", listen(listener, 1));
  return listener;
}

Pair tipc_pair(int type = SOCK_STREAM) {
  const Fd listener = tipc_listener(type);
  Fd a = tipc_socket(type | SOCK_NONBLOCK);
  const Address to = service(TIPC_ADDR_NAME);
  if (connect(a, to.data(), to.length) < 0 && errno != EINPROGRESS) {
    throw Broken("connect: " + errno_name(errno));
  }
  Fd b(must("accept", accept(listener, nullptr, nullptr)));
  await_events(a, POLLOUT);
  must("fcntl(F_SETFL)", fcntl(a, F_SETFL, 0));
  return {std::move(a), std::move(b)};
}

void peer_closed(Trace& trace) {
  const Fd unconnected = tipc_socket();
  trace.send(unconnected);
  Pair pair = tipc_pair();
  pair.b.close();
  await_events(pair.a, POLLHUP | POLLRDHUP);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a, 100, MSG_DONTWAIT);
}
const Register peer_closed_entry{{
    .id = "tipc/tipc-peer-closed",
    .asks = "What does a TIPC stream get that has no connection, and one whose peer has closed?",
    .grounds = {send_stream, "net/tipc/socket.c:tipc_recv_stream"},
    .needs = {"tipc"},
    .own_network = true,
    .run = peer_closed,
}};

void stream_shut_rdwr(Trace& trace) {
  const Pair pair = tipc_pair();
  trace.shutdown(pair.a, SHUT_RDWR);
  trace.send(pair.a);
}
const Register stream_shut_rdwr_entry{{
    .id = "tipc/tipc-stream-shut-rdwr",
    .asks = "What does a TIPC stream get that has shut itself down?",
    .grounds = {"net/tipc/socket.c:tipc_shutdown", send_stream},
    .needs = {"tipc"},
    .own_network = true,
    .run = stream_shut_rdwr,
}};

void seqpacket_shut_rdwr(Trace& trace) {
  const Pair pair = tipc_pair(SOCK_SEQPACKET);
  trace.shutdown(pair.a, SHUT_RDWR);
  trace.send(pair.a);
}
const Register seqpacket_shut_rdwr_entry{{
    .id = "tipc/tipc-seqpacket-shut-rdwr",
    .asks = "What does a TIPC seqpacket socket get that has shut itself down?",
    .grounds = {"net/tipc/socket.c:tipc_shutdown", "net/tipc/socket.c:tipc_send_packet"},
    .needs = {"tipc"},
    .own_network = true,
    .run = seqpacket_shut_rdwr,
}};

void listening_sendto(Trace& trace) {
  const Fd listener = tipc_listener(SOCK_SEQPACKET);
  const Address to = service(TIPC_ADDR_NAME);
  trace.call("sendto", "1, the service",
             [&] { return sendto(listener, "x", 1, 0, to.data(), to.length); });
}
const Register listening_sendto_entry{{
    .id = "tipc/tipc-listening-sendto",
    .asks = "Can a TIPC seqpacket socket that listens send to somebody?",
    .grounds = {"net/tipc/socket.c:tipc_sendmsg"},
    .needs = {"tipc"},
    .own_network = true,
    .run = listening_sendto,
}};

void blocked_peer_closed(Trace& trace) {
  Pair pair = tipc_pair();
  const std::array<char, 1000> message{};
  fill_with_messages(pair.a, message.size());
  BlockedCall sending(
      trace, "send", "1000", [&] { return send(pair.a, message.data(), message.size(), 0); },
      share_of(message.size()));
  sending.await_blocked();
  pair.b.close();
  sending.join();
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register blocked_peer_closed_entry{{
    .id = "tipc/tipc-stream-blocked-peer-closed",
    .asks = "What does a sender get that waits for its peer to read when the peer closes?",
    .grounds = {"net/tipc/socket.c:tipc_wait_for_sndpkt", send_stream},
    .needs = {"tipc"},
    .own_network = true,
    .run = blocked_peer_closed,
}};

}  // namespace
}  // namespace probe
