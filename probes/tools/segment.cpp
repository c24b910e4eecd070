#include "probes/tools/segment.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>

namespace probe {
namespace {

constexpr uint8_t hop_limit = 64;
constexpr uint8_t timestamps_length = 10;
constexpr size_t sack_block_length = 8;

bool is_ipv6(const Route& route) {
  return route.from.storage.ss_family == AF_INET6;
}

template <class Sockaddr>
Sockaddr as(const Address& address) {
  Sockaddr typed{};
  std::memcpy(&typed, &address.storage, sizeof typed);
  return typed;
}

// In network order, as it stands at the same place in both kinds of sockaddr.
in_port_t port_of(const Address& address) {
  return as<sockaddr_in>(address).sin_port;
}

template <class Value>
std::string octets_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string octets16(uint16_t value) {
  return octets_of(htons(value));
}

std::string octets32(uint32_t value) {
  return octets_of(htonl(value));
}

std::string octet(uint8_t value) {
  return {static_cast<char>(value)};
}

template <class Header>
Header header_at(const std::string& packet, size_t at) {
  Header header{};
  std::memcpy(&header, packet.data() + at, sizeof header);
  return header;
}

void put16(std::string& octets, size_t at, uint16_t value) {
  octets.replace(at, sizeof value, octets_of(value));
}

std::string options_of(const Segment& segment) {
  std::string options;
  if (segment.mss) options += octet(TCPOPT_MAXSEG) + octet(TCPOLEN_MAXSEG) + octets16(*segment.mss);
  if (segment.sack_permitted) options += octet(TCPOPT_SACK_PERMITTED) + octet(2);
  if (segment.timestamps) {
    options += octet(TCPOPT_TIMESTAMP) + octet(timestamps_length) +
               octets32(segment.timestamps->value) + octets32(segment.timestamps->echo);
  }
  options.resize((options.size() + 3) / 4 * 4, TCPOPT_NOP);
  return options;
}

void read_options(const std::string& options, Segment& segment) {
  const auto number = [&](size_t at) { return ntohl(header_at<uint32_t>(options, at)); };
  size_t at = 0;
  while (at < options.size() && options.at(at) != TCPOPT_EOL) {
    if (options.at(at) == TCPOPT_NOP) {
      ++at;
      continue;
    }
    const size_t length = at + 1 < options.size() ? static_cast<uint8_t>(options.at(at + 1)) : 0;
    if (length < 2 || at + length > options.size()) return;
    if (options.at(at) == TCPOPT_TIMESTAMP && length == timestamps_length) {
      segment.timestamps = Timestamps{.value = number(at + 2), .echo = number(at + 6)};
    }
    if (options.at(at) == TCPOPT_SACK) {
      for (size_t block = at + 2; block + sack_block_length <= at + length;
           block += sack_block_length) {
        segment.sack.push_back({.left = number(block), .right = number(block + 4)});
      }
    }
    at += length;
  }
}

// RFC 793 and RFC 8200: what the checksum covers beside the segment itself.
std::string pseudo_header(const Route& route, uint8_t protocol, size_t length) {
  if (!is_ipv6(route)) {
    return octets_of(as<sockaddr_in>(route.from).sin_addr) +
           octets_of(as<sockaddr_in>(route.to).sin_addr) + octets16(protocol) +
           octets16(static_cast<uint16_t>(length));
  }
  return octets_of(as<sockaddr_in6>(route.from).sin6_addr) +
         octets_of(as<sockaddr_in6>(route.to).sin6_addr) + octets32(static_cast<uint32_t>(length)) +
         octets32(protocol);
}

std::string ip_header(const Route& route, uint8_t protocol, size_t length) {
  if (is_ipv6(route)) {
    ip6_hdr header{};
    header.ip6_flow = htonl(6U << 28U);
    header.ip6_plen = htons(static_cast<uint16_t>(length));
    header.ip6_nxt = protocol;
    header.ip6_hlim = hop_limit;
    header.ip6_src = as<sockaddr_in6>(route.from).sin6_addr;
    header.ip6_dst = as<sockaddr_in6>(route.to).sin6_addr;
    return octets_of(header);
  }
  iphdr header{};
  header.version = 4;
  header.ihl = sizeof header / 4;
  header.tot_len = htons(static_cast<uint16_t>(sizeof header + length));
  header.ttl = hop_limit;
  header.protocol = protocol;
  header.saddr = as<sockaddr_in>(route.from).sin_addr.s_addr;
  header.daddr = as<sockaddr_in>(route.to).sin_addr.s_addr;
  header.check = internet_checksum(octets_of(header));
  return octets_of(header);
}

// Where TCP begins in a packet, if it is TCP and all of its header is there.
std::optional<size_t> tcp_at(const std::string& packet) {
  if (packet.empty()) return std::nullopt;
  const int version = static_cast<uint8_t>(packet.front()) >> 4;
  size_t at = 0;
  if (version == 4 && packet.size() >= sizeof(iphdr)) {
    const auto ip = header_at<iphdr>(packet, 0);
    if (ip.protocol != IPPROTO_TCP) return std::nullopt;
    at = size_t{4} * ip.ihl;
  } else if (version == 6 && packet.size() >= sizeof(ip6_hdr)) {
    if (header_at<ip6_hdr>(packet, 0).ip6_nxt != IPPROTO_TCP) return std::nullopt;
    at = sizeof(ip6_hdr);
  } else {
    return std::nullopt;
  }
  if (packet.size() < at + sizeof(tcphdr)) return std::nullopt;
  return at;
}

}  // namespace

uint32_t Segment::span() const {
  return static_cast<uint32_t>(length) + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
}

uint16_t internet_checksum(const std::string& octets) {
  uint32_t sum = 0;
  for (size_t at = 0; at < octets.size(); ++at) {
    const auto value = static_cast<uint8_t>(octets.at(at));
    sum += at % 2 == 0 ? static_cast<uint32_t>(value) << 8U : value;
  }
  while (sum > UINT16_MAX) sum = (sum & UINT16_MAX) + (sum >> 16U);
  return htons(static_cast<uint16_t>(~sum));
}

std::string packet_of(const Segment& segment, const Route& route) {
  const std::string options = options_of(segment);
  tcphdr header{};
  header.source = port_of(route.from);
  header.dest = port_of(route.to);
  header.seq = htonl(segment.seq);
  header.ack_seq = htonl(segment.ack);
  header.doff = static_cast<uint8_t>((sizeof header + options.size()) / 4) & 0xFU;
  header.th_flags = segment.flags;
  header.window = htons(segment.window);
  std::string tcp = octets_of(header) + options + std::string(segment.length, '\0');
  put16(tcp, offsetof(tcphdr, check),
        internet_checksum(pseudo_header(route, IPPROTO_TCP, tcp.size()) + tcp));
  return ip_header(route, IPPROTO_TCP, tcp.size()) + tcp;
}

std::optional<Segment> segment_in(const std::string& packet, const Route& route) {
  const std::optional<size_t> at = tcp_at(packet);
  if (!at) return std::nullopt;
  const auto header = header_at<tcphdr>(packet, *at);
  if (header.source != port_of(route.from) || header.dest != port_of(route.to)) return std::nullopt;
  const size_t data_at = *at + size_t{4} * header.doff;
  if (data_at > packet.size()) return std::nullopt;
  Segment segment{.flags = header.th_flags,
                  .seq = ntohl(header.seq),
                  .ack = ntohl(header.ack_seq),
                  .window = ntohs(header.window),
                  .length = packet.size() - data_at};
  const size_t options_at = *at + sizeof header;
  if (data_at > options_at) read_options(packet.substr(options_at, data_at - options_at), segment);
  return segment;
}

std::string unreachable_packet(Unreachable what, const std::string& packet, const Route& route) {
  // ICMP quotes eight octets after the IP header at least (RFC 792), here a TCP header without
  // options; ICMPv6 as much as fits.
  constexpr size_t quoted = sizeof(iphdr) + sizeof(tcphdr);
  constexpr size_t checksum_at = 2;
  if (!is_ipv6(route)) {
    const uint8_t code = what == Unreachable::host ? ICMP_HOST_UNREACH : ICMP_PORT_UNREACH;
    std::string icmp =
        octet(ICMP_DEST_UNREACH) + octet(code) + std::string(6, '\0') + packet.substr(0, quoted);
    put16(icmp, checksum_at, internet_checksum(icmp));
    return ip_header(route, IPPROTO_ICMP, icmp.size()) + icmp;
  }
  const uint8_t code =
      what == Unreachable::host ? ICMP6_DST_UNREACH_ADDR : ICMP6_DST_UNREACH_NOPORT;
  std::string icmp = octet(ICMP6_DST_UNREACH) + octet(code) + std::string(6, '\0') + packet;
  put16(icmp, checksum_at,
        internet_checksum(pseudo_header(route, IPPROTO_ICMPV6, icmp.size()) + icmp));
  return ip_header(route, IPPROTO_ICMPV6, icmp.size()) + icmp;
}

std::string words(const Segment& segment, uint32_t first_seq, uint32_t first_ack) {
  struct Letter {
    TcpFlag flag;
    char letter;
  };
  static constexpr Letter letters[] = {{SYN, 'S'}, {FIN, 'F'}, {RST, 'R'},
                                       {PSH, 'P'}, {URG, 'U'}, {ACK, '.'}};
  // Before the first octet is -1, not four thousand million.
  const auto relative = [](uint32_t number, uint32_t first) {
    return std::to_string(static_cast<int32_t>(number - first));
  };
  std::string text;
  for (const Letter& one : letters) {
    if (segment.has(one.flag)) text += one.letter;
  }
  text += " " + relative(segment.seq, first_seq) + ":" + std::to_string(segment.length);
  if (segment.has(ACK)) text += " ack " + relative(segment.ack, first_ack);
  for (const SackBlock& block : segment.sack) {
    text += " sack " + relative(block.left, first_ack) + ":" + relative(block.right, first_ack);
  }
  return text;
}

}  // namespace probe
