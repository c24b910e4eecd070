#include <netinet/tcp.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "probes/base/must.h"
#include "probes/base/sysctl.h"
#include "probes/frame/scenario.h"
#include "probes/tools/elapsed.h"
#include "probes/tools/wire.h"

namespace probe {
namespace {

const Story story{
    "What a kernel sends to a peer that is silent, segment by segment and with the times between "
    "them. Where the scenarios of the timers ask when a call fails, these count: a limit that "
    "gives the same error a repetition earlier or later is seen here. What Linux 3.16 sends "
    "follows from a few rules:",
    {("A SYN is repeated after 1 s, then each time after twice as long, tcp_syn_retries times "
      "(net/ipv4/tcp_timer.c:retransmits_timed_out). TCP_USER_TIMEOUT does not count for it "
      "(tcp_write_timeout)."),
     ("Data is repeated after 0.2 s, then each time after twice as long. The time that is compared "
      "with that of tcp_retries2 repetitions, or with TCP_USER_TIMEOUT, begins with the first "
      "repetition (net/ipv4/tcp_output.c:tcp_retransmit_skb), so there is one more of them."),
     ("A keepalive is an ACK of one octet before; after the last, which is not answered either, "
      "comes a RST (net/ipv4/tcp_timer.c:tcp_keepalive_timer)."),
     ("A closed window is probed by the same ACK, after 0.2 s, 0.4 s, 0.8 s..., for as long as the "
      "peer answers (net/ipv4/tcp_output.c:tcp_send_probe0)."),
     ("What is left of an end in FIN_WAIT_2 that nobody holds goes after tcp_fin_timeout "
      "(net/ipv4/tcp_minisocks.c:tcp_time_wait).")}};

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* tcp_write_timeout = "net/ipv4/tcp_timer.c:tcp_write_timeout";
constexpr const char* tcp_retransmit_timer = "net/ipv4/tcp_timer.c:tcp_retransmit_timer";
constexpr const char* retransmits_timed_out = "net/ipv4/tcp_timer.c:retransmits_timed_out";
constexpr const char* tcp_keepalive_timer = "net/ipv4/tcp_timer.c:tcp_keepalive_timer";
constexpr const char* tcp_probe_timer = "net/ipv4/tcp_timer.c:tcp_probe_timer";
constexpr const char* tcp_retransmit_skb = "net/ipv4/tcp_output.c:tcp_retransmit_skb";

// Small, so that they are over within seconds under any clock; odd, so that no two of the times
// that a kernel may compare with them are close. Timers are late by some percent.
const Sysctls few_syn_retries{{"net.ipv4.tcp_syn_retries", "3"}};
const Sysctls few_retries{{"net.ipv4.tcp_retries2", "2"}};
constexpr auto user_timeout_of_syn = 1900ms;
constexpr auto user_timeout_of_data = 1050ms;
constexpr auto user_timeout_of_probes = 1550ms;

void set_user_timeout(int fd, std::chrono::milliseconds time) {
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(time.count()));
}

// What has been sent; and the state, where it is the end with the time since the last segment.
void look_back(Trace& trace, Peer& peer, int fd) {
  const std::string silence = timer_words(peer.silence());
  const bool closed = tcp_state(fd) == "CLOSE";
  wire_in_time(trace, peer);
  if (!closed) return trace.state(fd);
  trace.look("state", "getsockopt", "TCP_INFO",
             Json::object({{"state", "CLOSE"}, {"elapsed", silence}}));
}

void connect_to_nobody(Trace& trace, const Prepare& prepare) {
  Peer peer;
  peer.start_the_clock();
  const Fd fd = peer.connecting(prepare);
  peer.listen_until_closed(fd, 30s);
  look_back(trace, peer, fd);
}

void syn(Trace& trace) {
  connect_to_nobody(trace, {});
}
const Register syn_entry{scripted({
    .id = "tcp-timer/silent-peer-syn-wire",
    .asks = "Nobody answers a SYN: how often is it repeated, and when?",
    .grounds = {tcp_write_timeout, tcp_retransmit_timer, retransmits_timed_out,
                "net/ipv4/tcp_output.c:tcp_connect"},
    .sysctls = few_syn_retries,
    .deadline = 40s,
    .run = syn,
})};

void syn_user_timeout(Trace& trace) {
  connect_to_nobody(trace, [](int fd) { set_user_timeout(fd, user_timeout_of_syn); });
}
const Register syn_user_timeout_entry{scripted({
    .id = "tcp-timer/silent-peer-syn-user-timeout-wire",
    .asks = "Nobody answers a SYN, and TCP_USER_TIMEOUT is set: how often is it repeated?",
    .grounds = {tcp_write_timeout, tcp_retransmit_timer, retransmits_timed_out},
    .sysctls = few_syn_retries,
    .deadline = 40s,
    .run = syn_user_timeout,
})};

void data(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.start_the_clock();
  must_send(a, 1);
  peer.listen_until_closed(a, 15s);
  look_back(trace, peer, a);
}
const Register data_entry{scripted({
    .id = "tcp-timer/silent-peer-data-wire",
    .asks = "Nobody acknowledges data: how often is it repeated, and when is the peer given up?",
    .grounds = {tcp_write_timeout, tcp_retransmit_timer, retransmits_timed_out, tcp_retransmit_skb},
    .sysctls = few_retries,
    .deadline = 30s,
    .run = data,
})};

// Repetitions without their times: the time-out, and so each time between two, is longer by the
// handshake's round trip, which is as long as the peer is slow, and that of a traced probe is.
std::vector<std::string> repetitions(Peer& peer) {
  std::vector<std::string> segments = peer.take_heard();
  for (std::string& segment : segments) segment.erase(0, segment.find(" s ") + 3);
  return segments;
}

// The end counts from the first repetition, as it does in the kernel
// (net/ipv4/tcp_timer.c:retransmits_timed_out), whatever the time-out is.
void data_user_timeout(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  set_user_timeout(a, user_timeout_of_data);
  peer.start_the_clock();
  must_send(a, 1);
  for (int segment = 0; segment < 2; ++segment) peer.hears(5s);
  const Clock::time_point first_repetition = Clock::now();
  peer.listen_until_closed(a, 15s);
  const std::string elapsed = timer_words(Clock::now() - first_repetition);
  trace.look("wire", "packets", "repetitions, too",
             Json::object({{"segments", Json::strings(repetitions(peer))}}));
  trace.look("state", "getsockopt", "TCP_INFO, since the first repetition",
             Json::object({{"state", tcp_state(a)}, {"elapsed", elapsed}}));
}
const Register data_user_timeout_entry{scripted({
    .id = "tcp-timer/silent-peer-data-user-timeout-wire",
    .asks = "Nobody acknowledges data, and TCP_USER_TIMEOUT is set: how often is it repeated?",
    .grounds = {tcp_write_timeout, tcp_retransmit_timer, retransmits_timed_out, tcp_retransmit_skb},
    .deadline = 30s,
    .run = data_user_timeout,
})};

// After two seconds, and then every three, `count` times.
void keep_alive(int fd, int count) {
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 2);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 3);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

void keep_alive_to_nobody(Trace& trace, int count, const Prepare& prepare) {
  Peer peer;
  const Fd a = peer.accepted();
  if (prepare) prepare(a);
  peer.start_the_clock();
  keep_alive(a, count);
  peer.listen_until_closed(a, 30s);
  look_back(trace, peer, a);
}

void keepalive(Trace& trace) {
  keep_alive_to_nobody(trace, 2, {});
}
const Register keepalive_entry{scripted({
    .id = "tcp-timer/silent-peer-keepalive-wire",
    .asks = "Nobody answers keepalives: how many are there, and when does the RST come?",
    .grounds = {tcp_keepalive_timer, "net/ipv4/tcp_output.c:tcp_write_wakeup",
                "net/ipv4/tcp_output.c:tcp_send_active_reset"},
    .deadline = 40s,
    .run = keepalive,
})};

void keepalive_user_timeout(Trace& trace) {
  keep_alive_to_nobody(trace, 9, [](int fd) { set_user_timeout(fd, 7s); });
}
const Register keepalive_user_timeout_entry{scripted({
    .id = "tcp-timer/silent-peer-keepalive-user-timeout-wire",
    .asks = "Nobody answers keepalives, and TCP_USER_TIMEOUT is set: how many are there?",
    .grounds = {tcp_keepalive_timer, "net/ipv4/tcp_output.c:tcp_write_wakeup",
                "net/ipv4/tcp_output.c:tcp_send_active_reset"},
    .deadline = 40s,
    .run = keepalive_user_timeout,
})};

void closed_window_user_timeout(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  set_user_timeout(a, user_timeout_of_probes);
  // A window is taken back by an ACK of something new alone
  // (net/ipv4/tcp_input.c:tcp_may_update_window).
  const Said closed_window{.window = 0};
  must_send(a, 1);
  peer.inject(closed_window);
  peer.start_the_clock();
  must_send(a, 1);
  peer.listen_until_closed(a, 5s, closed_window);
  look_back(trace, peer, a);
}
const Register closed_window_user_timeout_entry{scripted({
    .id = "tcp-timer/closed-window-user-timeout-wire",
    .asks = "A peer takes no data and says so each time that it is asked, and TCP_USER_TIMEOUT is "
            "set: how often is it asked?",
    .grounds = {tcp_probe_timer, "net/ipv4/tcp_output.c:tcp_send_probe0",
                "net/ipv4/tcp_input.c:tcp_ack_probe"},
    .deadline = 30s,
    .run = closed_window_user_timeout,
})};

void orphan(Trace& trace) {
  Pair pair = tcp_pair();
  const Address local = local_address(pair.a);
  const Address remote = peer_address(pair.a);
  must_shutdown(pair.a, SHUT_WR);
  pair.a.close();
  const Clock::time_point closed = Clock::now();
  const auto state = [&] { return end_state(local, remote); };
  // Time is the stimulus; that it never comes is for the deadline to say.
  while (state() != "gone") std::this_thread::sleep_for(100ms);
  const std::string elapsed = timer_words(Clock::now() - closed);
  trace.look("orphan", "/proc/net/tcp", "the closed end",
             Json::object({{"state", state()}, {"elapsed", elapsed}}));
}
const Register orphan_entry{{
    .id = "tcp-timer/orphan-fin-wait2-timeout",
    .asks = "How long is an end in FIN_WAIT_2 kept that nobody holds?",
    .grounds = {"net/ipv4/tcp.c:tcp_close", "net/ipv4/tcp_minisocks.c:tcp_time_wait",
                "net/ipv4/inet_timewait_sock.c:inet_twsk_schedule"},
    .sysctls = {{"net.ipv4.tcp_fin_timeout", "3"}},
    .run = orphan,
}};

// The limits that the other scenarios count up to, or name an answer after: whatever they are.
void limits(Trace& trace) {
  for (const std::string limit :
       {"tcp_syn_retries", "tcp_synack_retries", "tcp_retries1", "tcp_retries2",
        "tcp_orphan_retries", "tcp_keepalive_time", "tcp_keepalive_intvl", "tcp_keepalive_probes",
        "tcp_fin_timeout"}) {
    const std::string sysctl = "net.ipv4." + limit;
    trace.look(limit, "/proc/sys", sysctl, Json::object({{"value", read_sysctl(sysctl)}}));
  }
}
const Register limits_entry{{
    .id = "tcp-timer/limits-by-default",
    .asks = "How often does TCP try, and how long does it wait, where nobody has told it?",
    .grounds = {"include/net/tcp.h", "net/ipv4/tcp_timer.c", "net/ipv4/tcp_ipv4.c"},
    .own_network = true,
    .run = limits,
}};

}  // namespace
}  // namespace probe
