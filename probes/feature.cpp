#include "probes/feature.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "probes/child.h"
#include "probes/fd.h"
#include "probes/ktls.h"
#include "probes/must.h"
#include "probes/net.h"
#include "probes/sock_diag.h"

namespace probe {
namespace {

// Empty for a call that succeeded, else the call and what errno says.
std::string unless_done(const char* call, long returned) {
  return returned >= 0 ? std::string() : std::string(call) + ": " + errno_name(errno);
}

std::string ipv6_missing() {
  const Fd fd(socket(AF_INET6, SOCK_STREAM, 0));
  if (fd < 0) return unless_done("socket(AF_INET6)", fd);
  const Address any_port = loopback(Over::ipv6);
  return unless_done("bind to ::1", bind(fd, any_port.data(), any_port.length));
}

std::string io_uring_missing() {
  io_uring_params params{};
  const Fd ring(static_cast<int>(syscall(SYS_io_uring_setup, 1, &params)));
  return unless_done("io_uring_setup", ring);
}

std::string aio_missing() {
  aio_context_t context = 0;
  const long returned = syscall(SYS_io_setup, 1, &context);
  if (returned == 0) syscall(SYS_io_destroy, context);
  return unless_done("io_setup", returned);
}

std::string socket_option_missing(const char* call, int level, int option) {
  const Fd fd = tcp_socket();
  const int on = 1;
  return unless_done(call, setsockopt(fd, level, option, &on, sizeof on));
}

std::string so_zerocopy_missing() {
  return socket_option_missing("setsockopt(SO_ZEROCOPY)", SOL_SOCKET, SO_ZEROCOPY);
}

std::string tcp_fastopen_connect_missing() {
  return socket_option_missing("setsockopt(TCP_FASTOPEN_CONNECT)", IPPROTO_TCP,
                               TCP_FASTOPEN_CONNECT);
}

std::string tcp_repair_missing() {
  return socket_option_missing("setsockopt(TCP_REPAIR)", IPPROTO_TCP, TCP_REPAIR);
}

std::string net_admin_missing() {
  // An option that asks for CAP_NET_ADMIN and nothing else (net/core/sock.c:sock_setsockopt).
  return socket_option_missing("setsockopt(SO_RCVBUFFORCE)", SOL_SOCKET, SO_RCVBUFFORCE);
}

// A protocol that distributions build as a module of its own.
std::string protocol_missing(const char* module, int family, int type, int protocol) {
  const Fd fd(socket(family, type, protocol));
  if (fd >= 0) return {};
  return std::string("module ") + module + " not available: socket: " + errno_name(errno);
}

std::string sctp_missing() {
  return protocol_missing("sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP);
}

std::string dccp_missing() {
  return protocol_missing("dccp_ipv4", AF_INET, SOCK_DCCP, IPPROTO_DCCP);
}

std::string tipc_missing() {
  return protocol_missing("tipc", AF_TIPC, SOCK_STREAM, 0);
}

std::string vsock_missing() {
  const Fd fd(socket(AF_VSOCK, SOCK_STREAM, 0));
  sockaddr_vm local{};
  local.svm_family = AF_VSOCK;
  local.svm_cid = VMADDR_CID_LOCAL;
  local.svm_port = VMADDR_PORT_ANY;
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0) {
    return {};
  }
  return "module vsock_loopback not available: " + errno_name(errno);
}

std::string mptcp_missing() {
  const Fd fd(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
  return unless_done("socket(IPPROTO_MPTCP)", fd);
}

std::string ktls_missing() {
  const Pair pair = tcp_pair();
  const char* const refused = start_ktls(pair.a);
  if (refused == nullptr) return {};
  return std::string("module tls not available: ") + refused + ": " + errno_name(errno);
}

std::string sock_destroy_missing() {
  const Pair pair = tcp_pair();
  if (sock_destroy(pair.a) == 0) return {};
  return "module tcp_diag not available, or not able to: SOCK_DESTROY: " + errno_name(errno);
}

std::string net_raw_missing() {
  const Fd fd(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
  return unless_done("socket(SOCK_RAW)", fd);
}

std::string packet_missing() {
  const Fd fd(socket(AF_PACKET, SOCK_DGRAM, 0));
  return unless_done("socket(AF_PACKET)", fd);
}

std::string pty_missing() {
  const Fd fd(posix_openpt(O_RDWR | O_NOCTTY));
  return unless_done("posix_openpt", fd);
}

std::string fuse_missing() {
  const Fd fd(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (fd < 0) return unless_done("open(/dev/fuse)", fd);
  return geteuid() == 0 ? std::string() : "mount(fuse): " + errno_name(EPERM);
}

std::string pid_namespace_missing() {
  // In a child: the namespace would be that of all our later children.
  Child child([] { return unshare(CLONE_NEWPID) == 0 ? 0 : errno; });
  const int status = child.wait();
  return status == 0 ? std::string() : "unshare(CLONE_NEWPID): " + errno_name(WEXITSTATUS(status));
}

}  // namespace

const std::vector<Feature>& features() {
  static const std::vector<Feature> all{
      {"aio", aio_missing},
      {"dccp", dccp_missing},
      {"fuse", fuse_missing},
      {"io_uring", io_uring_missing},
      {"ipv6", ipv6_missing},
      {"ktls", ktls_missing},
      {"mptcp", mptcp_missing},
      {"net_admin", net_admin_missing},
      {"net_raw", net_raw_missing},
      {"packet", packet_missing},
      {"pid_namespace", pid_namespace_missing},
      {"pty", pty_missing},
      {"sctp", sctp_missing},
      {"so_zerocopy", so_zerocopy_missing},
      {"sock_destroy", sock_destroy_missing},
      {"tcp_fastopen_connect", tcp_fastopen_connect_missing},
      {"tcp_repair", tcp_repair_missing},
      {"tipc", tipc_missing},
      {"vsock", vsock_missing},
  };
  return all;
}

void require_feature(const std::string& name) {
  const auto& all = features();
  const auto feature = std::find_if(all.begin(), all.end(),
                                    [&](const Feature& known) { return known.name == name; });
  if (feature == all.end()) throw Broken("needs " + name + ", which no feature is called");
  const std::string reason = feature->missing();
  if (!reason.empty()) throw Unsupported("no " + name + ": " + reason);
}

}  // namespace probe
