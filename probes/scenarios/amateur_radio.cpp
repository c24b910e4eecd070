#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netax25/ax25.h>
#include <netinet/in.h>
#include <netrose/rose.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "The protocols of amateur radio: AX.25, and NET/ROM and ROSE over it. The last kernels to have "
    "them are those before 7.2. What Linux 3.16 answers follows from two rules:",
    {("A connection that the peer has ended in order leaves no error, only SEND_SHUTDOWN: EPIPE "
      "with SIGPIPE for send, ENOTCONN for recv (net/ax25/af_ax25.c:ax25_sendmsg, :ax25_recvmsg)."),
     ("Flags that send does not know are EINVAL, and MSG_NOSIGNAL is one of them: SIGPIPE cannot "
      "be asked not to come.")},
    ("Sockets connect within the machine: NET/ROM and ROSE hand such frames over by a timer, for "
     "AX.25 we are the ether ourselves.")};

// All three know only the first network namespace; on somebody's host we are in another.
Fd radio_socket(int family) {
  Fd fd(socket(family, SOCK_SEQPACKET, 0));
  if (fd < 0 && errno == EAFNOSUPPORT) {
    throw Unsupported("only the first network namespace has amateur radio");
  }
  must("socket", static_cast<int>(fd));
  return fd;
}

// An AX.25 address: six characters and a number below 16, each shifted by a bit.
ax25_address callsign(std::string_view call, int number) {
  ax25_address address{};
  for (size_t i = 0; i < 6; ++i) {
    const char character = i < call.size() ? call.at(i) : ' ';
    address.ax25_call[i] = static_cast<char>(character << 1);
  }
  address.ax25_call[6] = static_cast<char>(number << 1);
  return address;
}

ax25_address our_call() {
  return callsign("PIPE", 1);
}

ax25_address peer_call() {
  return callsign("PIPE", 2);
}

Fd control_socket() {
  return Fd(must("socket", socket(AF_INET, SOCK_DGRAM, 0)));
}

ifreq request_for(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return request;
}

int set_flags(int control, const std::string& interface, short flags) {
  ifreq request = request_for(interface);
  request.ifr_flags = flags;
  return ioctl(control, SIOCSIFFLAGS, &request);
}

template <class HardwareAddress>
void bring_up(int control, const std::string& interface, unsigned short type,
              const HardwareAddress& address) {
  ifreq request = request_for(interface);
  request.ifr_hwaddr.sa_family = type;
  static_assert(sizeof address <= sizeof request.ifr_hwaddr.sa_data);
  std::memcpy(request.ifr_hwaddr.sa_data, &address, sizeof address);
  must("ioctl(SIOCSIFHWADDR)", ioctl(control, SIOCSIFHWADDR, &request));
  must("ioctl(SIOCSIFFLAGS)", set_flags(control, interface, IFF_UP));
}

// A network interface that is up as long as it is in scope.
class Interface {
 public:
  template <class HardwareAddress>
  Interface(std::string name, unsigned short type, const HardwareAddress& address)
      : name_(std::move(name)) {
    bring_up(control_, name_, type, address);
  }
  Interface(const Interface&) = delete;
  Interface& operator=(const Interface&) = delete;
  ~Interface() { set_flags(control_, name_, 0); }

 private:
  Fd control_ = control_socket();
  std::string name_;
};

template <class Sockaddr>
Address address_of(const Sockaddr& sockaddr) {
  Address address;
  std::memcpy(&address.storage, &sockaddr, sizeof sockaddr);
  address.length = sizeof sockaddr;
  return address;
}

// Two ends of a connection within the machine, whose frames are on their way until `carry` has
// been called.
Pair radio_pair(int family, const Address& ours, const Address& peers, const Address& to,
                const std::function<void()>& carry) {
  const Fd listener = radio_socket(family);
  must("bind", bind(listener, peers.data(), peers.length));
  must("listen", listen(listener, 1));
  Fd a = radio_socket(family);
  must("bind", bind(a, ours.data(), ours.length));
  must("fcntl(F_SETFL)", fcntl(a, F_SETFL, O_NONBLOCK));
  if (connect(a, to.data(), to.length) < 0 && errno != EINPROGRESS) {
    throw Broken("connect: " + errno_name(errno));
  }
  await("a connection", [&] {
    carry();
    pollfd connecting{.fd = a, .events = POLLOUT, .revents = 0};
    return ::poll(&connecting, 1, 0) == 1;
  });
  must("fcntl(F_SETFL)", fcntl(a, F_SETFL, 0));
  Fd b(must("accept", accept(listener, nullptr, nullptr)));
  return {std::move(a), std::move(b)};
}

void peer_closes(Trace& trace, Pair pair, const std::function<void()>& carry) {
  pair.b.close();
  await("the peer's farewell", [&] {
    carry();
    pollfd ended{.fd = pair.a, .events = 0, .revents = 0};
    return ::poll(&ended, 1, 0) == 1;
  });
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a, 1, MSG_NOSIGNAL);
  trace.recv(pair.a);
  trace.so_error(pair.a);
}

// --- AX.25 --------------------------------------------------------------------------------------

// An Ethernet that sends back what it is sent, over which the kernel runs AX.25
// (drivers/net/hamradio/bpqether.c). It stays: Linux 5.10 loses count of who holds the AX.25
// device, and a process that takes it away waits for ever.
class Ether {
 public:
  Ether() {
    const std::string name = "brokenpipe0";
    ifreq request = request_for(name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    must("ioctl(TUNSETIFF)", ioctl(tap_, TUNSETIFF, &request));
    must("ioctl(TUNSETPERSIST)", ioctl(tap_, TUNSETPERSIST, 1));
    must("ioctl(SIOCSIFFLAGS)", set_flags(control_socket(), name, IFF_UP));
  }

  void echo() const {
    constexpr uint16_t bpq = 0x08ff;  // include/uapi/linux/if_ether.h:ETH_P_BPQ
    std::array<unsigned char, 2048> frame{};
    ssize_t length = 0;
    while ((length = read(tap_, frame.data(), frame.size())) > 0) {
      if ((frame[12] << 8 | frame[13]) != bpq) continue;  // IPv6 is there too
      must("write(/dev/net/tun)", write(tap_, frame.data(), static_cast<size_t>(length)));
    }
  }

 private:
  Fd tap_ = Fd(must("open(/dev/net/tun)", open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)));
};

// A station by its callsign, on the device of this address.
Address ax25_station(const ax25_address& call, const ax25_address& device) {
  full_sockaddr_ax25 station{};
  station.fsa_ax25.sax25_family = AF_AX25;
  station.fsa_ax25.sax25_call = call;
  station.fsa_ax25.sax25_ndigis = 1;
  station.fsa_digipeater[0] = device;
  return address_of(station);
}

Address ax25_destination(const ax25_address& call) {
  sockaddr_ax25 station{};
  station.sax25_family = AF_AX25;
  station.sax25_call = call;
  return address_of(station);
}

void ax25_peer_closed(Trace& trace) {
  radio_socket(AF_AX25);
  const Ether ether;
  bring_up(control_socket(), "bpq0", ARPHRD_AX25, our_call());
  const auto carry = [&] { ether.echo(); };
  peer_closes(
      trace,
      radio_pair(AF_AX25, ax25_station(our_call(), our_call()),
                 ax25_station(peer_call(), our_call()), ax25_destination(peer_call()), carry),
      carry);
}
const Register ax25_peer_closed_entry{{
    .id = "ax25/ax25-peer-closed",
    .asks = "What does an AX.25 socket get whose peer has closed?",
    .grounds = {"net/ax25/ax25_std_in.c:ax25_std_state3_machine",
                "net/ax25/ax25_subr.c:ax25_disconnect", "net/ax25/af_ax25.c:ax25_sendmsg"},
    .needs = {"ax25"},
    .own_machine = true,
    .last = true,
    .run = ax25_peer_closed,
}};

// --- NET/ROM ------------------------------------------------------------------------------------

const auto by_timer = [] {};

void netrom_peer_closed(Trace& trace) {
  radio_socket(AF_NETROM);
  const Interface ours("nr0", ARPHRD_NETROM, our_call());
  const Interface peers("nr1", ARPHRD_NETROM, peer_call());
  sockaddr_ax25 at_us{};
  at_us.sax25_family = AF_NETROM;
  at_us.sax25_call = our_call();
  sockaddr_ax25 at_peer = at_us;
  at_peer.sax25_call = peer_call();
  peer_closes(
      trace,
      radio_pair(AF_NETROM, address_of(at_us), address_of(at_peer), address_of(at_peer), by_timer),
      by_timer);
}
const Register netrom_peer_closed_entry{{
    .id = "netrom/netrom-peer-closed",
    .asks = "What does a NET/ROM socket get whose peer has closed?",
    .grounds = {"net/netrom/nr_in.c:nr_state3_machine", "net/netrom/nr_subr.c:nr_disconnect",
                "net/netrom/af_netrom.c:nr_sendmsg"},
    .needs = {"netrom"},
    .own_machine = true,
    .run = netrom_peer_closed,
}};

// --- ROSE ---------------------------------------------------------------------------------------

void rose_peer_closed(Trace& trace) {
  radio_socket(AF_ROSE);
  constexpr rose_address node{{0x12, 0x34, 0x56, 0x12, 0x34}};
  const Interface device("rose0", ARPHRD_ROSE, node);
  sockaddr_rose at_us{};
  at_us.srose_family = AF_ROSE;
  at_us.srose_addr = node;
  at_us.srose_call = our_call();
  sockaddr_rose at_peer = at_us;
  at_peer.srose_call = peer_call();
  peer_closes(
      trace,
      radio_pair(AF_ROSE, address_of(at_us), address_of(at_peer), address_of(at_peer), by_timer),
      by_timer);
}
const Register rose_peer_closed_entry{{
    .id = "rose/rose-peer-closed",
    .asks = "What does a ROSE socket get whose peer has closed?",
    .grounds = {"net/rose/rose_in.c:rose_state3_machine", "net/rose/rose_subr.c:rose_disconnect",
                "net/rose/af_rose.c:rose_sendmsg"},
    .needs = {"rose"},
    .own_machine = true,
    .run = rose_peer_closed,
}};

}  // namespace
}  // namespace probe
