#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/tools/net.h"

/// TCP segments as bytes of a packet, and in words. Nothing here makes a system call.
namespace probe {

/// The bits of a TCP header's thirteenth octet (RFC 793).
enum TcpFlag : uint8_t { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10, URG = 0x20 };

/// RFC 7323.
struct Timestamps {
  uint32_t value = 0;
  uint32_t echo = 0;
};

/// RFC 2018: the octets from `left` up to, not including, `right` have been received.
struct SackBlock {
  uint32_t left = 0;
  uint32_t right = 0;
};

/// Sequence numbers are those of the wire.
struct Segment {
  uint8_t flags = 0;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint16_t window = 65535;
  size_t length = 0;  ///< of the data, which is zeros
  std::optional<uint16_t> mss = {};
  bool sack_permitted = false;
  std::optional<Timestamps> timestamps = {};
  std::vector<SackBlock> sack = {};  ///< read, never written

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
  /// How far it moves the sequence: SYN and FIN count as an octet each.
  uint32_t span() const;
};

/// Where a packet comes from and goes to: both AF_INET or both AF_INET6, with ports.
struct Route {
  Address from;
  Address to;
};

/// A packet as it goes over the wire, from the IP header on, with its checksums.
std::string packet_of(const Segment& segment, const Route& route);

/// The TCP segment in a packet from the IP header on, if it goes this way: same ports and, as a
/// connection on loopback has them to itself, nothing else looked at.
std::optional<Segment> segment_in(const std::string& packet, const Route& route);

/// What an ICMP error says could not be reached.
enum class Unreachable { host, port };

/// The packet of an ICMP error (ICMPv6 over IPv6) that quotes as much of `packet` as routers do.
std::string unreachable_packet(Unreachable what, const std::string& packet, const Route& route);

/// `. 1:0 ack 5`: flags (S F R P U, then a dot for ACK), relative sequence number, length, and, if
/// it carries an ACK, the relative acknowledgement; ` sack 5:10` for each SACK block.
std::string words(const Segment& segment, uint32_t first_seq, uint32_t first_ack);

/// The Internet checksum (RFC 1071) of 16-bit words in network order; an odd octet counts as if a
/// zero followed.
uint16_t internet_checksum(const std::string& octets);

}  // namespace probe
