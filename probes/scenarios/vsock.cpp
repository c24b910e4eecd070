#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "VSOCK over VMADDR_CID_LOCAL, which Linux has since 5.6; 3.16 has only VMware's transport "
    "(net/vmw_vsock/vmci_transport.c), and no machine of it here. What later kernels answer "
    "follows from two rules (net/vmw_vsock/af_vsock.c:vsock_connectible_sendmsg):",
    {("Own SHUT_WR and the peer's close are both EPIPE; whether SIGPIPE comes with it depends on "
      "whether the error passes sk_stream_error()."),
     "A kernel thread carries the packets, so that what the peer does has to be waited for."}};

Fd vsock_socket() {
  return Fd(must("socket(AF_VSOCK)", socket(AF_VSOCK, SOCK_STREAM, 0)));
}

Pair vsock_pair() {
  sockaddr_vm any_port{};
  any_port.svm_family = AF_VSOCK;
  any_port.svm_cid = VMADDR_CID_LOCAL;
  any_port.svm_port = VMADDR_PORT_ANY;
  const Fd listener = vsock_socket();
  must("bind", bind(listener, reinterpret_cast<const sockaddr*>(&any_port), sizeof any_port));
  must("listen", listen(listener, 1));
  const Address to = local_address(listener);
  Fd a = vsock_socket();
  must("connect", connect(a, to.data(), to.length));
  Fd b(must("accept", accept(listener, nullptr, nullptr)));
  return {std::move(a), std::move(b)};
}

void shut_wr_and_peer_closed(Trace& trace) {
  const Pair shut = vsock_pair();
  must("shutdown", shutdown(shut.a, SHUT_WR));
  trace.send(shut.a);
  Pair closed = vsock_pair();
  closed.b.close();
  await_events(closed.a, POLLRDHUP | POLLHUP);
  trace.poll(closed.a);
  trace.send(closed.a);
  trace.send(closed.a);
}
const Register shut_wr_and_peer_closed_entry{{
    .id = "vsock/vsock-stream-shut-wr-and-peer-closed",
    .asks = "Does a VSOCK stream raise SIGPIPE after our own SHUT_WR, and after the peer's close?",
    .grounds = {"net/vmw_vsock/af_vsock.c:vsock_stream_sendmsg"},
    .needs = {"vsock"},
    .run = shut_wr_and_peer_closed,
}};

}  // namespace
}  // namespace probe
