#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/base/fd.h"
#include "probes/frame/scenario.h"
#include "probes/frame/trace.h"
#include "probes/tools/net.h"
#include "probes/tools/segment.h"

/// The scripted peer: the running kernel's TCP at one end of a connection, a scenario at the other,
/// which says segment by segment what comes over the wire, and records what the kernel answers.
///
///     Peer peer;
///     const Fd a = peer.accepted();
///     peer.inject({.flags = RST, .seq = 1});
///     wire(trace, peer);
///     trace.send(a);
///
/// Segments are put onto `lo` through a raw socket and seen there by a packet socket. What keeps
/// the kernel from answering in the script's place:
///  - IPv4: it is 10.9.0.1, an alias on `lo`; the peer is 10.9.0.2, a host behind `lo` that is not
///    there, so that what goes to it is dropped (net/ipv4/route.c:__mkroute_output, dst_discard).
///  - IPv6 knows no route over `lo` but local ones (net/ipv6/route.c:ip6_route_add). There both are
///    ::1, and the peer's port is held by a listener whose filter drops everything
///    (net/ipv6/tcp_ipv6.c:tcp_v6_rcv, sk_filter).
///
/// Nothing recorded hangs on a timer of the kernel's, but where a scenario waits for one and says
/// so: set-up waits until a FIN is acknowledged, which may be delayed by 40 ms; the first data of a
/// connection is acknowledged at once (net/ipv4/tcp_input.c:tcp_event_data_recv), and no scenario
/// sends more. One challenge ACK a scenario stays below every rate limit, so no sysctl raises them.
namespace probe {

/// A segment as a script writes it: where it differs from what a peer in good order would send.
struct Said {
  uint8_t flags = ACK;
  int32_t seq = 0;  ///< beyond the next octet in order
  int32_t ack = 0;  ///< beyond all that the kernel has sent
  size_t length = 0;
  uint16_t window = 65535;
  int32_t timestamp = 0;  ///< beyond the peer's clock, where timestamps are in use
};

class Peer {
 public:
  struct Options {
    Over over = Over::ipv4;  ///< or ipv6
    /// What it offers in its SYN, beside an MSS of 1460.
    bool sack = false;
    bool timestamps = false;
  };

  Peer() : Peer(Options()) {}
  explicit Peer(const Options& options);

  // Set-up. All of these wait for what they want to see, and none of it is recorded.
  /// A listening socket at the kernel's end, which does not block in accept().
  Listener listener() const;
  /// From now on the other end of the connection is this address of the kernel's.
  void talk_to(const Address& kernel);
  /// The kernel's end of an ESTABLISHED connection that the peer opened. It does not block.
  Fd accepted();
  /// A non-blocking socket whose SYN has come and has not been answered: SYN_SENT.
  Fd connecting(const Prepare& prepare = {});
  /// Says it, waits until the kernel has acknowledged all, and forgets the answer.
  void deliver(const Said& said);
  /// Waits until the kernel has sent something new, and forgets it.
  void await_segment();
  /// Acknowledges all that the kernel has sent.
  void acknowledge();
  /// The `ack` that acknowledges the kernel's SYN and nothing after it.
  int32_t ack_of_syn();

  // Events. When these return the kernel has taken in what was said, and answered.
  /// What comes next in order: later segments come after it.
  void say(const Said& said);
  /// What does not count: later segments are numbered as if it had never been.
  void inject(const Said& said);
  /// An ICMP error that quotes the kernel's last segment.
  void unreachable(Unreachable what);

  /// Whether the kernel sends anything, a repetition too, before so much time is over.
  bool hears(std::chrono::milliseconds within);

  // What the kernel's timers do, where time itself is the stimulus.
  /// From now on each segment counts, a repetition too, and when it comes.
  void start_the_clock();
  /// Listens until the socket is closed, as poll(2) says of it, or for so long. Each segment is
  /// answered, if there is an answer.
  void listen_until_closed(int fd, std::chrono::milliseconds at_most,
                           const std::optional<Said>& answer = {});
  /// What has been heard since the clock was started: `+0.2 s P. 1:1 ack 0`, each with the time
  /// since the one before it (timer_words()).
  std::vector<std::string> take_heard();
  /// The time since the last of them.
  std::chrono::nanoseconds silence() const;

  /// What the kernel has sent since the peer last put a segment onto the wire, or since this was
  /// last called, in words. What a timer repeats is left out, as it depends on how busy the machine
  /// is: data, a FIN or a SYN|ACK that were there before.
  std::vector<std::string> take_news();

  const Address& address() const { return peer_; }

 private:
  /// Bound to the kernel's address, for connecting or listening.
  Fd socket_at_kernel() const;
  void transmit(const std::string& packet);
  void collect();
  void note(const Segment& segment);
  bool is_repeated(const Segment& segment) const;

  Options options_;
  Address kernel_;
  Address peer_;
  Fd muzzled_;
  Fd raw_;
  Fd sniffer_;

  // The peer's end.
  uint32_t send_next_;
  uint32_t clock_ = 1000;  ///< of timestamps, a tick a segment

  // The kernel's end, as it has been seen.
  std::optional<uint32_t> kernel_first_;  ///< its initial sequence number
  uint32_t kernel_next_ = 0;              ///< what it will send next in order
  uint32_t kernel_ack_ = 0;
  uint32_t kernel_clock_ = 0;
  bool syn_ack_seen_ = false;
  struct Heard {
    std::chrono::steady_clock::time_point at;
    Segment segment;
  };
  std::chrono::steady_clock::time_point clock_started_;
  std::vector<Heard> heard_;  ///< since then, repetitions too
  std::string last_packet_;
  std::vector<Segment> news_;
};

/// Records what the kernel has sent to the peer in answer to its last segment.
void wire(Trace trace, Peer& peer);

/// The same with the time of each segment, repetitions too, since the peer's clock was started.
void wire_in_time(Trace trace, Peer& peer);

/// What a scenario with a scripted peer needs, filled in.
Scenario scripted(Scenario scenario);

/// A scenario over IPv4 and, `+ipv6`, the same over IPv6.
std::vector<Scenario> scripted_over_both(const Scenario& scenario, void (*run)(Trace&, Over));

/// Takes away the route to IPv4 peers, with everything going to them on the way.
void remove_route_to_peers();

}  // namespace probe
