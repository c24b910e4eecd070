#include <linux/dccp.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "DCCP. What Linux 3.16 answers follows from a few rules:",
    {("A send asks for the state first: connected, or ENOTCONN, or what waiting for a connection "
      "says (net/dccp/proto.c:dccp_sendmsg, net/core/stream.c:sk_stream_wait_connect), which is "
      "EPIPE. Nobody raises SIGPIPE."),
     ("recv without a connection is ENOTCONN; after the peer's close it is end of file "
      "(net/dccp/proto.c:dccp_recvmsg)."),
     ("The peer's Close shuts the socket down both ways (net/dccp/input.c:dccp_fin, "
      ":dccp_rcv_close).")}};

constexpr const char* dccp_sendmsg = "net/dccp/proto.c:dccp_sendmsg";
constexpr const char* dccp_recvmsg = "net/dccp/proto.c:dccp_recvmsg";
constexpr int sol_dccp = 269;  // include/linux/socket.h

// Client and server must name the same service.
void name_service(int fd) {
  set_option(fd, sol_dccp, DCCP_SOCKOPT_SERVICE, static_cast<int>(htonl(42)));
}

void unconnected(Trace& trace) {
  const Fd fd = inet_socket(SOCK_DCCP, IPPROTO_DCCP);
  trace.send(fd);
  trace.recv(fd, 100, MSG_DONTWAIT);
}
const Register unconnected_entry{{
    .id = "dccp/dccp-unconnected",
    .asks = "What do send and recv get on a DCCP socket that was never connected?",
    .grounds = {dccp_sendmsg, dccp_recvmsg, "net/core/stream.c:sk_stream_wait_connect"},
    .needs = {"dccp"},
    .run = unconnected,
}};

void peer_closed(Trace& trace) {
  const Listener listener = inet_listener(SOCK_DCCP, IPPROTO_DCCP, name_service);
  const Address& to = listener.address;
  const Fd fd = inet_socket(SOCK_DCCP, IPPROTO_DCCP);
  name_service(fd);
  trace.call("connect", "the listener", [&] { return connect(fd, to.data(), to.length); });
  Fd peer(must("accept", accept(listener.fd, nullptr, nullptr)));
  peer.close();
  settle();
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd);
  trace.recv(fd, 100, MSG_DONTWAIT);
}
const Register peer_closed_entry{{
    .id = "dccp/dccp-peer-closed",
    .asks = "What does a DCCP socket find when its peer has closed?",
    .grounds = {"net/dccp/input.c:dccp_rcv_close", dccp_sendmsg, dccp_recvmsg,
                "net/dccp/proto.c:dccp_poll"},
    .needs = {"dccp"},
    .run = peer_closed,
}};

}  // namespace
}  // namespace probe
