#include <fcntl.h>
#include <linux/tipc.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "probes/must.h"
#include "probes/net.h"
#include "probes/scenario.h"

// TIPC. What Linux 3.16 answers follows from a few rules:
//  - A stream socket without a connection is ENOTCONN for a sender, a broken one EPIPE; nobody
//    raises SIGPIPE (net/tipc/socket.c:tipc_send_stream, :tipc_sendmsg).
//  - Connections are shut down as a whole: only SHUT_RDWR is known (net/tipc/socket.c:
//    tipc_shutdown).
//  - A server answers a client's request when it accepts, so connect(2) waits for accept(2).
namespace probe {
namespace {

constexpr const char* send_stream = "net/tipc/socket.c:tipc_send_stream";
constexpr unsigned service_type = 4711;

Fd tipc_socket(int flags = 0) {
  return Fd(must("socket(AF_TIPC)", socket(AF_TIPC, SOCK_STREAM | flags, 0)));
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

Pair tipc_pair() {
  const Fd listener = tipc_socket();
  const Address own = service(TIPC_ADDR_NAMESEQ);
  must("bind", bind(listener, own.data(), own.length));
  must("listen", listen(listener, 1));
  Fd a = tipc_socket(SOCK_NONBLOCK);
  const Address to = service(TIPC_ADDR_NAME);
  if (connect(a, to.data(), to.length) < 0 && errno != EINPROGRESS) {
    throw Broken("connect: " + errno_name(errno));
  }
  Fd b(must("accept", accept(listener, nullptr, nullptr)));
  await_events(a, POLLOUT);
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
  trace.recv(pair.a);
}
const Register peer_closed_entry{{
    .id = "tipc/tipc-peer-closed",
    .asks = "What does a TIPC stream get that has no connection, and one whose peer has closed?",
    .grounds = {send_stream, "net/tipc/socket.c:tipc_recv_stream"},
    .needs = {"tipc"},
    .run = peer_closed,
}};

void shut_wr(Trace& trace) {
  const Pair pair = tipc_pair();
  trace.shutdown(pair.a, SHUT_RDWR);
  trace.send(pair.a);
}
const Register shut_wr_entry{{
    .id = "tipc/tipc-shut-wr",
    .asks = "What does a TIPC stream get that has shut itself down?",
    .grounds = {"net/tipc/socket.c:tipc_shutdown", send_stream},
    .needs = {"tipc"},
    .run = shut_wr,
}};

}  // namespace
}  // namespace probe
