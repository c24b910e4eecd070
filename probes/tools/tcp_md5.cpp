#include "probes/tools/tcp_md5.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>

#include "probes/tools/net.h"

namespace probe {

int sign_loopback(int fd) {
  constexpr std::string_view key = "brokenpipe";
  const Address peer = loopback(Over::ipv4);
  tcp_md5sig signature{};
  std::memcpy(&signature.tcpm_addr, peer.data(), peer.length);
  signature.tcpm_keylen = key.size();
  std::memcpy(signature.tcpm_key, key.data(), key.size());
  return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof signature);
}

}  // namespace probe
