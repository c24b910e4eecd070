#include "probes/feature.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/atm_tcp.h>
#include <linux/atmarp.h>
#include <linux/atmlec.h>
#include <linux/atmmpc.h>
#include <linux/io_uring.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "probes/bpf.h"
#include "probes/child.h"
#include "probes/fd.h"
#include "probes/ktls.h"
#include "probes/must.h"
#include "probes/net.h"
#include "probes/sock_diag.h"
#include "probes/tcp_ao.h"
#include "probes/tcp_md5.h"

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

std::string smc_missing() {
  return protocol_missing("smc", AF_SMC, SOCK_STREAM, 0);
}

std::string kcm_missing() {
  return protocol_missing("kcm", AF_KCM, SOCK_SEQPACKET, 0);
}

std::string ax25_missing() {
  return protocol_missing("ax25", AF_AX25, SOCK_SEQPACKET, 0);
}

std::string netrom_missing() {
  return protocol_missing("netrom", AF_NETROM, SOCK_SEQPACKET, 0);
}

std::string rose_missing() {
  return protocol_missing("rose", AF_ROSE, SOCK_SEQPACKET, 0);
}

std::string rfcomm_missing() {
  constexpr int btproto_rfcomm = 3;  // include/net/bluetooth/bluetooth.h
  return protocol_missing("rfcomm", AF_BLUETOOTH, SOCK_STREAM, btproto_rfcomm);
}

std::string vhci_missing() {
  const Fd fd(open("/dev/vhci", O_RDWR | O_CLOEXEC));
  return fd >= 0 ? std::string() : "module hci_vhci not available: open: " + errno_name(errno);
}

// A module whose part of ATM a socket becomes by an ioctl(2).
std::string atm_control_missing(const char* module, unsigned long request, long argument = 0) {
  const Fd fd(socket(AF_ATMPVC, SOCK_DGRAM, 0));
  if (fd >= 0 && ioctl(fd, request, argument) >= 0) return {};
  return std::string("module ") + module + " not available: " + errno_name(errno);
}

std::string atm_missing() {
  constexpr long any_number = -1;
  return atm_control_missing("atmtcp", SIOCSIFATMTCP, any_number);
}

std::string atm_lane_missing() {
  const std::string lane = atm_control_missing("lec", ATMLEC_CTRL);
  return lane.empty() ? atm_control_missing("clip", ATMARPD_CTRL) : lane;
}

std::string atm_mpoa_missing() {
  const std::string mpoa = atm_control_missing("mpoa", ATMMPC_CTRL);
  return mpoa.empty() ? atm_control_missing("clip", ATMARPD_CTRL) : mpoa;
}

std::string sockmap_missing() {
  const Pair pair = tcp_pair();
  return unless_done("bpf", send_through_sockmap(pair.a));
}

std::string sockmap_redirect_missing() {
  const Pair from = tcp_pair();
  const Pair to = tcp_pair();
  return unless_done("bpf", redirect_by_sockmap(from.a, to.a));
}

std::string tcp_ao_missing() {
  return unless_done("setsockopt(TCP_AO_ADD_KEY)", authenticate_loopback(tcp_socket()));
}

std::string tcp_md5_missing() {
  return unless_done("setsockopt(TCP_MD5SIG)", sign_loopback(tcp_socket()));
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

// Where it is there, a mount without source and options is refused for another reason.
std::string file_system_missing(const char* module, const char* type) {
  if (mount("", "/", type, 0, "") == 0) return {};
  if (errno == EPERM) return std::string("mount(") + type + "): " + errno_name(EPERM);
  if (errno != ENODEV) return {};
  return std::string("module ") + module + " not available: mount: " + errno_name(errno);
}

std::string nine_p_missing() {
  return file_system_missing("9p", "9p");
}

std::string autofs_missing() {
  return file_system_missing("autofs4", "autofs");
}

std::string nfs4_missing() {
  const std::string missing = file_system_missing("nfsv4", "nfs4");
  // images/module_needs.cpp:worth_loading
  return missing.empty() ? missing
                         : missing + " (a cloud kernel's guest goes without: it loads too slowly)";
}

std::string fuse_missing() {
  const Fd fd(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (fd < 0) return unless_done("open(/dev/fuse)", fd);
  return file_system_missing("fuse", "fuse");
}

std::string nfs4_krb5_missing() {
  // Nothing but a whole mount makes the kernel ask for the module, so it is asked for here; a guest
  // has no modprobe, and has what it has.
  Child([] {
    execlp("modprobe", "modprobe", "-q", "rpcsec_gss_krb5", nullptr);
    return 127;
  }).wait();
  if (access("/sys/module/rpcsec_gss_krb5", F_OK) == 0) return nfs4_missing();
  return "module rpcsec_gss_krb5 not available: " + errno_name(errno);
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
      {"9p", nine_p_missing},
      {"aio", aio_missing},
      {"atm", atm_missing},
      {"atm_lane", atm_lane_missing},
      {"atm_mpoa", atm_mpoa_missing},
      {"autofs", autofs_missing},
      {"ax25", ax25_missing},
      {"dccp", dccp_missing},
      {"fuse", fuse_missing},
      {"io_uring", io_uring_missing},
      {"ipv6", ipv6_missing},
      {"kcm", kcm_missing},
      {"ktls", ktls_missing},
      {"mptcp", mptcp_missing},
      {"net_admin", net_admin_missing},
      {"net_raw", net_raw_missing},
      {"netrom", netrom_missing},
      {"nfs4", nfs4_missing},
      {"nfs4_krb5", nfs4_krb5_missing},
      {"packet", packet_missing},
      {"pid_namespace", pid_namespace_missing},
      {"pty", pty_missing},
      {"rfcomm", rfcomm_missing},
      {"rose", rose_missing},
      {"sctp", sctp_missing},
      {"smc", smc_missing},
      {"so_zerocopy", so_zerocopy_missing},
      {"sock_destroy", sock_destroy_missing},
      {"sockmap", sockmap_missing},
      {"sockmap_redirect", sockmap_redirect_missing},
      {"tcp_ao", tcp_ao_missing},
      {"tcp_fastopen_connect", tcp_fastopen_connect_missing},
      {"tcp_md5", tcp_md5_missing},
      {"tcp_repair", tcp_repair_missing},
      {"tipc", tipc_missing},
      {"vhci", vhci_missing},
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
