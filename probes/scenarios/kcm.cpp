#include <linux/bpf.h>
#include <linux/kcm.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <functional>
#include <string>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/bpf.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "KCM, messages over TCP connections that several sockets share; Linux has it since 4.6, 3.16 "
    "does not know the family (net/socket.c:__sock_create). What becomes of a message is the "
    "connection's affair, so that it is the TCP socket below that tells of the end: any change of "
    "its state is EPIPE there (net/kcm/kcmsock.c:psock_state_change)."};

constexpr const char* sock_create = "net/socket.c:__sock_create";

// Gives `kcm` a connection; each byte of it is a message.
void attach(int kcm, int connection) {
  const Fd one_byte = load_bpf_program(BPF_PROG_TYPE_SOCKET_FILTER, 1);
  must("bpf(BPF_PROG_LOAD)", static_cast<int>(one_byte));
  kcm_attach request{.fd = connection, .bpf_fd = one_byte};
  must("ioctl(SIOCKCMATTACH)", ioctl(kcm, SIOCKCMATTACH, &request));
}

// `state` is the one that the end leads to. KCM's worker may own the connection just then, so that
// the end waits for it to let go.
void connection_ended(Trace& trace, const std::string& state,
                      const std::function<void(Fd& peer)>& end) {
  Pair pair = tcp_pair();
  const Fd kcm(must("socket(AF_KCM)", socket(AF_KCM, SOCK_SEQPACKET, KCMPROTO_CONNECTED)));
  attach(kcm, pair.a);
  end(pair.b);
  await_state(pair.a, state);
  Trace below = trace.on("below");
  below.poll(pair.a);
  trace.poll(kcm);
  trace.send(kcm, 1, MSG_DONTWAIT);
  settle();
  trace.send(kcm, 1, MSG_DONTWAIT);
  below.so_error(pair.a);
  below.send(pair.a);
}
const Register peer_closed_entry{{
    .id = "kcm/kcm-peer-closed",
    .asks = "What do a KCM socket and the TCP socket below it tell of the peer's close?",
    .grounds = {sock_create},
    .needs = {"kcm"},
    .run =
        [](Trace& trace) { connection_ended(trace, "CLOSE_WAIT", [](Fd& peer) { peer.close(); }); },
}};
const Register peer_linger0_entry{{
    .id = "kcm/kcm-peer-linger0",
    .asks = "What do a KCM socket and the TCP socket below it tell of a RST?",
    .grounds = {sock_create},
    .needs = {"kcm"},
    .run = [](Trace& trace) { connection_ended(trace, "CLOSE", abortive_close); },
}};

}  // namespace
}  // namespace probe
