#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "Raw, netlink and packet sockets. What Linux 3.16 answers follows from a few rules:",
    {("A raw socket that leaves the IP header to the kernel takes its memory where nobody asks for "
      "SHUT_WR (net/ipv4/ip_output.c:__ip_append_data without a transport header: "
      "net/core/sock.c:sock_wmalloc)."),
     ("One that writes its own header (IP_HDRINCL) takes it where EPIPE is given, without SIGPIPE "
      "(net/ipv4/raw.c:raw_send_hdrinc, net/core/sock.c:sock_alloc_send_pskb)."),
     "Netlink and packet sockets cannot be shut down (net/core/sock.c:sock_no_shutdown)."}};

constexpr const char* inet_shutdown = "net/ipv4/af_inet.c:inet_shutdown";
constexpr const char* no_shutdown = "net/core/sock.c:sock_no_shutdown";
constexpr int private_protocol = 253;  // RFC 3692: for experiments

Fd connected_raw_socket(int protocol) {
  Fd fd(must("socket(SOCK_RAW)", socket(AF_INET, SOCK_RAW, protocol)));
  const Address to = loopback(Over::ipv4);
  must("connect", connect(fd, to.data(), to.length));
  return fd;
}

void shut_wr(Trace& trace) {
  const Fd fd = connected_raw_socket(private_protocol);
  trace.send(fd);
  trace.shutdown(fd, SHUT_WR);
  trace.send(fd);
}
const Register shut_wr_entry{{
    .id = "raw/raw-shut-wr",
    .asks = "Can a raw socket still send after its own SHUT_WR?",
    .grounds = {inet_shutdown, "net/ipv4/raw.c:raw_sendmsg",
                "net/ipv4/ip_output.c:__ip_append_data"},
    .needs = {"net_raw"},
    .run = shut_wr,
}};

void hdrincl_shut_wr(Trace& trace) {
  const Fd fd = connected_raw_socket(IPPROTO_RAW);
  std::array<char, sizeof(iphdr) + 1> packet{};
  iphdr header{};
  header.version = 4;
  header.ihl = sizeof header / 4;
  header.ttl = 1;
  header.protocol = private_protocol;
  header.daddr = htonl(INADDR_LOOPBACK);
  std::memcpy(packet.data(), &header, sizeof header);
  trace.shutdown(fd, SHUT_WR);
  trace.call("send", "a header and 1", [&] { return send(fd, packet.data(), packet.size(), 0); });
}
const Register hdrincl_shut_wr_entry{{
    .id = "raw/raw-hdrincl-shut-wr",
    .asks = "Can a raw socket that writes its own IP header still send after its own SHUT_WR?",
    .grounds = {inet_shutdown, "net/ipv4/raw.c:raw_send_hdrinc",
                "net/core/sock.c:sock_alloc_send_pskb"},
    .needs = {"net_raw"},
    .run = hdrincl_shut_wr,
}};

void hdrincl_shut_wr_short(Trace& trace) {
  const Fd fd = connected_raw_socket(IPPROTO_RAW);
  trace.shutdown(fd, SHUT_WR);
  trace.send(fd);
}
const Register hdrincl_shut_wr_short_entry{{
    .id = "raw/raw-hdrincl-shut-wr-short",
    .asks = "Which is told first of a packet too short for its header: that, or our own SHUT_WR?",
    .grounds = {inet_shutdown, "net/ipv4/raw.c:raw_send_hdrinc",
                "net/core/sock.c:sock_alloc_send_pskb"},
    .needs = {"net_raw"},
    .run = hdrincl_shut_wr_short,
}};

void netlink_shutdown(Trace& trace) {
  const Fd fd(must("socket(AF_NETLINK)", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)));
  trace.shutdown(fd, SHUT_WR);
}
const Register netlink_shutdown_entry{{
    .id = "raw/netlink-shutdown",
    .asks = "Can a netlink socket be shut down?",
    .grounds = {no_shutdown},
    .run = netlink_shutdown,
}};

void packet_shutdown(Trace& trace) {
  const Fd fd(must("socket(AF_PACKET)", socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP))));
  trace.shutdown(fd, SHUT_WR);
}
const Register packet_shutdown_entry{{
    .id = "raw/packet-shutdown",
    .asks = "Can a packet socket be shut down?",
    .grounds = {no_shutdown},
    .needs = {"net_raw", "packet"},
    .run = packet_shutdown,
}};

}  // namespace
}  // namespace probe
