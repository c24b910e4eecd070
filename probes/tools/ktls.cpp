#include "probes/tools/ktls.h"

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace probe {

const char* start_ktls(int fd) {
  constexpr int sol_tls = 282;  // include/linux/socket.h
  if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") < 0) return "setsockopt(TCP_ULP)";
  tls12_crypto_info_aes_gcm_128 keys{};
  keys.info.version = TLS_1_2_VERSION;
  keys.info.cipher_type = TLS_CIPHER_AES_GCM_128;
  if (setsockopt(fd, sol_tls, TLS_TX, &keys, sizeof keys) < 0) return "setsockopt(TLS_TX)";
  return nullptr;
}

}  // namespace probe
