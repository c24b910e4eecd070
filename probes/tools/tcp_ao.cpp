#include "probes/tools/tcp_ao.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "probes/tools/net.h"

namespace probe {
namespace {

// What Linux 6.7 include/uapi/linux/tcp.h calls struct tcp_ao_add, which libc's headers lack. What
// has no name here stays 0: any interface, a MAC of 12 octets, TCP's options signed too.
struct MasterKey {
  alignas(8) std::array<char, 128> peer;  // a sockaddr_storage
  std::array<char, 64> algorithm;
  std::array<uint8_t, 10> defaults;
  uint8_t prefix;
  uint8_t send_id;
  uint8_t receive_id;
  std::array<uint8_t, 2> more_defaults;
  uint8_t length;
  std::array<char, 80> key;
};
static_assert(sizeof(MasterKey) == 288);

}  // namespace

int authenticate_loopback(int fd) {
  constexpr int tcp_ao_add_key = 38;
  constexpr std::string_view algorithm = "hmac(sha1)";
  constexpr std::string_view secret = "brokenpipe";
  const Address peer = loopback(Over::ipv4);
  MasterKey key{};
  std::memcpy(key.peer.data(), peer.data(), peer.length);
  algorithm.copy(key.algorithm.data(), key.algorithm.size());
  key.prefix = 32;
  key.send_id = 1;
  key.receive_id = 1;
  key.length = secret.size();
  secret.copy(key.key.data(), key.key.size());
  return setsockopt(fd, IPPROTO_TCP, tcp_ao_add_key, &key, sizeof key);
}

}  // namespace probe
