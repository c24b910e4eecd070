#include "probes/base/tcp_state.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

#include "probes/base/fd.h"
#include "probes/base/must.h"

namespace probe {

void bring_loopback_up() {
  const Fd fd(must("socket", socket(AF_INET, SOCK_DGRAM, 0)));
  ifreq lo{.ifr_ifrn = {"lo"}, .ifr_ifru = {}};
  must("ioctl(SIOCGIFFLAGS)", ioctl(fd, SIOCGIFFLAGS, &lo));
  lo.ifr_flags = static_cast<short>(lo.ifr_flags | IFF_UP);
  must("ioctl(SIOCSIFFLAGS)", ioctl(fd, SIOCSIFFLAGS, &lo));
}

tcp_info tcp_info_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  must("getsockopt(TCP_INFO)", getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
  return info;
}

std::string tcp_state_name(int state) {
  static constexpr std::array<const char*, 13> names{
      "0",     "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
      "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};
  if (state < 0 || static_cast<size_t>(state) >= names.size()) return std::to_string(state);
  return names.at(static_cast<size_t>(state));
}

std::string tcp_state(int fd) {
  return tcp_state_name(tcp_info_of(fd).tcpi_state);
}

}  // namespace probe
