#include <netinet/in.h>

#include "probes/frame/scenario.h"
#include "probes/tools/wire.h"

namespace probe {
namespace {

const Story story{
    "ICMP errors about a connection. What Linux 3.16 answers follows from a few rules "
    "(net/ipv4/tcp_ipv4.c:tcp_v4_err, net/ipv6/tcp_ipv6.c:tcp_v6_err):",
    {"In SYN_SENT and SYN_RECV the error ends the connection and is kept in sk_err.",
     "Later it is soft: kept in sk_err_soft, where SO_ERROR finds it and send does not.",
     ("With IP_RECVERR it goes to sk_err of a live connection, which answers one call with it and "
      "goes on. Nothing is put into the error queue.")}};

constexpr const char* tcp_v4_err = "net/ipv4/tcp_ipv4.c:tcp_v4_err";
constexpr const char* tcp_v6_err = "net/ipv6/tcp_ipv6.c:tcp_v6_err";
constexpr const char* tcp_sendmsg = "net/ipv4/tcp.c:tcp_sendmsg";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* wait_connect = "net/core/stream.c:sk_stream_wait_connect";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";
constexpr const char* sock_getsockopt = "net/core/sock.c:sock_getsockopt";

void want_errors(int fd) {
  set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

void syn_sent_unreachable(Trace& trace, Over over, Unreachable what) {
  Peer peer({.over = over});
  const Fd a = peer.connecting();
  peer.unreachable(what);
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}

void syn_sent_port(Trace& trace, Over over) {
  syn_sent_unreachable(trace, over, Unreachable::port);
}
const Register syn_sent_port_entry{scripted_over_both(
    {
        .id = "tcp-wire/syn-sent-icmp-port-unreachable",
        .asks = "ICMP says of our SYN that nobody listens: what do the sends say?",
        .grounds = {tcp_v4_err, tcp_v6_err, wait_connect, sk_stream_error},
        .run = {},
    },
    syn_sent_port)};

void syn_sent_host(Trace& trace) {
  syn_sent_unreachable(trace, Over::ipv4, Unreachable::host);
}
const Register syn_sent_host_entry{scripted({
    .id = "tcp-wire/syn-sent-icmp-host-unreachable",
    .asks = "ICMP says of our SYN that the host cannot be reached: is that tried again?",
    .grounds = {tcp_v4_err, wait_connect, sk_stream_error},
    .run = syn_sent_host,
})};

void syn_sent_recverr(Trace& trace) {
  Peer peer;
  const Fd a = peer.connecting(want_errors);
  peer.unreachable(Unreachable::host);
  trace.state(a);
  trace.poll(a);
  trace.recv(a, 100, MSG_ERRQUEUE);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register syn_sent_recverr_entry{scripted({
    .id = "tcp-wire/syn-sent-icmp-recverr",
    .asks = "With IP_RECVERR, does a refused SYN leave a record in the error queue?",
    .grounds = {tcp_v4_err, tcp_recvmsg, wait_connect, sk_stream_error},
    .run = syn_sent_recverr,
})};

void established_soft(Trace& trace, Over over) {
  Peer peer({.over = over});
  const Fd a = peer.accepted();
  trace.send(a);
  peer.unreachable(Unreachable::host);
  trace.poll(a);
  trace.so_error(a);
  trace.send(a);
}
const Register established_soft_entry{scripted_over_both(
    {
        .id = "tcp-wire/established-icmp-soft-error",
        .asks = "Where does one see that ICMP calls the peer of a live connection unreachable?",
        .grounds = {tcp_v4_err, tcp_v6_err, sock_getsockopt, tcp_sendmsg},
        .run = {},
    },
    established_soft)};

void established_port(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  trace.send(a);
  peer.unreachable(Unreachable::port);
  trace.poll(a);
  trace.send(a);
  trace.state(a);
}
const Register established_port_entry{scripted({
    .id = "tcp-wire/established-icmp-port-unreachable",
    .asks = "Can an ICMP error end a live connection?",
    .grounds = {tcp_v4_err, tcp_sendmsg},
    .run = established_port,
})};

void recverr_send(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  want_errors(a);
  trace.send(a);
  peer.unreachable(Unreachable::host);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register recverr_send_entry{scripted({
    .id = "tcp-wire/established-icmp-recverr-send",
    .asks = "With IP_RECVERR, does an ICMP error fail a send on a live connection, and the next?",
    .grounds = {tcp_v4_err, tcp_sendmsg, sk_stream_error},
    .run = recverr_send,
})};

void recverr_recv(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  want_errors(a);
  trace.send(a);
  peer.unreachable(Unreachable::host);
  trace.recv(a);
  trace.recv(a);
  trace.send(a);
}
const Register recverr_recv_entry{scripted({
    .id = "tcp-wire/established-icmp-recverr-recv",
    .asks = "With IP_RECVERR, does an ICMP error fail a recv on a live connection, and then?",
    .grounds = {tcp_v4_err, tcp_recvmsg, tcp_sendmsg},
    .run = recverr_recv,
})};

}  // namespace
}  // namespace probe
