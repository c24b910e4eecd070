#include "probes/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "probes/must.h"

namespace probe {
namespace {

using Deadline = std::chrono::steady_clock::time_point;
constexpr std::chrono::seconds patience{10};

int family(Over over) {
  return over == Over::ipv4 ? AF_INET : AF_INET6;
}

// One look a millisecond: a state is being waited for, not a time.
void pause_a_little() {
  ::poll(nullptr, 0, 1);
}

}  // namespace

void bring_loopback_up() {
  const Fd fd(must("socket", socket(AF_INET, SOCK_DGRAM, 0)));
  ifreq lo{.ifr_ifrn = {"lo"}, .ifr_ifru = {}};
  must("ioctl(SIOCGIFFLAGS)", ioctl(fd, SIOCGIFFLAGS, &lo));
  lo.ifr_flags = static_cast<short>(lo.ifr_flags | IFF_UP);
  must("ioctl(SIOCSIFFLAGS)", ioctl(fd, SIOCSIFFLAGS, &lo));
}

Address loopback(Over over, uint16_t port) {
  Address address;
  if (over == Over::ipv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  } else {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    const char* text = over == Over::ipv6 ? "::1" : "::ffff:127.0.0.1";
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1) throw Broken("inet_pton");
    std::memcpy(&address.storage, &in6, sizeof in6);
    address.length = sizeof in6;
  }
  return address;
}

Address local_address(int fd) {
  Address address;
  address.length = sizeof address.storage;
  must("getsockname", getsockname(fd, address.data(), &address.length));
  return address;
}

Address peer_address(int fd) {
  Address address;
  address.length = sizeof address.storage;
  must("getpeername", getpeername(fd, address.data(), &address.length));
  return address;
}

void small_buffers(int fd) {
  constexpr int bytes = 8192;
  set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
  set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

Fd tcp_socket(Over over) {
  return Fd(must("socket", socket(family(over), SOCK_STREAM, 0)));
}

namespace {

Fd bound_socket(Over over, const Prepare& prepare) {
  Fd fd = tcp_socket(over);
  if (prepare) prepare(fd);
  const Address any_port = loopback(over);
  must("bind", bind(fd, any_port.data(), any_port.length));
  return fd;
}

}  // namespace

Listener tcp_listener(Over over, int backlog, const Prepare& prepare) {
  Fd fd = bound_socket(over, prepare);
  must("listen", listen(fd, backlog));
  const Address address = local_address(fd);
  return {std::move(fd), address};
}

ClosedPort closed_port(Over over) {
  Fd fd = bound_socket(over, {});
  const Address address = local_address(fd);
  return {std::move(fd), address};
}

Pair tcp_pair(Over over, const Prepare& prepare) {
  const Listener listener = tcp_listener(over, 16, prepare);
  Fd a = tcp_socket(over);
  if (prepare) prepare(a);
  must("connect", connect(a, listener.address.data(), listener.address.length));
  Fd b(must("accept", accept(listener.fd, nullptr, nullptr)));
  return {std::move(a), std::move(b)};
}

void abortive_close(Fd& fd) {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  must("setsockopt(SO_LINGER)", setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort));
  fd.close();
}

void settle() {
  // More rounds than any exchange here has segments left to answer: the longest is the close of
  // both sides, four.
  constexpr int rounds = 8;
  const Fd fd(must("socket(SOCK_DGRAM)", socket(AF_INET, SOCK_DGRAM, 0)));
  const Address any_port = loopback(Over::ipv4);
  must("bind", bind(fd, any_port.data(), any_port.length));
  const Address self = local_address(fd);
  must("connect", connect(fd, self.data(), self.length));
  for (int i = 0; i < rounds; ++i) {
    char byte = 0;
    must("send to oneself", send(fd, &byte, 1, 0));
    must("recv from oneself", recv(fd, &byte, 1, 0));
  }
}

std::string tcp_state_name(int state) {
  static constexpr std::array<const char*, 13> names{
      "0",     "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
      "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};
  if (state < 0 || static_cast<size_t>(state) >= names.size()) return std::to_string(state);
  return names.at(static_cast<size_t>(state));
}

std::string tcp_state(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  must("getsockopt(TCP_INFO)", getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
  return tcp_state_name(info.tcpi_state);
}

void await(const std::string& what, const std::function<bool()>& reached) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  while (!reached()) {
    if (std::chrono::steady_clock::now() > deadline) throw Broken("waited in vain for " + what);
    pause_a_little();
  }
}

void await_state(int fd, const std::string& state) {
  await("the state " + state, [&] { return tcp_state(fd) == state; });
}

std::string end_state(const Address& local, const Address& remote) {
  const auto in_table = [](const Address& address) {
    sockaddr_in in{};
    std::memcpy(&in, &address.storage, sizeof in);
    std::array<char, 16> text{};
    // As net/ipv4/tcp_ipv4.c:get_tcp4_sock prints it: the address as it lies in memory.
    std::snprintf(text.data(), text.size(), "%08X:%04X", in.sin_addr.s_addr, ntohs(in.sin_port));
    return std::string(text.data());
  };
  const std::string ends = " " + in_table(local) + " " + in_table(remote) + " ";
  std::ifstream table("/proc/net/tcp");
  if (!table) throw Broken("/proc/net/tcp cannot be read");
  for (std::string line; std::getline(table, line);) {
    const size_t at = line.find(ends);
    if (at == std::string::npos) continue;
    return tcp_state_name(std::stoi(line.substr(at + ends.size(), 2), nullptr, 16));
  }
  return "gone";
}

std::chrono::seconds fin_timeout() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_fin_timeout");
  long seconds = 0;
  if (!(file >> seconds)) throw Broken("/proc/sys/net/ipv4/tcp_fin_timeout cannot be read");
  return std::chrono::seconds(seconds);
}

void fill(int fd) {
  const int flags = must("fcntl(F_GETFL)", fcntl(fd, F_GETFL));
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, flags | O_NONBLOCK));
  static const std::vector<char> bytes(65536);
  // Full is what stays full: until the window and the buffers have stopped to grow
  // (net/ipv4/tcp_input.c:tcp_rcv_space_adjust, :tcp_new_space), room comes back after EAGAIN.
  constexpr int quiet_looks = 20;
  for (int quiet = 0; quiet < quiet_looks; ++quiet) {
    for (const size_t length : {bytes.size(), size_t{1}}) {
      while (send(fd, bytes.data(), length, MSG_NOSIGNAL) > 0) quiet = 0;
      if (errno != EAGAIN) throw Broken("filling the send buffer: " + errno_name(errno));
    }
    settle();
    pause_a_little();
  }
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, flags));
}

long drain(int fd) {
  std::vector<char> bytes(65536);
  long total = 0;
  for (;;) {
    const ssize_t count = must("recv", recv(fd, bytes.data(), bytes.size(), 0));
    if (count == 0) return total;
    total += count;
  }
}

void must_send(int fd, size_t length, int flags) {
  const std::vector<char> bytes(length);
  const ssize_t count = must("send", send(fd, bytes.data(), length, flags | MSG_NOSIGNAL));
  if (static_cast<size_t>(count) != length) throw Broken("send: a short count");
}

void must_recv(int fd, size_t length, int flags) {
  std::vector<char> bytes(length);
  const ssize_t count = must("recv", recv(fd, bytes.data(), length, flags | MSG_WAITALL));
  if (static_cast<size_t>(count) != length) throw Broken("recv: a short count");
}

void must_shutdown(int fd, int how) {
  must("shutdown", shutdown(fd, how));
  await("the ACK of the FIN", [&] { return tcp_state(fd) != "FIN_WAIT1"; });
}

void set_option(int fd, int level, int name, int value) {
  must("setsockopt", setsockopt(fd, level, name, &value, sizeof value));
}

}  // namespace probe
