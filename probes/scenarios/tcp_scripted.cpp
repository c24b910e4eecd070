#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/wire.h"

namespace probe {
namespace {

const Story story{
    "Connections that are reset, or shut down by ourselves, with the segments written by hand, so "
    "that nothing hangs on how a kernel's peer closes. What Linux 3.16 answers follows from the "
    "rules of those that a kernel's peer closes, and one more:",
    {("After SHUT_RD, data is still acknowledged and queued in ESTABLISHED; only where our FIN has "
      "gone out does it reset the connection (net/ipv4/tcp_input.c:tcp_rcv_state_process).")}};

constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

void unread_then_rst(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.say({.flags = PSH | ACK, .length = 5});
  peer.inject({.flags = RST});
  trace.poll(a);
  trace.recv(a);
  trace.recv(a);
  trace.send(a);
}
const Register unread_then_rst_entry{scripted({
    .id = "tcp/rst-established-unread-wire",
    .asks = "Data and, right behind it, a RST: is the data read before the error?",
    .grounds = {tcp_reset, tcp_recvmsg, sk_stream_error},
    .run = unread_then_rst,
})};

void data_fin_then_rst(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.deliver({.flags = FIN | PSH | ACK, .length = 5});
  peer.inject({.flags = RST});
  trace.poll(a);
  trace.send(a);
  trace.recv(a);
  trace.recv(a);
}
const Register data_fin_then_rst_entry{scripted({
    .id = "tcp/close-wait-rst-data-fin-wire",
    .asks = "Data, FIN and a RST: can the data be read after a send has failed with EPIPE?",
    .grounds = {tcp_reset, tcp_recvmsg, sk_stream_error},
    .run = data_fin_then_rst,
})};

void data_after_shut_rd(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  must("shutdown", shutdown(a, SHUT_RD));
  peer.say({.flags = PSH | ACK, .length = 5});
  wire(trace, peer);
  trace.state(a);
  trace.recv(a);
  trace.send(a);
}
const Register data_after_shut_rd_entry{scripted({
    .id = "tcp/local-shut-rd-peer-data-wire",
    .asks = "What does a peer hear whose data comes after SHUT_RD?",
    .grounds = {"net/ipv4/tcp.c:tcp_shutdown", "net/ipv4/tcp_input.c:tcp_data_queue", tcp_recvmsg},
    .run = data_after_shut_rd,
})};

}  // namespace
}  // namespace probe
