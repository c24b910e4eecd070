#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "probes/base/must.h"
#include "probes/base/sysctl.h"
#include "probes/frame/scenario.h"
#include "probes/tools/elapsed.h"
#include "probes/tools/wire.h"

namespace probe {
namespace {

const Story story{
    "Connections that end because nobody answers. What Linux 3.16 answers follows from a few "
    "rules:",
    {("Data is repeated after 0.2 s, 0.4 s, 0.8 s... up to 120 s. When as much time has passed as "
      "tcp_retries2 repetitions would take, counted from the first, the next one gives up "
      "(net/ipv4/tcp_timer.c:retransmits_timed_out, tcp_write_timeout)."),
     ("Giving up stores sk_err_soft, which an ICMP error has left, or else ETIMEDOUT "
      "(net/ipv4/tcp_timer.c:tcp_write_err). In CLOSE_WAIT too, where recv goes on to give 0."),
     ("TCP_USER_TIMEOUT is looked at when a repetition is due anyway "
      "(net/ipv4/tcp_timer.c:tcp_write_timeout) or a keepalive (tcp_keepalive_timer); in front of "
      "a window of zero not at all, as long as probes are answered (tcp_probe_timer)."),
     "Keepalives that nobody answers end the connection with a RST (tcp_keepalive_timer).",
     ("What never left the send queue is probed for, not repeated "
      "(net/ipv4/tcp_output.c:__tcp_push_pending_frames, net/ipv4/tcp_timer.c:tcp_probe_timer).")}};

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* tcp_write_timeout = "net/ipv4/tcp_timer.c:tcp_write_timeout";
constexpr const char* tcp_retransmit_timer = "net/ipv4/tcp_timer.c:tcp_retransmit_timer";
constexpr const char* retransmits_timed_out = "net/ipv4/tcp_timer.c:retransmits_timed_out";
constexpr const char* tcp_write_err = "net/ipv4/tcp_timer.c:tcp_write_err";
constexpr const char* tcp_probe_timer = "net/ipv4/tcp_timer.c:tcp_probe_timer";
constexpr const char* tcp_keepalive_timer = "net/ipv4/tcp_timer.c:tcp_keepalive_timer";
constexpr const char* send_active_reset = "net/ipv4/tcp_output.c:tcp_send_active_reset";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// As retransmits_timed_out() reckons: doubled from TCP_RTO_MIN nine times, then TCP_RTO_MAX each.
Span retries2_span() {
  const long retries = read_sysctl("net.ipv4.tcp_retries2");
  constexpr auto shortest = 200ms;
  constexpr auto longest = 120s;
  constexpr long doubled = 9;
  const std::chrono::milliseconds time = shortest * ((2L << std::min(retries, doubled)) - 1) +
                                         longest * std::max(retries - doubled, 0L);
  // The repetition that finds the time over may be the one after, 120 s later.
  return {.name = "tcp_retries2", .from = time * 9 / 10, .to = time * 13 / 10 + 2s};
}

Span keepalive_span(int fd) {
  const auto option = [fd](int name) {
    int value = 0;
    socklen_t size = sizeof value;
    must("getsockopt", getsockopt(fd, IPPROTO_TCP, name, &value, &size));
    return value;
  };
  const std::chrono::milliseconds time =
      1s * (option(TCP_KEEPIDLE) + option(TCP_KEEPCNT) * option(TCP_KEEPINTVL));
  return {.name = "keepalive", .from = time * 9 / 10, .to = time * 12 / 10 + 1500ms};
}

// Until the socket is closed, which poll() says of itself; or, where that may never be, for so
// long.
void await_close(int fd, std::chrono::milliseconds at_most = std::chrono::hours(3)) {
  pollfd polled{.fd = fd, .events = 0, .revents = 0};
  const Clock::time_point deadline = Clock::now() + at_most;
  for (auto left = at_most; (polled.revents & POLLHUP) == 0 && left.count() > 0;
       left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now())) {
    must("poll", ::poll(&polled, 1, static_cast<int>(left.count())));
  }
}

// The state that ended the wait, and how long it took.
void record_close(Trace& trace, int fd, Clock::time_point since, const std::vector<Span>& spans) {
  await_close(fd);
  const auto elapsed = Clock::now() - since;
  trace.look("state", "getsockopt", "TCP_INFO",
             Json::object({{"state", tcp_state(fd)}, {"elapsed", elapsed_words(elapsed, spans)}}));
}

void set_user_timeout(int fd, std::chrono::milliseconds time) {
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(time.count()));
}

void retransmission_recv(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  const Clock::time_point sent = Clock::now();
  trace.send(a);
  record_close(trace, a, sent, {retries2_span()});
  trace.recv(a);
  trace.recv(a);
  trace.send(a);
}
const Register retransmission_recv_entry{scripted({
    .id = "tcp-timer/retransmission-timeout-recv",
    .asks = "The peer falls silent: when is it given up, and what does recv say?",
    .grounds = {tcp_retransmit_timer, tcp_write_timeout, retransmits_timed_out, tcp_write_err,
                tcp_recvmsg},
    .shortened = {{"net.ipv4.tcp_retries2", "1"}},
    .deadline = 1300s,
    .run = retransmission_recv,
})};

void retransmission_send(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  trace.send(a);
  await_close(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
}
const Register retransmission_send_entry{scripted({
    .id = "tcp-timer/retransmission-timeout-send",
    .asks = "The peer falls silent and is given up: what do the sends say?",
    .grounds = {tcp_retransmit_timer, tcp_write_timeout, tcp_write_err, sk_stream_error},
    .shortened = {{"net.ipv4.tcp_retries2", "1"}},
    .deadline = 1300s,
    .run = retransmission_send,
})};

void close_wait_retransmission(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.deliver({.flags = FIN | ACK});
  trace.send(a);
  await_close(a);
  trace.state(a);
  trace.poll(a);
  trace.recv(a);
  trace.send(a);
  trace.send(a);
}
const Register close_wait_retransmission_entry{scripted({
    .id = "tcp-timer/close-wait-retransmission-timeout",
    .asks = "The peer closes its side and falls silent: EPIPE, as after a RST, or ETIMEDOUT?",
    .grounds = {tcp_retransmit_timer, tcp_write_timeout, tcp_write_err, tcp_recvmsg,
                sk_stream_error},
    .shortened = {{"net.ipv4.tcp_retries2", "1"}},
    .deadline = 1300s,
    .run = close_wait_retransmission,
})};

void user_timeout_data(Trace& trace) {
  constexpr auto timeout = 600ms;
  Peer peer;
  const Fd a = peer.accepted();
  set_user_timeout(a, timeout);
  const Clock::time_point sent = Clock::now();
  trace.send(a);
  const Span in_time = limit_span("TCP_USER_TIMEOUT", timeout);
  record_close(
      trace, a, sent,
      {in_time, {.name = "retransmission after TCP_USER_TIMEOUT", .from = in_time.to, .to = 4s}});
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register user_timeout_data_entry{scripted({
    .id = "tcp-timer/user-timeout-data",
    .asks = "Does TCP_USER_TIMEOUT end a connection when it is over, or with the next repetition?",
    .grounds = {tcp_retransmit_timer, tcp_write_timeout, retransmits_timed_out, tcp_write_err},
    .run = user_timeout_data,
})};

void user_timeout_soft_error(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  set_user_timeout(a, 600ms);
  trace.send(a);
  peer.unreachable(Unreachable::host);
  await_close(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register user_timeout_soft_error_entry{scripted({
    .id = "tcp-timer/user-timeout-with-soft-error",
    .asks = "ICMP has said why nobody answers: does send give that reason when time is up?",
    .grounds = {tcp_write_timeout, tcp_write_err, "net/ipv4/tcp_ipv4.c:tcp_v4_err"},
    .run = user_timeout_soft_error,
})};

void user_timeout_zero_window(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  set_user_timeout(a, 1500ms);
  // A window is taken back by an ACK of something new alone
  // (net/ipv4/tcp_input.c:tcp_may_update_window).
  const Said closed_window{.window = 0};
  must_send(a, 1);
  peer.inject(closed_window);
  must_send(a, 1);
  const Clock::time_point deadline = Clock::now() + 30s;
  while (tcp_state(a) != "CLOSE" && Clock::now() < deadline) {
    if (peer.hears(100ms)) peer.inject(closed_window);
  }
  trace.state(a);
  trace.send(a);
  trace.send(a);
}
const Register user_timeout_zero_window_entry{scripted({
    .id = "tcp-timer/user-timeout-zero-window",
    .asks = "Does TCP_USER_TIMEOUT end a connection whose peer answers, but takes no data?",
    .grounds = {tcp_probe_timer, "net/ipv4/tcp_output.c:tcp_send_probe0"},
    .deadline = 60s,
    .run = user_timeout_zero_window,
})};

void keep_alive(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

// A probe each second from the first second on, `count` of them.
void keep_alive_by_the_second(int fd, int count) {
  keep_alive(fd);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, count);
}

void look_at_keepalive(Trace& trace, Peer& peer, int fd, Clock::time_point since) {
  record_close(trace, fd, since, {keepalive_span(fd)});
  trace.poll(fd);
  wire(trace, peer);
  trace.send(fd);
  trace.send(fd);
  trace.recv(fd);
}

void keepalive_timeout(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  const Clock::time_point since = Clock::now();
  keep_alive_by_the_second(a, 1);
  look_at_keepalive(trace, peer, a, since);
}
const Register keepalive_timeout_entry{scripted({
    .id = "tcp-timer/keepalive-timeout",
    .asks = "A keepalive is not answered: what goes over the wire, and what do the calls say?",
    .grounds = {tcp_keepalive_timer, send_active_reset, tcp_write_err, sk_stream_error},
    .run = keepalive_timeout,
})};

void keepalive_timeout_default(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  const Clock::time_point since = Clock::now();
  keep_alive(a);
  look_at_keepalive(trace, peer, a, since);
}
const Register keepalive_timeout_default_entry{scripted({
    .id = "tcp-timer/keepalive-timeout-default",
    .asks = "With SO_KEEPALIVE alone, when is a silent peer given up?",
    .grounds = {tcp_keepalive_timer, send_active_reset, tcp_write_err, sk_stream_error},
    .shortened = {{"net.ipv4.tcp_keepalive_intvl", "1"}, {"net.ipv4.tcp_keepalive_time", "1"}},
    .deadline = 10000s,
    .run = keepalive_timeout_default,
})};

void keepalive_user_timeout(Trace& trace) {
  constexpr auto timeout = 1500ms;
  Peer peer;
  const Fd a = peer.accepted();
  const Clock::time_point since = Clock::now();
  set_user_timeout(a, timeout);
  keep_alive_by_the_second(a, 9);
  // Looked at when the next probe is due.
  record_close(trace, a, since, {limit_span("TCP_USER_TIMEOUT", timeout, 3500ms)});
  trace.recv(a);
  trace.send(a);
}
const Register keepalive_user_timeout_entry{scripted({
    .id = "tcp-timer/keepalive-user-timeout",
    .asks = "Which one counts for keepalives, TCP_USER_TIMEOUT or TCP_KEEPCNT?",
    .grounds = {tcp_keepalive_timer, send_active_reset, tcp_write_err},
    .run = keepalive_user_timeout,
})};

void close_wait_keepalive(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  peer.deliver({.flags = FIN | ACK});
  const Clock::time_point since = Clock::now();
  keep_alive_by_the_second(a, 1);
  record_close(trace, a, since, {keepalive_span(a)});
  trace.poll(a);
  trace.recv(a);
  trace.send(a);
  trace.send(a);
}
const Register close_wait_keepalive_entry{scripted({
    .id = "tcp-timer/close-wait-keepalive-timeout",
    .asks = "Do keepalives go on in CLOSE_WAIT, and what is left when they are not answered?",
    .grounds = {tcp_keepalive_timer, send_active_reset, tcp_write_err, tcp_recvmsg},
    .run = close_wait_keepalive,
})};

void route_removed(Trace& trace) {
  Peer peer;
  const Fd a = peer.accepted();
  set_user_timeout(a, 600ms);
  remove_route_to_peers();
  trace.send(a);
  await_close(a, 10s);
  trace.state(a);
  trace.poll(a);
  trace.send(a);
  trace.send(a);
}
const Register route_removed_entry{scripted({
    .id = "tcp-timer/route-removed",
    .asks =
        "There is no way to the peer any more: does TCP_USER_TIMEOUT count for what cannot even "
        "be sent?",
    .grounds = {"net/ipv4/tcp_output.c:tcp_transmit_skb", "net/ipv4/ip_output.c:ip_queue_xmit",
                tcp_probe_timer},
    .deadline = 30s,
    .run = route_removed,
})};

}  // namespace
}  // namespace probe
