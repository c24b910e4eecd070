#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/wire.h"

namespace probe {
namespace {

const Story story{
    "Which segments end a connection, and which are doubted, while nobody has closed. What Linux "
    "3.16 answers follows from a few rules (net/ipv4/tcp_input.c:tcp_validate_incoming):",
    {("A RST counts if its number is exactly the next one awaited; one elsewhere in the window is "
      "answered by an ACK that challenges it (RFC 5961), one outside is dropped."),
     "A RST is believed in spite of an old timestamp.",
     ("A segment without ACK and RST goes no further than the door in a synchronised state "
      "(tcp_rcv_established, tcp_rcv_state_process), a SYN too, so that its challenge is not "
      "reached."),
     "An ACK of what was never sent is dropped in silence, with its segment (tcp_ack)."}};

constexpr const char* tcp_validate_incoming = "net/ipv4/tcp_input.c:tcp_validate_incoming";
constexpr const char* tcp_send_challenge_ack = "net/ipv4/tcp_input.c:tcp_send_challenge_ack";
constexpr const char* tcp_sequence = "net/ipv4/tcp_input.c:tcp_sequence";
constexpr const char* tcp_rcv_established = "net/ipv4/tcp_input.c:tcp_rcv_established";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_ack = "net/ipv4/tcp_input.c:tcp_ack";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

void rst_exact(Trace& trace, Over over) {
  Peer peer({.over = over});
  const Fd a = peer.accepted();
  trace.state(a);
  peer.inject({.flags = RST});
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register rst_exact_entry{scripted_over_both(
    {
        .id = "tcp-wire/rst-exact",
        .asks = "Does a RST with the number that is awaited end the connection?",
        .grounds = {tcp_validate_incoming, tcp_reset, sk_stream_error},
        .run = {},
    },
    rst_exact)};

void rst_in_window(Trace& trace, Over over) {
  Peer peer({.over = over});
  const Fd a = peer.accepted();
  peer.inject({.flags = RST, .seq = 1});
  wire(trace, peer);
  trace.state(a);
  trace.send(a);
  wire(trace, peer);
}
const Register rst_in_window_entry{scripted_over_both(
    {
        .id = "tcp-wire/rst-in-window-not-exact",
        .asks = "What does a RST do whose number is in the window but not the one awaited?",
        .grounds = {tcp_validate_incoming, tcp_send_challenge_ack},
        .run = {},
    },
    rst_in_window)};

void rst_out_of_window(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.inject({.flags = RST, .seq = -1});
  wire(trace, peer);
  trace.state(a);
}
const Register rst_out_of_window_entry{scripted({
    .id = "tcp-wire/rst-out-of-window",
    .asks = "Is a RST heard whose number has already been received?",
    .grounds = {tcp_validate_incoming, tcp_sequence},
    .run = rst_out_of_window,
})};

void syn_in_established(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.inject({.flags = SYN});
  wire(trace, peer);
  trace.state(a);
  trace.send(a);
}
const Register syn_in_established_entry{scripted({
    .id = "tcp-wire/syn-in-established",
    .asks = "What does a peer hear that has forgotten the connection and opens it anew?",
    .grounds = {tcp_rcv_established, tcp_validate_incoming},
    .run = syn_in_established,
})};

void rst_at_sack_edge(Trace& trace) {
  Peer peer({.sack = true});
  const Fd a = peer.accepted();
  peer.inject({.flags = PSH | ACK, .seq = 5, .length = 5});
  wire(trace, peer);
  peer.inject({.flags = RST, .seq = 10});
  wire(trace, peer);
  trace.state(a);
}
const Register rst_at_sack_edge_entry{scripted({
    .id = "tcp-wire/rst-right-sack-edge",
    .asks = "Data was lost, and the RST comes right behind what came after it: does it count?",
    .grounds = {tcp_validate_incoming, tcp_send_challenge_ack,
                "net/ipv4/tcp_input.c:tcp_data_queue_ofo"},
    .run = rst_at_sack_edge,
})};

void rst_with_old_timestamp(Trace& trace) {
  constexpr int32_t long_ago = -500;
  Peer peer({.timestamps = true});
  const Fd a = peer.accepted();
  peer.inject({.flags = PSH | ACK, .length = 5, .timestamp = long_ago});
  wire(trace, peer);
  trace.recv(a, 100, MSG_DONTWAIT);
  peer.inject({.flags = RST, .timestamp = long_ago});
  trace.state(a);
  trace.send(a);
}
const Register rst_with_old_timestamp_entry{scripted({
    .id = "tcp-wire/rst-failing-paws",
    .asks = "Does a RST count that carries a timestamp of long ago, for which data is refused?",
    .grounds = {tcp_validate_incoming, "net/ipv4/tcp_input.c:tcp_paws_discard",
                "net/ipv4/tcp_input.c:tcp_send_dupack", tcp_reset},
    .run = rst_with_old_timestamp,
})};

void data_beyond_window(Trace& trace) {
  Peer peer({.sack = true});
  const Fd a = peer.accepted();
  // The window is 65535 at most, and begins after what nobody has read yet.
  peer.deliver({.flags = PSH | ACK, .length = 1});
  peer.inject({.flags = PSH | ACK, .seq = 20000, .length = 60000});
  wire(trace, peer);
  trace.state(a);
  trace.recv(a);
  trace.recv(a, 100, MSG_DONTWAIT);
}
const Register data_beyond_window_entry{scripted({
    .id = "tcp-wire/data-beyond-window",
    .asks = "Is a segment kept that begins in the window and ends beyond it?",
    .grounds = {tcp_sequence, "net/ipv4/tcp_input.c:tcp_data_queue_ofo",
                "net/ipv4/tcp_input.c:tcp_send_dupack"},
    .run = data_beyond_window,
})};

void ack_of_unsent(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.inject({.ack = 100});
  wire(trace, peer);
  trace.state(a);
  trace.send(a);
}
const Register ack_of_unsent_entry{scripted({
    .id = "tcp-wire/established-ack-unsent-data",
    .asks = "What does a peer hear that acknowledges data which was never sent?",
    .grounds = {tcp_rcv_established, tcp_ack},
    .run = ack_of_unsent,
})};

}  // namespace
}  // namespace probe
