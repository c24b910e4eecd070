#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/features/asking.h"
#include "probes/frame/feature.h"
#include "probes/tools/bpf.h"
#include "probes/tools/ktls.h"
#include "probes/tools/net.h"
#include "probes/tools/sock_diag.h"
#include "probes/tools/tcp_ao.h"
#include "probes/tools/tcp_md5.h"

/// What TCP can do beside carrying data, and what is done to it.
namespace probe {
namespace {

Missing socket_option_missing(const char* call, int level, int option) {
  const Fd fd = tcp_socket();
  const int on = 1;
  return unless_done(call, setsockopt(fd, level, option, &on, sizeof on), {ENOPROTOOPT});
}

Missing ktls_missing() {
  const Pair pair = tcp_pair();
  const char* const refused = start_ktls(pair.a);
  if (refused == nullptr) return {};
  return module_missing("tls", std::string(refused) + ": ");
}

// The cipher by its parts: tls asks for gcm(aes) by that name.
const RegisterFeature ktls_feature{
    {.name = "ktls",
     .missing = ktls_missing,
     .modules = {{"aes_generic"}, {"ctr"}, {"ghash_generic"}, {"gcm"}, {"tls"}},
     .kconfig = {"TLS", "CRYPTO_GCM", "CRYPTO_AES"}}};

Missing mptcp_missing() {
  const Fd fd(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
  // No module brings it (net/mptcp/Kconfig).
  return unless_done("socket(IPPROTO_MPTCP)", fd, {EPROTONOSUPPORT});
}

const RegisterFeature mptcp_feature{
    {.name = "mptcp", .missing = mptcp_missing, .kconfig = {"MPTCP"}}};

Missing so_zerocopy_missing() {
  return socket_option_missing("setsockopt(SO_ZEROCOPY)", SOL_SOCKET, SO_ZEROCOPY);
}

const RegisterFeature so_zerocopy_feature{{.name = "so_zerocopy", .missing = so_zerocopy_missing}};

Missing sock_destroy_missing() {
  const Pair pair = tcp_pair();
  if (sock_destroy(pair.a) == 0) return {};
  // EOPNOTSUPP: it is there and cannot (net/core/sock_diag.c: __sock_diag_cmd).
  return unless_done("module tcp_diag not available, or not able to: SOCK_DESTROY", -1,
                     {EOPNOTSUPP});
}

const RegisterFeature sock_destroy_feature{{.name = "sock_destroy",
                                            .missing = sock_destroy_missing,
                                            .modules = {{"tcp_diag"}},
                                            .kconfig = {"INET_TCP_DIAG", "INET_DIAG_DESTROY"}}};

Missing sockmap_missing() {
  const Pair pair = tcp_pair();
  return unless_done("bpf", send_through_sockmap(pair.a));
}

const RegisterFeature sockmap_feature{
    {.name = "sockmap",
     .missing = sockmap_missing,
     .kconfig = {"BPF_SYSCALL", "BPF_STREAM_PARSER|NET_SOCK_MSG"}}};

Missing sockmap_redirect_missing() {
  const Pair from = tcp_pair();
  const Pair to = tcp_pair();
  return unless_done("bpf", redirect_by_sockmap(from.a, to.a));
}

const RegisterFeature sockmap_redirect_feature{
    {.name = "sockmap_redirect",
     .missing = sockmap_redirect_missing,
     .kconfig = {"BPF_SYSCALL", "BPF_STREAM_PARSER|NET_SOCK_MSG"}}};

Missing tcp_ao_missing() {
  return unless_done("setsockopt(TCP_AO_ADD_KEY)", authenticate_loopback(tcp_socket()),
                     {ENOPROTOOPT});
}

const RegisterFeature tcp_ao_feature{
    {.name = "tcp_ao", .missing = tcp_ao_missing, .kconfig = {"TCP_AO"}}};

Missing tcp_fastopen_connect_missing() {
  return socket_option_missing("setsockopt(TCP_FASTOPEN_CONNECT)", IPPROTO_TCP,
                               TCP_FASTOPEN_CONNECT);
}

const RegisterFeature tcp_fastopen_connect_feature{
    {.name = "tcp_fastopen_connect", .missing = tcp_fastopen_connect_missing}};

Missing tcp_md5_missing() {
  return unless_done("setsockopt(TCP_MD5SIG)", sign_loopback(tcp_socket()), {ENOPROTOOPT});
}

const RegisterFeature tcp_md5_feature{
    {.name = "tcp_md5", .missing = tcp_md5_missing, .kconfig = {"TCP_MD5SIG"}}};

Missing tcp_repair_missing() {
  return socket_option_missing("setsockopt(TCP_REPAIR)", IPPROTO_TCP, TCP_REPAIR);
}

const RegisterFeature tcp_repair_feature{{.name = "tcp_repair", .missing = tcp_repair_missing}};

}  // namespace
}  // namespace probe
