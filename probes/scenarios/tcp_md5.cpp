#include "probes/tools/tcp_md5.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "TCP segments signed with MD5 (RFC 2385), as routers do. A RST that a socket sends is signed "
    "as all it sends. One that answers for a socket that is gone has no key at hand; Linux 3.16 "
    "looks for one with a listener at the sender's own port, and where nobody listens there it "
    "sends none (net/ipv4/tcp_ipv4.c:tcp_v4_send_reset): the sender is not told."};

constexpr const char* send_reset = "net/ipv4/tcp_ipv4.c:tcp_v4_send_reset";

Pair signed_pair() {
  return tcp_pair(Over::ipv4, [](int fd) { must("setsockopt(TCP_MD5SIG)", sign_loopback(fd)); });
}

void peer_linger0(Trace& trace) {
  Pair pair = signed_pair();
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register peer_linger0_entry{{
    .id = "tcp-md5/tcp-md5-peer-linger0",
    .asks = "What does a socket that signs its segments find after its peer's RST?",
    .grounds = {"net/ipv4/tcp_output.c:tcp_send_active_reset",
                "net/ipv4/tcp_ipv4.c:tcp_v4_inbound_md5_hash", "net/ipv4/tcp_input.c:tcp_reset",
                "net/core/stream.c:sk_stream_error"},
    .needs = {"tcp_md5"},
    .run = peer_linger0,
}};

void peer_closed(Trace& trace) {
  Pair pair = signed_pair();
  close_leaving_bucket(pair.b);
  trace.poll(pair.a);
  trace.send(pair.a);
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register peer_closed_entry{{
    .id = "tcp-md5/tcp-md5-peer-closed",
    .asks = "Is a sender that signs its segments told that its peer has closed?",
    .grounds = {"net/ipv4/tcp_minisocks.c:tcp_timewait_state_process", send_reset},
    .needs = {"tcp_md5"},
    .run = peer_closed,
}};

}  // namespace
}  // namespace probe
