#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/features/asking.h"
#include "probes/frame/feature.h"
#include "probes/tools/net.h"

/// Protocols beside TCP over IPv4 and AF_UNIX.
namespace probe {
namespace {

Missing dccp_missing() {
  return protocol_missing("dccp_ipv4", AF_INET, SOCK_DCCP, IPPROTO_DCCP);
}

const RegisterFeature dccp_feature{
    {.name = "dccp", .missing = dccp_missing, .modules = {{"dccp_ipv4"}}, .kconfig = {"IP_DCCP"}}};

Missing ipv6_missing() {
  const Fd fd(socket(AF_INET6, SOCK_STREAM, 0));
  if (fd < 0) return unless_done("socket(AF_INET6)", fd);
  const Address any_port = loopback(Over::ipv6);
  return unless_done("bind to ::1", bind(fd, any_port.data(), any_port.length));
}

const RegisterFeature ipv6_feature{
    {.name = "ipv6", .missing = ipv6_missing, .modules = {{"ipv6"}}, .kconfig = {"IPV6"}}};

Missing kcm_missing() {
  return protocol_missing("kcm", AF_KCM, SOCK_SEQPACKET, 0);
}

const RegisterFeature kcm_feature{
    {.name = "kcm", .missing = kcm_missing, .modules = {{"kcm"}}, .kconfig = {"AF_KCM"}}};

Missing sctp_missing() {
  return protocol_missing("sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP);
}

const RegisterFeature sctp_feature{
    {.name = "sctp", .missing = sctp_missing, .modules = {{"sctp"}}, .kconfig = {"IP_SCTP"}}};

Missing smc_missing() {
  return protocol_missing("smc", AF_SMC, SOCK_STREAM, 0);
}

const RegisterFeature smc_feature{
    {.name = "smc", .missing = smc_missing, .modules = {{"smc"}}, .kconfig = {"SMC"}}};

Missing tipc_missing() {
  return protocol_missing("tipc", AF_TIPC, SOCK_STREAM, 0);
}

const RegisterFeature tipc_feature{
    {.name = "tipc", .missing = tipc_missing, .modules = {{"tipc"}}, .kconfig = {"TIPC"}}};

Missing vsock_missing() {
  const Fd fd(socket(AF_VSOCK, SOCK_STREAM, 0));
  sockaddr_vm local{};
  local.svm_family = AF_VSOCK;
  local.svm_cid = VMADDR_CID_LOCAL;
  local.svm_port = VMADDR_PORT_ANY;
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0) {
    return {};
  }
  return module_missing("vsock_loopback", "");
}

const RegisterFeature vsock_feature{{.name = "vsock",
                                     .missing = vsock_missing,
                                     .modules = {{"vsock_loopback"}},
                                     .kconfig = {"VSOCKETS", "VSOCKETS_LOOPBACK"}}};

}  // namespace
}  // namespace probe
