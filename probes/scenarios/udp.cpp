#include <sys/sendfile.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/file_calls.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "UDP. What Linux 3.16 answers follows from a few rules:",
    {("A socket that has shut down its sending side gets no memory for a datagram: EPIPE, without "
      "SIGPIPE (net/ipv4/ip_output.c:__ip_append_data, net/core/sock.c:sock_alloc_send_pskb)."),
     "What is appended to a corked datagram that has room needs no memory, and so goes out.",
     ("shutdown(2) of a socket without a peer shuts it down and returns ENOTCONN all the same "
      "(net/ipv4/af_inet.c:inet_shutdown); nothing ever undoes it."),
     "Without a destination a send is EDESTADDRREQ before all that (net/ipv4/udp.c:udp_sendmsg).",
     ("What a peer shuts down it keeps to itself; a port that nobody has comes back as an ICMP "
      "error, and is reported by the next call (net/ipv4/udp.c:__udp4_lib_err).")}};

constexpr const char* udp_sendmsg = "net/ipv4/udp.c:udp_sendmsg";
constexpr const char* append_data = "net/ipv4/ip_output.c:__ip_append_data";
constexpr const char* alloc_send = "net/core/sock.c:sock_alloc_send_pskb";
constexpr const char* inet_shutdown = "net/ipv4/af_inet.c:inet_shutdown";

char byte = 'x';

Fd udp_socket(Over over = Over::ipv4) {
  const int family = over == Over::ipv4 ? AF_INET : AF_INET6;
  return Fd(must("socket(SOCK_DGRAM)", socket(family, SOCK_DGRAM, 0)));
}

Fd bound_udp_socket(Over over = Over::ipv4) {
  Fd fd = udp_socket(over);
  const Address any_port = loopback(over);
  must("bind", bind(fd, any_port.data(), any_port.length));
  return fd;
}

void must_connect(const Fd& fd, const Address& to) {
  must("connect", connect(fd, to.data(), to.length));
}

// Two sockets, each connected to the other.
Pair udp_pair() {
  Fd a = bound_udp_socket();
  Fd b = bound_udp_socket();
  must_connect(a, local_address(b));
  must_connect(b, local_address(a));
  return {std::move(a), std::move(b)};
}

void call_sendto(Trace& trace, const Fd& fd, const Address& to) {
  trace.call("sendto", "1, address", [&] { return sendto(fd, &byte, 1, 0, to.data(), to.length); });
}

void connected_shut_wr(Trace& trace) {
  const Pair pair = udp_pair();
  trace.send(pair.a);
  trace.shutdown(pair.a, SHUT_WR);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a, 0);
  trace.write(pair.a);
  call_sendto(trace, pair.a, local_address(pair.b));
  call_sendfile(trace, pair.a);
  trace.send(pair.a, 1, MSG_MORE);
}
const Register connected_shut_wr_entry{{
    .id = "udp/udp-connected-shut-wr",
    .asks = "What does each way to send get on a connected UDP socket after its own SHUT_WR?",
    .grounds = {inet_shutdown, udp_sendmsg, append_data, alloc_send, "net/ipv4/udp.c:udp_sendpage"},
    .run = connected_shut_wr,
}};

void shut_unconnected(Trace& trace, Over over) {
  const Fd peer = bound_udp_socket(over);
  const Fd fd = udp_socket(over);
  trace.shutdown(fd, SHUT_WR);
  call_sendto(trace, fd, local_address(peer));
  if (over == Over::ipv4) trace.send(fd);
}
const Register unconnected_shut_wr_entry{{
    .id = "udp/udp-unconnected-shut-wr",
    .asks = "shutdown(2) of an unconnected UDP socket fails: does it shut down nevertheless?",
    .grounds = {inet_shutdown, udp_sendmsg, append_data, alloc_send},
    .run = [](Trace& trace) { shut_unconnected(trace, Over::ipv4); },
}};
const Register unconnected_shut_wr_ipv6_entry{{
    .id = "udp/udp6-shut-wr",
    .asks = "shutdown(2) of an unconnected UDP socket over IPv6 fails: does it shut down "
            "nevertheless?",
    .grounds = {inet_shutdown, "net/ipv6/udp.c:udpv6_sendmsg",
                "net/ipv6/ip6_output.c:ip6_append_data", alloc_send},
    .needs = {"ipv6"},
    .run = [](Trace& trace) { shut_unconnected(trace, Over::ipv6); },
}};

void survives_reconnect(Trace& trace) {
  const Pair pair = udp_pair();
  const Address to = local_address(pair.b);
  must("shutdown", shutdown(pair.a, SHUT_WR));
  trace.disconnect(pair.a);
  call_sendto(trace, pair.a, to);
  trace.call("connect", "address", [&] { return connect(pair.a, to.data(), to.length); });
  trace.send(pair.a);
}
const Register survives_reconnect_entry{{
    .id = "udp/udp-shut-wr-survives-reconnect",
    .asks = "Can a UDP socket send again after SHUT_WR when it is connected anew?",
    .grounds = {"net/ipv4/udp.c:udp_disconnect", "net/ipv4/datagram.c:ip4_datagram_connect",
                alloc_send},
    .run = survives_reconnect,
}};

void corked(Trace& trace) {
  const Pair pair = udp_pair();
  trace.send(pair.a, 1, MSG_MORE);
  must("shutdown", shutdown(pair.a, SHUT_WR));
  trace.send(pair.a, 1, MSG_MORE);
  trace.send(pair.a);
  settle();
  trace.on("peer").recv(pair.b, 100, MSG_DONTWAIT);
}
const Register corked_entry{{
    .id = "udp/udp-corked-then-shut-wr",
    .asks = "Does SHUT_WR stop a datagram that was begun with MSG_MORE?",
    .grounds = {udp_sendmsg, append_data},
    .run = corked,
}};

void peer_shut_rd(Trace& trace) {
  const Pair pair = udp_pair();
  must("shutdown", shutdown(pair.b, SHUT_RD));
  trace.send(pair.a);
  settle();
  trace.on("peer").recv(pair.b, 100, MSG_DONTWAIT);
}
const Register peer_shut_rd_entry{{
    .id = "udp/udp-peer-shut-rd",
    .asks = "Does a sender notice that its peer has shut down its receiving side?",
    .grounds = {udp_sendmsg, "net/core/datagram.c:__skb_recv_datagram"},
    .run = peer_shut_rd,
}};

void port_unreachable(Trace& trace) {
  const Fd fd = udp_socket();
  Fd peer = bound_udp_socket();
  must_connect(fd, local_address(peer));
  peer.close();
  trace.send(fd);
  settle();
  trace.send(fd);
  settle();
  trace.send(fd);
}
const Register port_unreachable_entry{{
    .id = "udp/udp-port-unreachable",
    .asks = "What does a sender get for a port that nobody has, send by send?",
    .grounds = {"net/ipv4/udp.c:__udp4_lib_err", alloc_send},
    .run = port_unreachable,
}};

}  // namespace
}  // namespace probe
