#include "probes/tools/tcp_ao.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "TCP segments signed by the authentication option (RFC 5925), the successor of MD5's, which "
    "Linux has since 6.7: 3.16 has no TCP_AO_ADD_KEY (net/ipv4/tcp.c:do_tcp_setsockopt). Whether a "
    "sender is told hangs on its peer's RST being signed too, even where that end is gone."};

constexpr const char* do_tcp_setsockopt = "net/ipv4/tcp.c:do_tcp_setsockopt";

Pair authenticated_pair() {
  return tcp_pair(Over::ipv4,
                  [](int fd) { must("setsockopt(TCP_AO_ADD_KEY)", authenticate_loopback(fd)); });
}

void peer_linger0(Trace& trace) {
  Pair pair = authenticated_pair();
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register peer_linger0_entry{{
    .id = "tcp-ao/tcp-ao-peer-linger0",
    .asks = "What does a socket whose segments are authenticated find after its peer's RST?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"tcp_ao"},
    .run = peer_linger0,
}};

void peer_closed(Trace& trace) {
  Pair pair = authenticated_pair();
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
    .id = "tcp-ao/tcp-ao-peer-closed",
    .asks = "Is a sender whose segments are authenticated told that its peer has closed?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"tcp_ao"},
    .run = peer_closed,
}};

}  // namespace
}  // namespace probe
