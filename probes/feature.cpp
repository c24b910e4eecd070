#include "probes/feature.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "probes/child.h"
#include "probes/fd.h"
#include "probes/must.h"
#include "probes/net.h"

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

std::string tcp_repair_missing() {
  return socket_option_missing("setsockopt(TCP_REPAIR)", IPPROTO_TCP, TCP_REPAIR);
}

std::string net_admin_missing() {
  // An option that asks for CAP_NET_ADMIN and nothing else (net/core/sock.c:sock_setsockopt).
  return socket_option_missing("setsockopt(SO_RCVBUFFORCE)", SOL_SOCKET, SO_RCVBUFFORCE);
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
      {"io_uring", io_uring_missing},
      {"ipv6", ipv6_missing},
      {"net_admin", net_admin_missing},
      {"pid_namespace", pid_namespace_missing},
      {"so_zerocopy", so_zerocopy_missing},
      {"tcp_repair", tcp_repair_missing},
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
