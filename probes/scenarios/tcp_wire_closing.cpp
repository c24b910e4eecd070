#include <chrono>
#include <thread>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/wire.h"

/// Longer than other files: the states of a connection that closes follow one set of rules, and the
/// story that tells them stands once, for all the scenarios of its file.
namespace probe {
namespace {

const Story story{
    "Segments for a connection of which one side or both have closed. What Linux 3.16 answers "
    "follows from a few rules:",
    {("A RST stores EPIPE in CLOSE_WAIT, ECONNRESET in FIN_WAIT1, FIN_WAIT2, CLOSING and LAST_ACK "
      "(net/ipv4/tcp_input.c:tcp_reset)."),
     ("Its number must be the one behind the FIN; the FIN's own lies outside the window once the "
      "FIN has been acknowledged (net/ipv4/tcp_input.c:tcp_sequence)."),
     ("Data for a socket that has sent its FIN and no longer receives, in FIN_WAIT1 and FIN_WAIT2, "
      "is answered by a RST, and resets our own end (net/ipv4/tcp_input.c:tcp_rcv_state_process)."),
     ("Once a side has closed, what tcp_ack() thinks of an acknowledgement decides nothing "
      "(net/ipv4/tcp_input.c:tcp_rcv_state_process)."),
     ("An end in FIN_WAIT_2 that nobody holds is a timewait bucket, which answers data by a RST; "
      "so does the kernel where there is no socket any more "
      "(net/ipv4/tcp_minisocks.c:tcp_timewait_state_process, "
      "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset).")}};

constexpr const char* tcp_validate_incoming = "net/ipv4/tcp_input.c:tcp_validate_incoming";
constexpr const char* tcp_sequence = "net/ipv4/tcp_input.c:tcp_sequence";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_fin = "net/ipv4/tcp_input.c:tcp_fin";
constexpr const char* tcp_ack = "net/ipv4/tcp_input.c:tcp_ack";
constexpr const char* tcp_rcv_state_process = "net/ipv4/tcp_input.c:tcp_rcv_state_process";
constexpr const char* tcp_v4_send_reset = "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset";
constexpr const char* timewait_state_process =
    "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* wait_connect = "net/core/stream.c:sk_stream_wait_connect";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// The peer has closed its side, and its FIN is acknowledged.
Fd in_close_wait(Peer& peer) {
  Fd a = peer.accepted();
  peer.deliver({.flags = FIN | ACK});
  return a;
}

// Both sides have closed, the peer first; our FIN is not acknowledged.
Fd in_last_ack(Peer& peer) {
  Fd a = in_close_wait(peer);
  must("shutdown", shutdown(a, SHUT_WR));
  return a;
}

// We have closed; our FIN is not acknowledged.
Fd in_fin_wait1(Peer& peer, int how = SHUT_WR) {
  Fd a = peer.accepted();
  must("shutdown", shutdown(a, how));
  return a;
}

Fd in_fin_wait2(Peer& peer, int how = SHUT_WR) {
  Fd a = in_fin_wait1(peer, how);
  peer.acknowledge();
  return a;
}

// Both sides have closed at once: the peer's FIN does not acknowledge ours.
Fd in_closing(Peer& peer) {
  Fd a = in_fin_wait1(peer);
  peer.deliver({.flags = FIN | ACK, .ack = -1});
  return a;
}

void close_wait_rst(Trace& trace, Over over) {
  Peer peer({.over = over});
  const Fd a = in_close_wait(peer);
  peer.inject({.flags = RST});
  trace.state(a);
  trace.poll(a);
  trace.so_error(a);
  trace.send(a);
  trace.recv(a);
}
const Register close_wait_rst_entry{scripted_over_both(
    {
        .id = "tcp-wire/close-wait-rst-exact",
        .asks = "A RST after the peer's FIN: which error does SO_ERROR give, and which send?",
        .grounds = {tcp_validate_incoming, tcp_reset, sk_stream_error, tcp_recvmsg},
        .run = {},
    },
    close_wait_rst)};

void close_wait_rst_of_fin(Trace& trace) {
  Peer peer;
  const Fd a = in_close_wait(peer);
  trace.state(a);
  peer.inject({.flags = RST, .seq = -1});
  wire(trace, peer);
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register close_wait_rst_of_fin_entry{scripted({
    .id = "tcp-wire/close-wait-rst-rcvnxt-minus-1",
    .asks = "In CLOSE_WAIT, does a RST count that has the number of the peer's FIN?",
    .grounds = {tcp_validate_incoming, tcp_sequence},
    .run = close_wait_rst_of_fin,
})};

void last_ack_send(Trace& trace) {
  Peer peer;
  const Fd a = in_last_ack(peer);
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register last_ack_send_entry{scripted({
    .id = "tcp-wire/last-ack-send",
    .asks = "Both sides have closed, and the last ACK is awaited: what does a write get?",
    .grounds = {tcp_fin, wait_connect, sk_stream_error},
    .run = last_ack_send,
})};

void last_ack_rst(Trace& trace) {
  Peer peer;
  const Fd a = in_last_ack(peer);
  trace.state(a);
  peer.inject({.flags = RST});
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register last_ack_rst_entry{scripted({
    .id = "tcp-wire/last-ack-rst",
    .asks = "Both sides have closed, and a RST comes instead of the last ACK: who hears of it?",
    .grounds = {tcp_reset, wait_connect, sk_stream_error},
    .run = last_ack_rst,
})};

void last_ack_rst_of_fin(Trace& trace) {
  Peer peer;
  const Fd a = in_last_ack(peer);
  trace.state(a);
  peer.inject({.flags = RST, .seq = -1});
  wire(trace, peer);
  trace.state(a);
  trace.send(a);
  trace.send(a);
}
const Register last_ack_rst_of_fin_entry{scripted({
    .id = "tcp-wire/last-ack-rst-rcvnxt-minus-1",
    .asks = "In LAST_ACK, does a RST count that has the number of the peer's FIN?",
    .grounds = {tcp_validate_incoming, tcp_sequence, wait_connect},
    .run = last_ack_rst_of_fin,
})};

void closing_send(Trace& trace) {
  Peer peer;
  const Fd a = in_closing(peer);
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register closing_send_entry{scripted({
    .id = "tcp-wire/closing-send",
    .asks = "Both sides have closed at once: what does a write get?",
    .grounds = {tcp_fin, wait_connect, sk_stream_error},
    .run = closing_send,
})};

void closing_rst(Trace& trace) {
  Peer peer;
  const Fd a = in_closing(peer);
  trace.state(a);
  peer.inject({.flags = RST});
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register closing_rst_entry{scripted({
    .id = "tcp-wire/closing-rst",
    .asks = "Both sides have closed at once, and a RST comes: who hears of it?",
    .grounds = {tcp_fin, tcp_reset, wait_connect, sk_stream_error},
    .run = closing_rst,
})};

void closing_rst_of_fin(Trace& trace) {
  Peer peer;
  const Fd a = in_closing(peer);
  trace.state(a);
  peer.inject({.flags = RST, .seq = -1});
  wire(trace, peer);
  trace.state(a);
}
const Register closing_rst_of_fin_entry{scripted({
    .id = "tcp-wire/closing-rst-rcvnxt-minus-1",
    .asks = "In CLOSING, does a RST count that has the number of the peer's FIN?",
    .grounds = {tcp_fin, tcp_validate_incoming, tcp_sequence},
    .run = closing_rst_of_fin,
})};

void fin_wait1_rst(Trace& trace) {
  Peer peer;
  const Fd a = in_fin_wait1(peer);
  trace.state(a);
  peer.inject({.flags = RST});
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register fin_wait1_rst_entry{scripted({
    .id = "tcp-wire/fin-wait1-rst",
    .asks = "A RST answers our FIN: does a writer who has shut down hear of it before EPIPE?",
    .grounds = {tcp_reset, wait_connect, sk_stream_error},
    .run = fin_wait1_rst,
})};

void fin_wait2_rst(Trace& trace) {
  Peer peer;
  const Fd a = in_fin_wait2(peer);
  peer.inject({.flags = RST});
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
  trace.recv(a);
}
const Register fin_wait2_rst_entry{scripted({
    .id = "tcp-wire/fin-wait2-rst",
    .asks = "A RST comes after our FIN was acknowledged: who hears of it?",
    .grounds = {tcp_reset, wait_connect, sk_stream_error, tcp_recvmsg},
    .run = fin_wait2_rst,
})};

void fin_wait2_old_ack(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  trace.send(a);
  peer.acknowledge();
  must("shutdown", shutdown(a, SHUT_WR));
  peer.acknowledge();
  trace.state(a);
  peer.inject({.flags = PSH | ACK, .ack = -1, .length = 5});
  wire(trace, peer);
  trace.recv(a);
}
const Register fin_wait2_old_ack_entry{scripted({
    .id = "tcp-wire/fin-wait2-data-with-old-ack",
    .asks = "Is data taken in FIN_WAIT_2 that acknowledges less than the peer has before?",
    .grounds = {tcp_rcv_state_process, tcp_ack, "net/ipv4/tcp_input.c:tcp_data_queue"},
    .run = fin_wait2_old_ack,
})};

void fin_wait2_data_unwanted(Trace& trace, Over over) {
  Peer peer({.over = over});
  const Fd a = in_fin_wait2(peer, SHUT_RDWR);
  trace.state(a);
  peer.inject({.flags = PSH | ACK, .length = 5});
  wire(trace, peer);
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register fin_wait2_data_unwanted_entry{scripted_over_both(
    {
        .id = "tcp-wire/fin-wait2-rcv-shutdown-data",
        .asks = "Data after SHUT_RDWR: what does the peer hear, and what do we?",
        .grounds = {tcp_rcv_state_process, tcp_reset, tcp_v4_send_reset, sk_stream_error},
        .run = {},
    },
    fin_wait2_data_unwanted)};

void fin_wait1_data_unwanted(Trace& trace) {
  Peer peer;
  const Fd a = in_fin_wait1(peer, SHUT_RDWR);
  trace.state(a);
  peer.inject({.flags = PSH | ACK, .ack = -1, .length = 5});
  wire(trace, peer);
  trace.state(a);
  trace.send(a);
}
const Register fin_wait1_data_unwanted_entry{scripted({
    .id = "tcp-wire/fin-wait1-rcv-shutdown-data",
    .asks = "Data after SHUT_RDWR, from a peer that has not seen our FIN: what do both hear?",
    .grounds = {tcp_rcv_state_process, tcp_reset, tcp_v4_send_reset},
    .run = fin_wait1_data_unwanted,
})};

void data_after_fin(Trace& trace) {
  Peer peer;
  const Fd a = in_close_wait(peer);
  peer.inject({.flags = PSH | ACK, .length = 5});
  wire(trace, peer);
  trace.state(a);
  trace.recv(a);
}
const Register data_after_fin_entry{scripted({
    .id = "tcp-wire/close-wait-data-after-fin",
    .asks = "Is data heard that a peer sends after its own FIN?",
    .grounds = {tcp_rcv_state_process, tcp_recvmsg},
    .run = data_after_fin,
})};

void close_wait_syn(Trace& trace) {
  Peer peer;
  const Fd a = in_close_wait(peer);
  peer.inject({.flags = SYN});
  wire(trace, peer);
  trace.state(a);
}
const Register close_wait_syn_entry{scripted({
    .id = "tcp-wire/close-wait-syn",
    .asks = "What does a peer hear that has closed, forgotten the connection, and opens it anew?",
    .grounds = {tcp_rcv_state_process, tcp_validate_incoming},
    .run = close_wait_syn,
})};

void close_wait_ack_of_unsent(Trace& trace) {
  Peer peer;
  const Fd a = in_close_wait(peer);
  peer.inject({.ack = 100});
  wire(trace, peer);
  trace.state(a);
}
const Register close_wait_ack_of_unsent_entry{scripted({
    .id = "tcp-wire/close-wait-ack-unsent-data",
    .asks = "In CLOSE_WAIT, what does a peer hear that acknowledges data never sent?",
    .grounds = {tcp_rcv_state_process, tcp_ack},
    .run = close_wait_ack_of_unsent,
})};

void orphan_fin_wait2(Trace& trace) {
  Peer peer;
  Fd a = peer.accepted();
  a.close();
  peer.acknowledge();
  peer.inject({.flags = PSH | ACK, .length = 5});
  wire(trace, peer);
}
const Register orphan_fin_wait2_entry{scripted({
    .id = "tcp-wire/orphan-fin-wait2-data",
    .asks = "What does a peer hear that sends to an end which is closed, its FIN acknowledged?",
    .grounds = {"net/ipv4/tcp.c:tcp_close", timewait_state_process, tcp_v4_send_reset},
    .run = orphan_fin_wait2,
})};

void orphan_fin_wait1(Trace& trace) {
  Peer peer;
  Fd a = peer.accepted();
  a.close();
  peer.inject({.flags = PSH | ACK, .ack = -1, .length = 5});
  wire(trace, peer);
}
const Register orphan_fin_wait1_entry{scripted({
    .id = "tcp-wire/orphan-fin-wait1-data",
    .asks = "What does a peer hear that sends to an end which is closed, its FIN not yet seen?",
    .grounds = {"net/ipv4/tcp.c:tcp_close", tcp_rcv_state_process, tcp_v4_send_reset},
    .run = orphan_fin_wait1,
})};

void orphan_expired(Trace& trace) {
  using namespace std::chrono_literals;
  Peer peer;
  Fd a = peer.accepted();
  const Address local = local_address(a);
  a.close();
  peer.acknowledge();
  // Time is the stimulus; that it never comes is for the deadline to say.
  while (end_state(local, peer.address()) != "gone") std::this_thread::sleep_for(100ms);
  peer.inject({.flags = PSH | ACK, .length = 5});
  wire(trace, peer);
}
const Register orphan_expired_entry{scripted({
    .id = "tcp-wire/orphan-fin-wait2-expired-data",
    .asks = "What does a peer hear that sends to an end of which nothing is left?",
    .grounds = {"net/ipv4/tcp.c:tcp_close", "net/ipv4/tcp_ipv4.c:tcp_v4_rcv", tcp_v4_send_reset},
    .shortened = {{"net.ipv4.tcp_fin_timeout", "1"}},
    .deadline = std::chrono::seconds(120),
    .run = orphan_expired,
})};

void look_at_bucket(Trace& trace, const Address& kernel, const Address& peer) {
  trace.look("bucket", "/proc/net/tcp", "the connection",
             Json::object({{"state", end_state(kernel, peer)}}));
}

void time_wait_rst(Trace& trace) {
  Peer peer;
  const Fd a = in_fin_wait2(peer);
  const Address kernel = local_address(a);
  peer.deliver({.flags = FIN | ACK});
  trace.state(a);
  look_at_bucket(trace, kernel, peer.address());
  peer.inject({.flags = RST});
  wire(trace, peer);
  look_at_bucket(trace, kernel, peer.address());
  trace.poll(a);
  trace.send(a);
}
const Register time_wait_rst_entry{scripted({
    .id = "tcp-wire/time-wait-rst",
    .asks = "A RST in TIME_WAIT, for a socket that is still held: what ends, and does a write hear "
            "of it?",
    .grounds = {tcp_fin, timewait_state_process, wait_connect, sk_stream_error},
    .run = time_wait_rst,
})};

void listen_rst(Trace& trace) {
  Peer peer;
  const Listener listener = peer.listener();
  peer.talk_to(listener.address);
  peer.inject({.flags = RST});
  wire(trace, peer);
  trace.state(listener.fd);
  trace.poll(listener.fd);
  trace.send(listener.fd);
  const Address& to = listener.address;
  const Fd client = tcp_socket();
  trace.on("client").call("connect", "", [&] { return connect(client, to.data(), to.length); });
  trace.poll(listener.fd);
}
const Register listen_rst_entry{scripted({
    .id = "tcp-wire/listen-rst",
    .asks = "A RST for a listening socket: does a write on it hear of it, or the next client?",
    .grounds = {tcp_rcv_state_process, wait_connect, sk_stream_error},
    .run = listen_rst,
})};

}  // namespace
}  // namespace probe
