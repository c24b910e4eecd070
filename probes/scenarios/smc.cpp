#include <linux/tcp.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "SMC, which Linux has since 4.11; 3.16 does not know the family (net/socket.c:__sock_create). "
    "It needs hardware at both ends. Without it the two ends agree to go on by the TCP connection "
    "on which they met (net/smc/af_smc.c:smc_switch_to_fallback), and answer as TCP does."};

constexpr const char* sock_create = "net/socket.c:__sock_create";

Fd smc_socket() {
  return Fd(must("socket(AF_SMC)", socket(AF_SMC, SOCK_STREAM, 0)));
}

// Segments with data that the TCP connection on which two ends met has sent.
unsigned data_segments(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  must("getsockopt(TCP_INFO)", getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
  return info.tcpi_data_segs_out;
}

// Sockets over hardware leave TCP idle once they have met.
void must_have_fallen_back(const Pair& pair) {
  const unsigned until_met = data_segments(pair.a);
  must_send(pair.a, 1);
  must_recv(pair.b, 1);
  if (data_segments(pair.a) == until_met) throw Broken("SMC has not fallen back to TCP");
}

Pair smc_pair() {
  const Fd listener = smc_socket();
  const Address any_port = loopback(Over::ipv4);
  must("bind", bind(listener, any_port.data(), any_port.length));
  must("listen", listen(listener, 1));
  const Address to = local_address(listener);
  Fd a = smc_socket();
  must("connect", connect(a, to.data(), to.length));
  Fd b(must("accept", accept(listener, nullptr, nullptr)));
  Pair pair{std::move(a), std::move(b)};
  must_have_fallen_back(pair);
  return pair;
}

void peer_closed(Trace& trace) {
  Pair pair = smc_pair();
  pair.b.close();
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register peer_closed_entry{{
    .id = "smc/smc-fallback-peer-closed",
    .asks = "Does an SMC socket that has fallen back to TCP tell of its peer's close as TCP does?",
    .grounds = {sock_create},
    .needs = {"smc"},
    .run = peer_closed,
}};

void peer_linger0(Trace& trace) {
  Pair pair = smc_pair();
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register peer_linger0_entry{{
    .id = "smc/smc-fallback-peer-linger0",
    .asks = "Does an SMC socket that has fallen back to TCP tell of a RST as TCP does?",
    .grounds = {sock_create},
    .needs = {"smc"},
    .run = peer_linger0,
}};

}  // namespace
}  // namespace probe
