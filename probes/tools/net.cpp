#include "probes/tools/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
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

#include "probes/base/must.h"
#include "probes/base/sysctl.h"

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

Address ipv4_address(const char* text, uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  if (inet_pton(AF_INET, text, &in.sin_addr) != 1) throw Broken("inet_pton");
  Address address{.length = sizeof in};
  std::memcpy(&address.storage, &in, sizeof in);
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

Fd inet_socket(int type, int protocol) {
  return Fd(must("socket", socket(AF_INET, type, protocol)));
}

namespace {

void bind_to_loopback(const Fd& fd, Over over) {
  const Address any_port = loopback(over);
  must("bind", bind(fd, any_port.data(), any_port.length));
}

Listener listen_on(Fd fd, Over over, int backlog, const Prepare& prepare) {
  if (prepare) prepare(fd);
  bind_to_loopback(fd, over);
  must("listen", listen(fd, backlog));
  const Address address = local_address(fd);
  return {std::move(fd), address};
}

Pair connect_to(const Listener& listener, Fd a, const Prepare& prepare) {
  if (prepare) prepare(a);
  must("connect", connect(a, listener.address.data(), listener.address.length));
  Fd b(must("accept", accept(listener.fd, nullptr, nullptr)));
  return {std::move(a), std::move(b)};
}

constexpr int usual_backlog = 16;

}  // namespace

Listener tcp_listener(Over over, int backlog, const Prepare& prepare) {
  return listen_on(tcp_socket(over), over, backlog, prepare);
}

Listener inet_listener(int type, int protocol, const Prepare& prepare) {
  return listen_on(inet_socket(type, protocol), Over::ipv4, usual_backlog, prepare);
}

Listener silent_listener() {
  return tcp_listener(Over::ipv4, usual_backlog, deafen);
}

ClosedPort closed_port(Over over) {
  Fd fd = tcp_socket(over);
  bind_to_loopback(fd, over);
  const Address address = local_address(fd);
  return {std::move(fd), address};
}

Fd connecting_socket(const Address& to) {
  Fd fd = tcp_socket();
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, O_NONBLOCK));
  if (connect(fd, to.data(), to.length) == 0 || errno != EINPROGRESS) {
    throw Broken("a connect that does not block did not begin");
  }
  settle();
  return fd;
}

Pair tcp_pair(Over over, const Prepare& prepare) {
  return connect_to(tcp_listener(over, usual_backlog, prepare), tcp_socket(over), prepare);
}

Pair inet_pair(int type, int protocol, const Prepare& prepare) {
  return connect_to(inet_listener(type, protocol, prepare), inet_socket(type, protocol), prepare);
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

void await(const std::string& what, const std::function<bool()>& reached) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  while (!reached()) {
    if (std::chrono::steady_clock::now() > deadline) throw Broken("waited in vain for " + what);
    pause_a_little();
  }
}

void await_events(int fd, short events) {
  await("an event of poll", [&] {
    pollfd polled{.fd = fd, .events = events, .revents = 0};
    return must("poll", ::poll(&polled, 1, 0)) == 1 && (polled.revents & events) != 0;
  });
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
  return std::chrono::seconds(read_sysctl("net.ipv4.tcp_fin_timeout"));
}

void deafen(int fd) {
  // Asked before the socket is: net/ipv4/tcp_ipv4.c:tcp_v4_rcv, sk_filter().
  sock_filter keep_nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &keep_nothing};
  must("setsockopt(SO_ATTACH_FILTER)",
       setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

namespace {

// Full is what stays full: until the window and the buffers have stopped to grow
// (net/ipv4/tcp_input.c:tcp_rcv_space_adjust, :tcp_new_space), room comes back after EAGAIN.
void fill_by(int fd, std::initializer_list<size_t> lengths) {
  static const std::vector<char> bytes(65536);
  constexpr int quiet_looks = 20;
  for (int quiet = 0; quiet < quiet_looks; ++quiet) {
    for (const size_t length : lengths) {
      while (send(fd, bytes.data(), length, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) quiet = 0;
      if (errno != EAGAIN) throw Broken("filling the send buffer: " + errno_name(errno));
    }
    settle();
    pause_a_little();
  }
}

}  // namespace

void fill(int fd) {
  fill_by(fd, {65536, 1});
}

void fill_with_messages(int fd, size_t length) {
  fill_by(fd, {length});
}

void fill_closed_window(int fd) {
  fill(fd);
  // A window of less than a segment is kept for the first probe, which fills it and so makes room
  // here once more (net/ipv4/tcp_output.c:tcp_write_wakeup). The back-off of the probes grows
  // while the window stays closed (net/ipv4/tcp_input.c:tcp_ack_probe).
  await("a probe of the closed window", [&] { return tcp_info_of(fd).tcpi_backoff > 0; });
  fill(fd);
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

void close_leaving_bucket(Fd& fd) {
  must_shutdown(fd, SHUT_WR);
  fd.close();
}

}  // namespace probe
