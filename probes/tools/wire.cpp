#include "probes/tools/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "probes/base/must.h"
#include "probes/tools/elapsed.h"

namespace probe {
namespace {

constexpr const char* kernel_ipv4 = "10.9.0.1";
constexpr const char* peer_ipv4 = "10.9.0.2";
constexpr const char* one_host = "255.255.255.255";

// Any numbers do. Not zero, so that a number that nobody set is noticed.
constexpr uint32_t first_sequence = 100'000;
constexpr uint16_t first_port = 7000;
constexpr uint16_t segment_size = 1460;

using Clock = std::chrono::steady_clock;

void put_address(sockaddr& into, const char* text) {
  const Address address = ipv4_address(text);
  std::memcpy(&into, &address.storage, sizeof into);
}

rtentry route_to_peers() {
  rtentry route{};
  put_address(route.rt_dst, peer_ipv4);
  put_address(route.rt_genmask, one_host);
  route.rt_flags = RTF_UP | RTF_HOST;
  return route;
}

// Done again for every peer: that it is there already is no failure.
void lay_route_to_peers() {
  const Fd fd(must("socket", socket(AF_INET, SOCK_DGRAM, 0)));
  ifreq alias{.ifr_ifrn = {"lo:1"}, .ifr_ifru = {}};
  put_address(alias.ifr_addr, kernel_ipv4);
  must("ioctl(SIOCSIFADDR)", ioctl(fd, SIOCSIFADDR, &alias));
  // The address alone would come with all of 10.0.0.0/8.
  put_address(alias.ifr_netmask, one_host);
  must("ioctl(SIOCSIFNETMASK)", ioctl(fd, SIOCSIFNETMASK, &alias));
  std::array<char, IFNAMSIZ> lo{"lo"};
  rtentry route = route_to_peers();
  route.rt_dev = lo.data();
  if (ioctl(fd, SIOCADDRT, &route) < 0 && errno != EEXIST) {
    throw Broken("ioctl(SIOCADDRT): " + errno_name(errno));
  }
}

// A port from which the kernel never answers, not even by a RST.
Fd muzzled_listener() {
  Fd fd = tcp_socket(Over::ipv6);
  deafen(fd);
  const Address any_port = loopback(Over::ipv6);
  must("bind", bind(fd, any_port.data(), any_port.length));
  must("listen", listen(fd, 1));
  return fd;
}

}  // namespace

Scenario scripted(Scenario scenario) {
  scenario.needs.insert(scenario.needs.end(), {"net_raw", "packet"});
  scenario.own_network = true;
  return scenario;
}

std::vector<Scenario> scripted_over_both(const Scenario& scenario, void (*run)(Trace&, Over)) {
  Scenario ipv4 = scripted(scenario);
  ipv4.run = [run](Trace& trace) { run(trace, Over::ipv4); };
  Scenario ipv6 = scripted(scenario);
  ipv6.id += "+ipv6";
  ipv6.asks = "Over IPv6: " + ipv6.asks;
  ipv6.needs.emplace_back("ipv6");
  ipv6.run = [run](Trace& trace) { run(trace, Over::ipv6); };
  return {ipv4, ipv6};
}

void remove_route_to_peers() {
  const Fd fd(must("socket", socket(AF_INET, SOCK_DGRAM, 0)));
  rtentry route = route_to_peers();
  must("ioctl(SIOCDELRT)", ioctl(fd, SIOCDELRT, &route));
}

Peer::Peer(const Options& options) : options_(options), send_next_(first_sequence) {
  if (options_.over == Over::ipv4) {
    lay_route_to_peers();
    static uint16_t next_port = first_port;
    kernel_ = ipv4_address(kernel_ipv4);
    peer_ = ipv4_address(peer_ipv4, next_port++);
  } else {
    muzzled_ = muzzled_listener();
    kernel_ = loopback(options_.over);
    peer_ = local_address(muzzled_);
  }
  raw_ = Fd(must("socket(SOCK_RAW)", socket(kernel_.storage.ss_family, SOCK_RAW, IPPROTO_RAW)));
  // Not ETH_P_IP: a socket for one protocol sees nothing that goes out
  // (net/core/dev.c:dev_queue_xmit_nit).
  sniffer_ = Fd(
      must("socket(AF_PACKET)", socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_ALL))));
}

Fd Peer::socket_at_kernel() const {
  Fd fd = tcp_socket(options_.over);
  must("bind", bind(fd, kernel_.data(), kernel_.length));
  return fd;
}

Listener Peer::listener() const {
  constexpr int backlog = 16;
  Fd fd = socket_at_kernel();
  must("listen", listen(fd, backlog));
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, O_NONBLOCK));
  const Address address = local_address(fd);
  return {std::move(fd), address};
}

void Peer::talk_to(const Address& kernel) {
  kernel_ = kernel;
}

Fd Peer::accepted() {
  const Listener waiting = listener();
  talk_to(waiting.address);
  say({.flags = SYN});
  await_segment();
  acknowledge();
  return Fd(must("accept", accept4(waiting.fd, nullptr, nullptr, SOCK_NONBLOCK)));
}

Fd Peer::connecting(const Prepare& prepare) {
  Fd fd = socket_at_kernel();
  if (prepare) prepare(fd);
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, O_NONBLOCK));
  talk_to(local_address(fd));
  if (connect(fd, peer_.data(), peer_.length) != 0 && errno != EINPROGRESS) {
    throw Broken("connect: " + errno_name(errno));
  }
  await_segment();
  return fd;
}

void Peer::deliver(const Said& said) {
  say(said);
  await("the kernel's ACK", [&] {
    collect();
    return kernel_ack_ == send_next_;
  });
  news_.clear();
}

void Peer::await_segment() {
  await("a segment of the kernel", [&] {
    collect();
    return !news_.empty();
  });
  news_.clear();
}

void Peer::acknowledge() {
  inject({});
}

int32_t Peer::ack_of_syn() {
  collect();
  return static_cast<int32_t>(kernel_first_.value_or(0) + 1 - kernel_next_);
}

void Peer::say(const Said& said) {
  inject(said);
  send_next_ += Segment{.flags = said.flags, .length = said.length}.span();
}

void Peer::inject(const Said& said) {
  collect();
  news_.clear();
  Segment segment{.flags = said.flags,
                  .seq = send_next_ + static_cast<uint32_t>(said.seq),
                  .window = said.window,
                  .length = said.length};
  if (segment.has(ACK)) segment.ack = kernel_next_ + static_cast<uint32_t>(said.ack);
  if (segment.has(SYN)) {
    segment.mss = segment_size;
    segment.sack_permitted = options_.sack;
  }
  if (options_.timestamps) {
    segment.timestamps = Timestamps{.value = ++clock_ + static_cast<uint32_t>(said.timestamp),
                                    .echo = kernel_clock_};
  }
  transmit(packet_of(segment, {.from = peer_, .to = kernel_}));
}

void Peer::unreachable(Unreachable what) {
  collect();
  news_.clear();
  transmit(unreachable_packet(what, last_packet_, {.from = peer_, .to = kernel_}));
}

void Peer::transmit(const std::string& packet) {
  Address to = kernel_;
  // In a raw socket's address the port is the protocol (net/ipv6/raw.c:rawv6_sendmsg). It stands
  // at the same place over IPv4.
  reinterpret_cast<sockaddr_in6*>(to.data())->sin6_port = 0;
  must("sendto(SOCK_RAW)", sendto(raw_, packet.data(), packet.size(), 0, to.data(), to.length));
  settle();
}

void Peer::collect() {
  static std::array<char, 1U << 17U> buffer;  // the largest packet on loopback, and more
  for (;;) {
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t count = recvfrom(sniffer_, buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (count < 0 && errno == EAGAIN) return;
    must("recvfrom(AF_PACKET)", count);
    // On loopback everything is seen twice: as it goes out and as it comes in.
    if (from.sll_pkttype != PACKET_OUTGOING) continue;
    std::string packet(buffer.data(), static_cast<size_t>(count));
    const auto segment = segment_in(packet, {.from = kernel_, .to = peer_});
    if (!segment) continue;
    last_packet_ = std::move(packet);
    heard_.push_back({Clock::now(), *segment});
    note(*segment);
  }
}

void Peer::note(const Segment& segment) {
  if (!kernel_first_) {
    kernel_first_ = segment.seq;
    kernel_next_ = segment.seq;
  }
  const bool repeated = is_repeated(segment);
  if (segment.has(SYN) && segment.has(ACK)) syn_ack_seen_ = true;
  if (segment.seq == kernel_next_) kernel_next_ += segment.span();
  if (segment.has(ACK)) kernel_ack_ = segment.ack;
  if (segment.timestamps) kernel_clock_ = segment.timestamps->value;
  if (!repeated) news_.push_back(segment);
}

bool Peer::is_repeated(const Segment& segment) const {
  if (segment.has(SYN)) return segment.has(ACK) && syn_ack_seen_;
  const uint32_t end = segment.seq + segment.span();
  return segment.span() > 0 && static_cast<int32_t>(end - kernel_next_) <= 0;
}

bool Peer::hears(std::chrono::milliseconds within) {
  const size_t before = heard_.size();
  const Clock::time_point deadline = Clock::now() + within;
  for (auto left = within; heard_.size() == before && left.count() > 0;
       left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now())) {
    pollfd polled{.fd = sniffer_, .events = POLLIN, .revents = 0};
    must("poll", ::poll(&polled, 1, static_cast<int>(left.count())));
    collect();
  }
  return heard_.size() != before;
}

void Peer::start_the_clock() {
  collect();
  heard_.clear();
  clock_started_ = Clock::now();
}

void Peer::listen_until_closed(int fd, std::chrono::milliseconds at_most,
                               const std::optional<Said>& answer) {
  const Clock::time_point deadline = Clock::now() + at_most;
  std::array<pollfd, 2> polled{
      {{.fd = sniffer_, .events = POLLIN, .revents = 0}, {.fd = fd, .events = 0, .revents = 0}}};
  for (auto left = at_most; (polled[1].revents & POLLHUP) == 0 && left.count() > 0;
       left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now())) {
    must("poll", ::poll(polled.data(), polled.size(), static_cast<int>(left.count())));
    const size_t before = heard_.size();
    collect();
    if (answer && heard_.size() != before) inject(*answer);
  }
}

std::vector<std::string> Peer::take_heard() {
  collect();
  std::vector<std::string> said;
  Clock::time_point before = clock_started_;
  for (const Heard& heard : heard_) {
    said.push_back("+" + timer_words(heard.at - before) + " " +
                   words(heard.segment, kernel_first_.value_or(0), first_sequence + 1));
    before = heard.at;
  }
  return said;
}

std::chrono::nanoseconds Peer::silence() const {
  return Clock::now() - (heard_.empty() ? clock_started_ : heard_.back().at);
}

std::vector<std::string> Peer::take_news() {
  collect();
  std::vector<std::string> seen;
  for (const Segment& segment : news_) {
    seen.push_back(words(segment, kernel_first_.value_or(0), first_sequence + 1));
  }
  news_.clear();
  return seen;
}

void wire(Trace trace, Peer& peer) {
  settle();
  trace.look("wire", "packets", "", Json::object({{"segments", Json::strings(peer.take_news())}}));
}

void wire_in_time(Trace trace, Peer& peer) {
  trace.look("wire", "packets", "with times",
             Json::object({{"segments", Json::strings(peer.take_heard())}}));
}

}  // namespace probe
