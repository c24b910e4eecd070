#include <fcntl.h>

#include <array>
#include <chrono>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/wire.h"

namespace probe {
namespace {

const Story story{
    "Handshakes that go wrong, segment by segment. What Linux 3.16 answers follows from a few "
    "rules:",
    {("In SYN_SENT a RST counts if it acknowledges our SYN, and means ECONNREFUSED; an ACK of "
      "anything else is answered by a RST and changes nothing "
      "(net/ipv4/tcp_input.c:tcp_rcv_synsent_state_process)."),
     ("Two SYNs that cross make SYN_RECV out of SYN_SENT; from there a RST is ECONNRESET, and a "
      "second SYN is challenged (tcp_validate_incoming)."),
     ("A half-open connection of a listener is a request without a socket. A RST that fits removes "
      "it, one elsewhere in the window too; the third packet of the handshake makes it a socket, "
      "unless the accept queue is full: then it is forgotten, or reset with tcp_abort_on_overflow "
      "(net/ipv4/tcp_minisocks.c:tcp_check_req, net/ipv4/tcp_ipv4.c:tcp_v4_syn_recv_sock)."),
     ("With Fast Open the socket is there after the SYN, in SYN_RECV, and can be sent on "
      "(net/ipv4/tcp_fastopen.c:tcp_try_fastopen, net/ipv4/tcp.c:tcp_sendmsg); a RST anywhere in "
      "the window ends it."),
     "SHUT_WR sends its FIN in SYN_RECV already (net/ipv4/tcp.c:tcp_shutdown)."}};

using namespace std::chrono_literals;

constexpr const char* synsent_state_process = "net/ipv4/tcp_input.c:tcp_rcv_synsent_state_process";
constexpr const char* tcp_rcv_state_process = "net/ipv4/tcp_input.c:tcp_rcv_state_process";
constexpr const char* tcp_validate_incoming = "net/ipv4/tcp_input.c:tcp_validate_incoming";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_check_req = "net/ipv4/tcp_minisocks.c:tcp_check_req";
constexpr const char* syn_recv_sock = "net/ipv4/tcp_ipv4.c:tcp_v4_syn_recv_sock";
constexpr const char* tcp_v4_send_reset = "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset";
constexpr const char* tcp_v4_err = "net/ipv4/tcp_ipv4.c:tcp_v4_err";
constexpr const char* tcp_try_fastopen = "net/ipv4/tcp_fastopen.c:tcp_try_fastopen";
constexpr const char* tcp_sendmsg = "net/ipv4/tcp.c:tcp_sendmsg";
constexpr const char* tcp_shutdown = "net/ipv4/tcp.c:tcp_shutdown";
constexpr const char* wait_connect = "net/core/stream.c:sk_stream_wait_connect";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// From the last octet of our SYN to an acknowledgement of the 77th.
constexpr int32_t unsent = 76;

void syn_sent_rst_ack(Trace& trace) {
  Peer peer;
  const Fd a = peer.connecting();
  peer.inject({.flags = RST | ACK});
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register syn_sent_rst_ack_entry{scripted({
    .id = "tcp-connect/syn-sent-rst-ack",
    .asks = "Our SYN is answered by a RST that acknowledges it: what do the sends say?",
    .grounds = {synsent_state_process, tcp_reset, wait_connect, sk_stream_error},
    .run = syn_sent_rst_ack,
})};

void syn_sent_rst_unacceptable(Trace& trace) {
  Peer peer;
  const Fd a = peer.connecting();
  peer.inject({.flags = RST});
  trace.state(a);
  peer.inject({.flags = RST | ACK, .ack = unsent});
  trace.state(a);
  trace.send(a);
}
const Register syn_sent_rst_unacceptable_entry{scripted({
    .id = "tcp-connect/syn-sent-rst-unacceptable",
    .asks = "Does a RST refuse a connection that does not acknowledge our SYN?",
    .grounds = {synsent_state_process, wait_connect},
    .run = syn_sent_rst_unacceptable,
})};

void syn_sent_bad_ack(Trace& trace) {
  Peer peer;
  const Fd a = peer.connecting();
  peer.inject({.ack = unsent});
  // A SYN that this makes the kernel repeat comes by a timer of two ticks; by its own it would
  // come after a second.
  while (peer.hears(100ms)) {
  }
  wire(trace, peer);
  trace.state(a);
}
const Register syn_sent_bad_ack_entry{scripted({
    .id = "tcp-connect/syn-sent-bad-ack",
    .asks = "Our SYN is answered by an ACK of something else, as from an older connection: then?",
    .grounds = {synsent_state_process, tcp_v4_send_reset},
    .run = syn_sent_bad_ack,
})};

// Two SYNs have crossed: SYN_RECV, and our SYN|ACK has gone out.
Fd crossing(Peer& peer) {
  Fd a = peer.connecting();
  peer.say({.flags = SYN});
  return a;
}

void crossed_rst(Trace& trace) {
  Peer peer;
  const Fd a = crossing(peer);
  trace.state(a);
  peer.inject({.flags = RST | ACK});
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register crossed_rst_entry{scripted({
    .id = "tcp-connect/syn-recv-crossed-rst",
    .asks = "Two SYNs cross, and then the peer resets: refused, or reset?",
    .grounds = {synsent_state_process, tcp_reset, wait_connect, sk_stream_error},
    .run = crossed_rst,
})};

void crossed_synack(Trace& trace) {
  Peer peer;
  const Fd a = crossing(peer);
  wire(trace, peer);
  trace.state(a);
  peer.inject({.flags = SYN | ACK, .seq = -1});
  wire(trace, peer);
  trace.state(a);
  trace.send(a);
}
const Register crossed_synack_entry{scripted({
    .id = "tcp-connect/syn-recv-crossed-synack",
    .asks = "Two SYNs cross, and the peer acknowledges ours with its SYN again: are we connected?",
    .grounds = {synsent_state_process, tcp_rcv_state_process, tcp_validate_incoming, wait_connect},
    .run = crossed_synack,
})};

void crossed_shut_wr(Trace& trace) {
  Peer peer;
  const Fd a = crossing(peer);
  peer.await_segment();
  trace.shutdown(a, SHUT_WR);
  trace.state(a);
  wire(trace, peer);
  trace.send(a);
  peer.acknowledge();
  trace.state(a);
  trace.send(a);
  wire(trace, peer);
}
const Register crossed_shut_wr_entry{scripted({
    .id = "tcp-connect/syn-recv-shut-wr",
    .asks = "Two SYNs cross, and we close our side before the peer has answered: when does the FIN "
            "go out, and what do the sends say?",
    .grounds = {tcp_shutdown, tcp_rcv_state_process, tcp_sendmsg, wait_connect},
    .run = crossed_shut_wr,
})};

void overflow(Trace& trace) {
  std::array<Peer, 3> peers;
  std::array<Trace, 3> traces{trace.on("client0"), trace.on("client1"), trace.on("client2")};
  const Listener listener = peers.front().listener();
  for (size_t i = 0; i < peers.size(); ++i) {
    peers.at(i).talk_to(listener.address);
    peers.at(i).say({.flags = SYN});
    wire(traces.at(i), peers.at(i));
  }
  must("listen", listen(listener.fd, 0));
  for (size_t i = 0; i < peers.size(); ++i) {
    peers.at(i).acknowledge();
    wire(traces.at(i), peers.at(i));
  }
  for (size_t i = 0; i < peers.size(); ++i) {
    peers.at(i).say({.flags = PSH | ACK, .length = 4});
    wire(traces.at(i), peers.at(i));
  }
  const Fd first(static_cast<int>(trace.accept(listener.fd)));
  const Fd second(static_cast<int>(trace.accept(listener.fd)));
}
const Register overflow_entry{scripted({
    .id = "tcp-connect/accept-overflow-3rd-ack",
    .asks = "Three handshakes end when there is room for one in the accept queue: what do the "
            "three peers hear, and of the data that they send?",
    .grounds = {tcp_check_req, syn_recv_sock},
    .sysctls = {{"net.ipv4.tcp_syncookies", "0"}},
    .run = overflow,
})};
const Register overflow_abort_entry{scripted({
    .id = "tcp-connect/accept-overflow-3rd-ack-abort",
    .asks = "The same with tcp_abort_on_overflow: what do the three peers hear?",
    .grounds = {tcp_check_req, syn_recv_sock, tcp_v4_send_reset},
    .sysctls = {{"net.ipv4.tcp_abort_on_overflow", "1"}, {"net.ipv4.tcp_syncookies", "0"}},
    .run = overflow,
})};

// A RST so far beyond the number awaited by a half-open connection, which then is completed.
void rst_to_half_open(Trace& trace, int32_t beyond) {
  Peer peer;
  const Listener listener = peer.listener();
  peer.talk_to(listener.address);
  peer.say({.flags = SYN});
  peer.await_segment();
  peer.inject({.flags = RST, .seq = beyond});
  wire(trace, peer);
  peer.acknowledge();
  wire(trace, peer);
  const Fd accepted(static_cast<int>(trace.accept(listener.fd)));
}

void half_open_rst_exact(Trace& trace) {
  rst_to_half_open(trace, 0);
}
const Register half_open_rst_exact_entry{scripted({
    .id = "tcp-connect/syn-recv-rst-exact",
    .asks = "SYN, SYN|ACK, RST: does the server's program hear of the client?",
    .grounds = {tcp_check_req, "net/ipv4/tcp_ipv4.c:tcp_v4_rcv", tcp_v4_send_reset},
    .run = half_open_rst_exact,
})};

void half_open_rst_in_window(Trace& trace) {
  rst_to_half_open(trace, 4);
}
const Register half_open_rst_in_window_entry{scripted({
    .id = "tcp-connect/syn-recv-rst-in-window",
    .asks = "SYN, SYN|ACK, and a RST that is not exact: can the handshake still be completed?",
    .grounds = {tcp_check_req, tcp_v4_send_reset},
    .run = half_open_rst_in_window,
})};

// A socket that Fast Open made of a SYN with three octets: accepted, and still in SYN_RECV.
Fd fastopen_child(Trace& trace, Peer& peer) {
  const Listener listener = peer.listener();
  peer.talk_to(listener.address);
  peer.say({.flags = SYN, .length = 3});
  wire(trace, peer);
  Fd child(static_cast<int>(trace.accept(listener.fd)));
  must("fcntl(F_SETFL)", fcntl(child, F_SETFL, O_NONBLOCK));
  return child;
}

// Fast Open for servers (0x2), without cookies (0x200), for every listener (0x400).
const Sysctls fastopen_without_cookies{{"net.ipv4.tcp_fastopen", "1539"}};

void fastopen_rst(Trace& trace) {
  Peer peer;
  const Fd child = fastopen_child(trace, peer);
  trace.state(child);
  trace.poll(child);
  trace.recv(child);
  trace.send(child);
  peer.inject({.flags = RST});
  trace.state(child);
  trace.poll(child);
  trace.send(child);
  trace.send(child);
  trace.recv(child);
}
const Register fastopen_rst_entry{scripted({
    .id = "tcp-connect/fastopen-child-rst",
    .asks = "A socket that Fast Open made before the handshake was done is reset: what is seen?",
    .grounds = {tcp_try_fastopen, tcp_check_req, tcp_reset, tcp_sendmsg, sk_stream_error},
    .sysctls = fastopen_without_cookies,
    .run = fastopen_rst,
})};

void fastopen_rst_in_window(Trace& trace) {
  Peer peer;
  const Fd child = fastopen_child(trace, peer);
  peer.inject({.flags = RST, .seq = 1});
  wire(trace, peer);
  trace.state(child);
  trace.send(child);
}
const Register fastopen_rst_in_window_entry{scripted({
    .id = "tcp-connect/fastopen-child-rst-in-window",
    .asks = "Before the handshake is done, must a RST for a Fast Open socket be exact?",
    .grounds = {tcp_try_fastopen, tcp_check_req, tcp_reset},
    .sysctls = fastopen_without_cookies,
    .run = fastopen_rst_in_window,
})};

void fastopen_shut_wr(Trace& trace) {
  Peer peer;
  const Fd child = fastopen_child(trace, peer);
  trace.shutdown(child, SHUT_WR);
  trace.state(child);
  wire(trace, peer);
  trace.send(child);
  peer.inject({.ack = peer.ack_of_syn()});
  trace.state(child);
  wire(trace, peer);
  trace.send(child);
}
const Register fastopen_shut_wr_entry{scripted({
    .id = "tcp-connect/fastopen-child-shut-wr",
    .asks = "SHUT_WR on a Fast Open socket before the handshake is done: when does the FIN go out?",
    .grounds = {tcp_try_fastopen, tcp_shutdown, tcp_rcv_state_process, tcp_sendmsg},
    .sysctls = fastopen_without_cookies,
    .run = fastopen_shut_wr,
})};

void fastopen_icmp(Trace& trace) {
  Peer peer;
  const Fd child = fastopen_child(trace, peer);
  peer.unreachable(Unreachable::host);
  trace.state(child);
  trace.poll(child);
  trace.send(child);
}
const Register fastopen_icmp_entry{scripted({
    .id = "tcp-connect/fastopen-child-icmp",
    .asks = "ICMP says of a Fast Open socket's SYN|ACK that the host cannot be reached: then?",
    .grounds = {tcp_try_fastopen, tcp_v4_err, tcp_sendmsg},
    .sysctls = fastopen_without_cookies,
    .run = fastopen_icmp,
})};

}  // namespace
}  // namespace probe
