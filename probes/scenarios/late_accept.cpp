#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/elapsed.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story late_accept_story{
    "The story that this project is named after. A client connects, sends a request, closes. The "
    "server is busy and has not called accept(). Yet its kernel has completed the handshake, taken "
    "the data and acknowledged the FIN, so the client's end, which no process holds any more, goes "
    "on to FIN_WAIT_2; and after tcp_fin_timeout nothing is left of it. Then the server accepts. "
    "It reads the request and the end of file as if the client were there, and answers. Its first "
    "send succeeds, for a FIN says only that the other side will not send; it is answered by a "
    "RST. The second send is EPIPE and SIGPIPE, and SIGPIPE by default kills. Why, in Linux 3.16:",
    {("A connection is complete without accept(), which returns it in whatever state it is by then "
      "(net/ipv4/tcp_minisocks.c:tcp_check_req, net/ipv4/inet_connection_sock.c:inet_csk_accept)."),
     ("An end in FIN_WAIT_2 that nobody holds becomes a timewait bucket for tcp_fin_timeout "
      "(net/ipv4/tcp_input.c:tcp_rcv_state_process, net/ipv4/tcp_minisocks.c:tcp_time_wait)."),
     ("Data that comes while it is there is answered by a RST "
      "(net/ipv4/tcp_minisocks.c:tcp_timewait_state_process), and so is data for no socket at all "
      "(net/ipv4/tcp_ipv4.c:tcp_v4_rcv, no_tcp_socket)."),
     ("The RST finds the server's end in CLOSE_WAIT and stores EPIPE "
      "(net/ipv4/tcp_input.c:tcp_reset). recv goes on to give 0; send gives the EPIPE, with "
      "SIGPIPE unless told not to (net/core/stream.c:sk_stream_error).")}};

using Clock = std::chrono::steady_clock;

// What the server does about SIGPIPE.
enum class Sigpipe { at_default, ignored, nosignal };

constexpr size_t request = 5;

// The client's end of a connection when its process has closed it.
struct Orphan {
  Address local;
  Address remote;

  std::string state() const { return end_state(local, remote); }
};

Fd client_sends_request(const Listener& listener) {
  Fd client = tcp_socket();
  must("connect", connect(client, listener.address.data(), listener.address.length));
  must_send(client, request);
  return client;
}

Orphan client_sends_request_and_closes(const Listener& listener) {
  Fd client = client_sends_request(listener);
  const Orphan orphan{.local = local_address(client), .remote = listener.address};
  client.close();
  await("the ACK of the client's FIN", [&] { return orphan.state() != "FIN_WAIT1"; });
  return orphan;
}

void look_at_orphan(Trace& trace, const Orphan& orphan) {
  trace.look("orphan", "/proc/net/tcp", "the client's end",
             Json::object({{"state", orphan.state()}}));
}

// Time itself is the stimulus, so this waits on the clock.
void look_at_orphan_when_gone(Trace& trace, const Orphan& orphan) {
  using namespace std::chrono_literals;
  // The buckets of 3.16 lie on a wheel that turns by 7.5 s, and die on its turn
  // (net/ipv4/inet_timewait_sock.c:inet_twsk_schedule).
  constexpr auto turn = 8s;
  const Clock::time_point closed = Clock::now();
  while (orphan.state() != "gone" && Clock::now() - closed < fin_timeout() + 2 * turn) {
    std::this_thread::sleep_for(500ms);
  }
  // The wheel has eight slots, and the one that it is at is gone in part.
  const Span on_time{"tcp_fin_timeout", fin_timeout() * 3 / 4, fin_timeout() + turn};
  const std::string elapsed = elapsed_words(Clock::now() - closed, {on_time});
  trace.look("orphan", "/proc/net/tcp", "the client's end",
             Json::object({{"state", orphan.state()}, {"elapsed", elapsed}}));
}

void serve(Trace& trace, const Listener& listener, Sigpipe sigpipe) {
  set_disposition(SIGPIPE, sigpipe == Sigpipe::ignored ? SIG_IGN : SIG_DFL);
  const int flags = sigpipe == Sigpipe::nosignal ? MSG_NOSIGNAL : 0;
  const Fd server(static_cast<int>(trace.accept(listener.fd)));
  trace.state(server);
  trace.poll(server);
  trace.recv(server);
  trace.recv(server);
  trace.send(server, 1, flags);
  settle();
  trace.state(server);
  trace.poll(server);
  trace.send(server, 1, flags);
  if (sigpipe == Sigpipe::at_default) return;
  trace.poll(server);
  trace.so_error(server);
}

// The server that may die of its send is a process of its own; how it ended is returned.
std::optional<int> accept_late(Trace& trace, const Listener& listener, Sigpipe sigpipe) {
  if (sigpipe != Sigpipe::at_default) {
    serve(trace, listener, sigpipe);
    return {};
  }
  Child server([&] {
    allow_core_dumps();
    serve(trace, listener, sigpipe);
    return 0;
  });
  return server.wait();
}

void client_destroyed(Trace& trace, Sigpipe sigpipe) {
  const Listener listener = tcp_listener();
  const Orphan orphan = client_sends_request_and_closes(listener);
  look_at_orphan(trace, orphan);
  look_at_orphan_when_gone(trace, orphan);
  const auto ended = accept_late(trace, listener, sigpipe);
  if (ended) trace.ended(*ended);
}

void client_in_fin_wait2(Trace& trace, Sigpipe sigpipe) {
  const Listener listener = tcp_listener();
  const Orphan orphan = client_sends_request_and_closes(listener);
  look_at_orphan(trace, orphan);
  const auto ended = accept_late(trace, listener, sigpipe);
  if (ended) trace.ended(*ended);
}

void client_open(Trace& trace, Sigpipe sigpipe) {
  const Listener listener = tcp_listener();
  const Fd client = client_sends_request(listener);
  must_shutdown(client, SHUT_WR);
  trace.on("client").state(client);
  const auto ended = accept_late(trace, listener, sigpipe);
  trace.on("client").recv(client);
  if (ended) trace.ended(*ended);
}

// One scenario for each thing that the server may do about SIGPIPE.
std::vector<Scenario> in_every_way(const Scenario& story, void (*tell)(Trace&, Sigpipe)) {
  struct Way {
    const char* suffix;
    const char* asks;
    Sigpipe sigpipe;
  };
  static constexpr Way ways[] = {
      {"", "", Sigpipe::at_default},
      {"+ignored", "With SIGPIPE ignored: ", Sigpipe::ignored},
      {"+nosignal", "With MSG_NOSIGNAL: ", Sigpipe::nosignal},
  };
  std::vector<Scenario> stories;
  for (const Way& way : ways) {
    Scenario& one = stories.emplace_back(story);
    one.id += way.suffix;
    one.asks = way.asks + one.asks;
    one.run = [tell, sigpipe = way.sigpipe](Trace& trace) { tell(trace, sigpipe); };
  }
  return stories;
}

const std::vector<std::string> grounds{
    "net/ipv4/inet_connection_sock.c:inet_csk_accept",
    "net/ipv4/tcp_minisocks.c:tcp_time_wait",
    "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process",
    "net/ipv4/tcp_input.c:tcp_fin",
    "net/ipv4/tcp_input.c:tcp_reset",
    "net/core/stream.c:sk_stream_error",
};

const Register client_destroyed_entry{in_every_way(
    {
        .id = "tcp/late-accept",
        .asks = "A client connects, sends and closes; a minute later the server accepts, reads, "
                "and sends twice: when does it learn that nobody is there?",
        .grounds = grounds,
        .shortened = {{"net.ipv4.tcp_fin_timeout", "2"}},
        .deadline = std::chrono::seconds(120),
        .run = {},
    },
    client_destroyed)};

const Register client_in_fin_wait2_entry{in_every_way(
    {
        .id = "tcp/late-accept-fin-wait2",
        .asks = "A client connects, sends and closes; the server accepts while the kernel still "
                "remembers the client: does its answer fare better?",
        .grounds = grounds,
        .run = {},
    },
    client_in_fin_wait2)};

const Register client_open_entry{in_every_way(
    {
        .id = "tcp/late-accept-peer-open",
        .asks = "A client connects, sends, ends its side and waits for the answer: does the server "
                "that accepts late see any difference to a client that has gone?",
        .grounds = {"net/ipv4/inet_connection_sock.c:inet_csk_accept",
                    "net/ipv4/tcp_input.c:tcp_fin", "net/ipv4/tcp.c:tcp_sendmsg"},
        .run = {},
    },
    client_open)};

void receive_buffer_full(Trace& trace) {
  const Listener listener = tcp_listener(Over::ipv4, 16, small_buffers);
  Trace client_trace = trace.on("client");
  Fd client = tcp_socket();
  small_buffers(client);
  must("connect", connect(client, listener.address.data(), listener.address.length));
  fill_closed_window(client);
  client_trace.send(client, 1, MSG_DONTWAIT);
  client_trace.poll(client);
  client.close();
  settle();
  const Fd server(static_cast<int>(trace.accept(listener.fd)));
  trace.state(server);
  trace.poll(server);
  drain(server);
  trace.recv(server);
  trace.state(server);
  trace.send(server);
  settle();
  trace.state(server);
  trace.poll(server);
  trace.send(server);
}
const Register receive_buffer_full_entry{{
    .id = "tcp/late-accept-receive-buffer-full",
    .asks =
        "A client sends until nobody's receive buffer is full, and closes: does the server that "
        "accepts late get it all, and is its answer answered?",
    .grounds = {"net/ipv4/tcp.c:tcp_close", "net/ipv4/tcp_output.c:tcp_send_fin",
                "net/ipv4/tcp_input.c:tcp_rcv_state_process", "net/ipv4/tcp_input.c:tcp_reset",
                "net/core/stream.c:sk_stream_error"},
    .run = receive_buffer_full,
}};

}  // namespace
}  // namespace probe
