#include "probes/tools/segment.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <string>

#include "probes/tools/elapsed.h"

/// The scripted peer as far as it needs no kernel: packets, and segments in words.
namespace probe {
namespace {

Address ipv4(const char* text, uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  inet_pton(AF_INET, text, &in.sin_addr);
  Address address{.length = sizeof in};
  std::memcpy(&address.storage, &in, sizeof in);
  return address;
}

const Route over_ipv4{.from = ipv4("10.9.0.2", 7000), .to = ipv4("10.9.0.1", 40000)};
const Route over_ipv6{.from = loopback(Over::ipv6, 7000), .to = loopback(Over::ipv6, 40000)};

constexpr size_t ipv4_header = 20;
constexpr size_t ipv6_header = 40;
constexpr char protocol_tcp = 6;

Segment data_segment() {
  return {.flags = PSH | ACK, .seq = 0xfffffff0, .ack = 77, .window = 1000, .length = 5};
}

TEST(InternetChecksum, IsThatOfTheExampleInRfc1071) {
  EXPECT_EQ(internet_checksum({"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8}), htons(0x220d));
}

TEST(InternetChecksum, PadsAnOddOctetWithZero) {
  EXPECT_EQ(internet_checksum({"\x12", 1}), internet_checksum({"\x12\x00", 2}));
}

// A receiver sums up everything, the checksum too, and expects nothing to be left.
TEST(Packet, OverIpv4HasChecksumsThatAReceiverAccepts) {
  const std::string packet = packet_of(data_segment(), over_ipv4);
  const std::string tcp = packet.substr(ipv4_header);
  const std::string addresses = packet.substr(12, 8);
  const std::string pseudo =
      addresses + std::string{'\0', protocol_tcp, '\0', static_cast<char>(tcp.size())};
  EXPECT_EQ(internet_checksum(packet.substr(0, ipv4_header)), 0);
  EXPECT_EQ(internet_checksum(pseudo + tcp), 0);
}

TEST(Packet, OverIpv6HasAChecksumThatAReceiverAccepts) {
  const std::string packet = packet_of(data_segment(), over_ipv6);
  const std::string tcp = packet.substr(ipv6_header);
  const std::string addresses = packet.substr(8, 32);
  const std::string pseudo = addresses + std::string(3, '\0') + static_cast<char>(tcp.size()) +
                             std::string(3, '\0') + protocol_tcp;
  EXPECT_EQ(internet_checksum(pseudo + tcp), 0);
}

TEST(Packet, IsAsLongAsItsHeaderSays) {
  const std::string packet = packet_of(data_segment(), over_ipv4);
  EXPECT_EQ(packet.size(), ipv4_header + 20 + 5);
  EXPECT_EQ(packet.substr(2, 2), std::string("\x00\x2d", 2));
}

TEST(Packet, CarriesOptionsPaddedToWords) {
  const Segment syn{
      .flags = SYN, .mss = 1460, .sack_permitted = true, .timestamps = Timestamps{1, 2}};
  const std::string options = packet_of(syn, over_ipv4).substr(ipv4_header + 20);
  const std::string expected(
      "\x02\x04\x05\xb4"
      "\x04\x02"
      "\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02",
      16);
  EXPECT_EQ(options, expected);
}

class SegmentIn : public testing::TestWithParam<Over> {
 protected:
  static const Route& route() { return GetParam() == Over::ipv4 ? over_ipv4 : over_ipv6; }
};

TEST_P(SegmentIn, APacketIsTheOneThatWasPutIntoIt) {
  Segment written = data_segment();
  written.timestamps = Timestamps{.value = 1234, .echo = 4321};
  const auto read = segment_in(packet_of(written, route()), route());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->flags, written.flags);
  EXPECT_EQ(read->seq, written.seq);
  EXPECT_EQ(read->ack, written.ack);
  EXPECT_EQ(read->window, written.window);
  EXPECT_EQ(read->length, written.length);
  ASSERT_TRUE(read->timestamps);
  EXPECT_EQ(read->timestamps->value, 1234U);
  EXPECT_EQ(read->timestamps->echo, 4321U);
}

TEST_P(SegmentIn, APacketThatGoesTheOtherWayIsNoneOfOurs) {
  EXPECT_FALSE(
      segment_in(packet_of(data_segment(), route()), {.from = route().to, .to = route().from}));
}

TEST_P(SegmentIn, APacketCutShortIsNotReadBeyondItsEnd) {
  const std::string packet = packet_of(data_segment(), route());
  const size_t headers = packet.size() - 5;
  for (size_t length = 0; length < headers; ++length) {
    EXPECT_FALSE(segment_in(packet.substr(0, length), route())) << length;
  }
}

INSTANTIATE_TEST_SUITE_P(OverIpv4, SegmentIn, testing::Values(Over::ipv4));
INSTANTIATE_TEST_SUITE_P(OverIpv6, SegmentIn, testing::Values(Over::ipv6));

TEST(SegmentInAPacket, HasItsSackBlocks) {
  // packet_of() writes none. An option of timestamps is as long as one of a single block.
  Segment written = data_segment();
  written.timestamps = Timestamps{.value = 905, .echo = 910};
  std::string packet = packet_of(written, over_ipv4);
  packet.at(ipv4_header + 20) = '\x05';  // RFC 2018: kind 5, and length 10 with one block
  const auto read = segment_in(packet, over_ipv4);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->sack.size(), 1U);
  EXPECT_EQ(read->sack.front().left, 905U);
  EXPECT_EQ(read->sack.front().right, 910U);
}

TEST(SegmentInAPacket, IsNotFoundInAnIcmpError) {
  const std::string packet = packet_of(data_segment(), over_ipv4);
  EXPECT_FALSE(segment_in(unreachable_packet(Unreachable::port, packet, over_ipv4), over_ipv4));
}

TEST(IcmpError, OverIpv4QuotesTheHeaders) {
  const std::string packet = packet_of(data_segment(), over_ipv4);
  const std::string icmp =
      unreachable_packet(Unreachable::host, packet, over_ipv4).substr(ipv4_header);
  EXPECT_EQ(icmp.substr(0, 2), std::string("\x03\x01", 2));
  EXPECT_EQ(internet_checksum(icmp), 0);
  EXPECT_EQ(icmp.substr(8), packet.substr(0, ipv4_header + 20));
}

TEST(IcmpError, OverIpv6QuotesThePacket) {
  const std::string packet = packet_of(data_segment(), over_ipv6);
  const std::string icmp =
      unreachable_packet(Unreachable::port, packet, over_ipv6).substr(ipv6_header);
  EXPECT_EQ(icmp.substr(0, 2), std::string("\x01\x04", 2));
  EXPECT_EQ(icmp.substr(8), packet);
}

TEST(Words, SaySequenceNumbersRelativeToTheFirst) {
  EXPECT_EQ(words({.flags = SYN, .seq = 500}, 500, 900), "S 0:0");
  EXPECT_EQ(words({.flags = SYN | ACK, .seq = 500, .ack = 903}, 500, 900), "S. 0:0 ack 3");
  EXPECT_EQ(words({.flags = FIN | ACK, .seq = 501, .ack = 900}, 500, 900), "F. 1:0 ack 0");
  EXPECT_EQ(words({.flags = PSH | ACK, .seq = 501, .ack = 900, .length = 7}, 500, 900),
            "P. 1:7 ack 0");
}

TEST(Words, SayNoAcknowledgementWhereThereIsNone) {
  EXPECT_EQ(words({.flags = RST, .seq = 577, .ack = 1}, 500, 900), "R 77:0");
}

TEST(Words, NameSackBlocks) {
  EXPECT_EQ(
      words({.flags = ACK, .seq = 501, .ack = 900, .sack = {{905, 910}, {920, 925}}}, 500, 900),
      ". 1:0 ack 0 sack 5:10 sack 20:25");
}

TEST(Words, CountAcrossTheEndOfTheSequenceSpace) {
  EXPECT_EQ(words({.flags = ACK, .seq = 3, .ack = 899}, 0xfffffffe, 900), ". 5:0 ack -1");
}

// What a timer was set to, not when it went off.
TEST(TimerWords, RoundDownWhatIsLate) {
  using namespace std::chrono_literals;
  EXPECT_EQ(timer_words(0ms), "0 s");
  EXPECT_EQ(timer_words(208ms), "0.2 s");
  EXPECT_EQ(timer_words(1064ms), "1 s");
  EXPECT_EQ(timer_words(1680ms), "1.6 s");
  EXPECT_EQ(timer_words(2048ms), "2 s");
  EXPECT_EQ(timer_words(8640ms), "8 s");
  EXPECT_EQ(timer_words(16900ms), "16 s");
}

TEST(TimerWords, TakeATickThatIsMissingForWhole) {
  using namespace std::chrono_literals;
  EXPECT_EQ(timer_words(396ms), "0.4 s");
  EXPECT_EQ(timer_words(990ms), "1 s");
  EXPECT_EQ(timer_words(3990ms), "4 s");
}

TEST(Segment, SpansAnOctetForSynAndFinEach) {
  EXPECT_EQ((Segment{.flags = SYN, .length = 3}).span(), 4U);
  EXPECT_EQ((Segment{.flags = FIN | ACK}).span(), 1U);
  EXPECT_EQ((Segment{.flags = RST}).span(), 0U);
}

}  // namespace
}  // namespace probe
