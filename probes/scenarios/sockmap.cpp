#include <poll.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/bpf.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "A TCP socket in a BPF sockmap whose program decides about what is sent, which Linux has since "
    "4.17; 3.16 has no bpf(2). It sends by a function of its own "
    "(net/ipv4/tcp_bpf.c:tcp_bpf_sendmsg), which tells of a pending error without consuming it: "
    "after a RST each send is ECONNRESET, and so is the recv after them. EPIPE comes with SIGPIPE, "
    "as from TCP. A sockmap can also send on one socket what another received: an error of that "
    "sending waits for whoever owns the socket (net/core/skmsg.c:sk_psock_backlog)."};

// A system call that is not there.
constexpr const char* badsys = "arch/x86/kernel/entry_64.S:system_call";

struct MappedPair {
  Pair pair = tcp_pair();
  Fd map = Fd(must("putting a socket into a sockmap", send_through_sockmap(pair.a).release()));
};

void peer_closed(Trace& trace) {
  MappedPair mapped;
  const Fd& a = mapped.pair.a;
  mapped.pair.b.close();
  await_state(a, "CLOSE_WAIT");
  trace.poll(a);
  trace.send(a);
  settle();
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a, 100, MSG_DONTWAIT);
}
const Register peer_closed_entry{{
    .id = "sockmap/sockmap-peer-closed",
    .asks = "Does a TCP socket in a sockmap tell of its peer's close as others do?",
    .grounds = {badsys},
    .needs = {"sockmap"},
    .run = peer_closed,
}};

void peer_linger0(Trace& trace) {
  MappedPair mapped;
  const Fd& a = mapped.pair.a;
  abortive_close(mapped.pair.b);
  settle();
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a, 100, MSG_DONTWAIT);
}
const Register peer_linger0_entry{{
    .id = "sockmap/sockmap-peer-linger0",
    .asks = "Does a TCP socket in a sockmap tell of a RST as others do?",
    .grounds = {badsys},
    .needs = {"sockmap"},
    .run = peer_linger0,
}};

void shut_wr(Trace& trace) {
  const MappedPair mapped;
  must_shutdown(mapped.pair.a, SHUT_WR);
  trace.send(mapped.pair.a);
  trace.send(mapped.pair.a, 1, MSG_NOSIGNAL);
}
const Register shut_wr_entry{{
    .id = "sockmap/sockmap-shut-wr",
    .asks = "Does a TCP socket in a sockmap raise SIGPIPE after its own SHUT_WR?",
    .grounds = {badsys},
    .needs = {"sockmap"},
    .run = shut_wr,
}};

void redirect_to_shut_wr(Trace& trace) {
  const Pair from = tcp_pair();
  const Pair to = tcp_pair();
  const Fd map(
      must("joining two sockets by a sockmap", redirect_by_sockmap(from.a, to.a).release()));
  must_shutdown(to.a, SHUT_WR);
  trace.poll(to.a);
  must_send(from.b, 1);
  await_events(to.a, POLLERR);
  trace.poll(to.a);
  trace.so_error(to.a);
  trace.send(to.a);
}
const Register redirect_to_shut_wr_entry{{
    .id = "sockmap/sockmap-redirect-to-shut-wr",
    .asks = "What does a socket after SHUT_WR find that a sockmap is to send another's data by?",
    .grounds = {badsys},
    .needs = {"sockmap_redirect"},
    .run = redirect_to_shut_wr,
}};

}  // namespace
}  // namespace probe
