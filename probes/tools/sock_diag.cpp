#include "probes/tools/sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 socket;
};

sockaddr_in as_ipv4(const Address& address) {
  sockaddr_in in{};
  std::memcpy(&in, &address.storage, sizeof in);
  return in;
}

// A listener has no peer: zeroes.
Address peer_or_none(int fd) {
  Address address;
  address.length = sizeof address.storage;
  if (getpeername(fd, address.data(), &address.length) < 0) return {};
  return address;
}

Request destroy_request(int fd) {
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DESTROY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.socket.sdiag_family = AF_INET;
  request.socket.sdiag_protocol = IPPROTO_TCP;
  const sockaddr_in local = as_ipv4(local_address(fd));
  const sockaddr_in remote = as_ipv4(peer_or_none(fd));
  request.socket.id.idiag_sport = local.sin_port;
  request.socket.id.idiag_src[0] = local.sin_addr.s_addr;
  request.socket.id.idiag_dport = remote.sin_port;
  request.socket.id.idiag_dst[0] = remote.sin_addr.s_addr;
  request.socket.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.socket.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

}  // namespace

int sock_destroy(int fd) {
  const Request request = destroy_request(fd);
  const Fd netlink(
      must("socket(NETLINK_SOCK_DIAG)", socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)));
  must("send to NETLINK_SOCK_DIAG", send(netlink, &request, sizeof request, 0));
  struct {
    nlmsghdr header;
    nlmsgerr answer;
    std::array<char, 512> more;
  } reply{};
  must("recv from NETLINK_SOCK_DIAG", recv(netlink, &reply, sizeof reply, 0));
  if (reply.header.nlmsg_type != NLMSG_ERROR) throw Broken("SOCK_DESTROY was not acknowledged");
  errno = -reply.answer.error;
  return reply.answer.error == 0 ? 0 : -1;
}

}  // namespace probe
