#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <string>
#include <vector>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/epoll.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "How a broken connection is announced to those who wait. What Linux 3.16 does follows from a "
    "few rules:",
    {("A RST reports the error and then closes the socket, in one go: who looks afterwards sees "
      "all bits together (net/ipv4/tcp_input.c:tcp_reset, net/ipv4/tcp.c:tcp_done, :tcp_poll)."),
     ("Wake-ups that come before anybody looks make one edge-triggered event "
      "(fs/eventpoll.c:ep_poll_callback)."),
     ("A signal queued by F_SETSIG tells why: POLL_ERR for the error, and for a FIN POLL_IN twice, "
      "once for the state and once for the end of file (net/core/sock.c:sock_def_error_report, "
      ":sock_def_readable, net/ipv4/tcp_input.c:tcp_fin). tcp_done() queues none."),
     ("recv(2) and read(2) of no bytes return 0 after the peer's FIN "
      "(net/ipv4/tcp.c:tcp_recvmsg).")}};

constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_fin = "net/ipv4/tcp_input.c:tcp_fin";
constexpr const char* tcp_poll = "net/ipv4/tcp.c:tcp_poll";
constexpr const char* ep_poll_callback = "fs/eventpoll.c:ep_poll_callback";
constexpr const char* send_sigio = "fs/fcntl.c:send_sigio_to_task";

void rst_by(Fd& peer) {
  abortive_close(peer);
  settle();
}

void fin_by(Fd& peer) {
  must("shutdown", shutdown(peer, SHUT_WR));
  settle();
}

void edge_triggered(Trace& trace, void (*happen)(Fd& peer)) {
  Pair pair = tcp_pair();
  const EdgeTriggeredEpoll epoll(pair.a);
  happen(pair.b);
  epoll.look(trace);
}
const Register edge_triggered_rst_entry{{
    .id = "poll/epoll-et-rst",
    .asks = "Which edge-triggered events does a RST give?",
    .grounds = {tcp_reset, tcp_poll, ep_poll_callback},
    .run = [](Trace& trace) { edge_triggered(trace, rst_by); },
}};
const Register edge_triggered_fin_entry{{
    .id = "poll/epoll-et-fin",
    .asks = "Which edge-triggered events does a FIN give?",
    .grounds = {tcp_fin, tcp_poll, ep_poll_callback},
    .run = [](Trace& trace) { edge_triggered(trace, fin_by); },
}};

void sleeping_waiter(Trace& trace) {
  Pair pair = tcp_pair();
  const EdgeTriggeredEpoll epoll(pair.a);
  BlockedCall waiting =
      BlockedCall::looking(trace, "epoll_wait", "EPOLLET", [&] { return epoll.take(-1); });
  waiting.await_blocked();
  rst_by(pair.b);
  waiting.join();
}
const Register sleeping_waiter_entry{{
    .id = "poll/epoll-et-rst-sleeping-waiter",
    .asks = "How often does a RST wake a thread that sleeps in epoll_wait(2), and with what?",
    .grounds = {tcp_reset, tcp_poll, ep_poll_callback},
    .run = sleeping_waiter,
}};

// --- Signals by F_SETSIG ------------------------------------------------------------------------

std::string why(int code) {
  switch (code) {
    case POLL_IN:
      return "POLL_IN";
    case POLL_OUT:
      return "POLL_OUT";
    case POLL_MSG:
      return "POLL_MSG";
    case POLL_ERR:
      return "POLL_ERR";
    case POLL_PRI:
      return "POLL_PRI";
    case POLL_HUP:
      return "POLL_HUP";
    default:
      return "si_code " + std::to_string(code);
  }
}

sigset_t only(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

// Everything that has been queued, in order.
void look_at_queued(Trace& trace, int signal) {
  const Trace::Step step = trace.begin("sigio", "sigtimedwait", "F_SETSIG SIGRTMIN");
  const sigset_t set = only(signal);
  const timespec at_once{};
  siginfo_t info{};
  std::vector<Json> queued;
  while (sigtimedwait(&set, &info, &at_once) == signal) {
    queued.push_back(
        Json::object({{"signal", "SIGRTMIN"},
                      {"code", why(info.si_code)},
                      {"band", Json::strings(event_names(static_cast<uint32_t>(info.si_band)))}}));
  }
  trace.end(step, Json::object({{"queued", Json::array(queued)}}));
}

void by_signal(Trace& trace, void (*happen)(Fd& peer)) {
  const int signal = SIGRTMIN;
  const sigset_t set = only(signal);
  must("sigprocmask", sigprocmask(SIG_BLOCK, &set, nullptr));
  Pair pair = tcp_pair();
  must("fcntl(F_SETSIG)", fcntl(pair.a, F_SETSIG, signal));
  must("fcntl(F_SETOWN)", fcntl(pair.a, F_SETOWN, getpid()));
  must("fcntl(F_SETFL)", fcntl(pair.a, F_SETFL, O_ASYNC));
  happen(pair.b);
  look_at_queued(trace, signal);
}
const Register by_signal_rst_entry{{
    .id = "poll/sigio-rst",
    .asks = "Which signals does F_SETSIG queue for a RST?",
    .grounds = {tcp_reset, "net/core/sock.c:sock_def_error_report", send_sigio},
    .run = [](Trace& trace) { by_signal(trace, rst_by); },
}};
const Register by_signal_fin_entry{{
    .id = "poll/sigio-fin",
    .asks = "Which signals does F_SETSIG queue for a FIN?",
    .grounds = {tcp_fin, "net/core/sock.c:sock_def_readable", send_sigio},
    .run = [](Trace& trace) { by_signal(trace, fin_by); },
}};

void recv_nothing(Trace& trace) {
  Pair pair = tcp_pair();
  pair.b.close();
  settle();
  trace.recv(pair.a, 0);
  trace.read(pair.a, 0);
}
const Register recv_nothing_entry{{
    .id = "poll/close-wait-recv-len0",
    .asks = "What do recv(2) and read(2) of no bytes return after the peer's FIN?",
    .grounds = {"net/ipv4/tcp.c:tcp_recvmsg", tcp_fin},
    .run = recv_nothing,
}};

}  // namespace
}  // namespace probe
