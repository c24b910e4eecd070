#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "probes/base/file.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

/// Longer than other files: whatever ends a writer's sleep, the rules are the same, and the story
/// that tells them stands once, for all the scenarios of its file.
namespace probe {
namespace {

const Story story{
    "Writers that sleep because there is no room, and what ends their sleep. What Linux 3.16 "
    "answers follows from a few rules:",
    {("A writer without room sleeps until there is some, or an error is pending, or our own side "
      "is shut down (net/core/stream.c:sk_stream_wait_memory). A FIN from the peer leaves it "
      "asleep."),
     ("Woken with nothing sent it gives the pending error, else EPIPE with SIGPIPE "
      "(net/core/stream.c:sk_stream_error)."),
     ("Woken with something sent it gives the count; the error is left to the next call, and "
      "nobody is signalled (net/ipv4/tcp.c:tcp_sendmsg, do_error)."),
     ("sendfile hands the socket one page after the other, each a call of its own to "
      "net/ipv4/tcp.c:do_tcp_sendpages. The page that fails consumes the error and raises SIGPIPE; "
      "yet the count of the pages before is returned (fs/splice.c:splice_direct_to_actor), and "
      "splice does the same (fs/splice.c:__splice_from_pipe)."),
     ("A call holds its open file: closing the descriptor in another thread closes nothing "
      "(fs/file.c:__fget_light).")}};

constexpr const char* wait_memory = "net/core/stream.c:sk_stream_wait_memory";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";
constexpr const char* tcp_sendmsg = "net/ipv4/tcp.c:tcp_sendmsg";
constexpr const char* do_tcp_sendpages = "net/ipv4/tcp.c:do_tcp_sendpages";
constexpr const char* splice_direct = "fs/splice.c:splice_direct_to_actor";
constexpr const char* splice_from_pipe = "fs/splice.c:__splice_from_pipe";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_close = "net/ipv4/tcp.c:tcp_close";
constexpr const char* tcp_disconnect = "net/ipv4/tcp.c:tcp_disconnect";
constexpr const char* tcp_shutdown = "net/ipv4/tcp.c:tcp_shutdown";

// Far more than small_buffers() hold: 8 MiB.
constexpr size_t much = 8U << 20U;
constexpr size_t longer_than_buffers = 1U << 20U;
// What a pipe holds by default, and more than small_buffers() do.
constexpr size_t pipeful = 65536;

// The peer does not read.
Pair narrow_pair() {
  return tcp_pair(Over::ipv4, small_buffers);
}

// The peer has a byte to read and hears nothing more. It might as well let its window fill, but a
// closed window lets bytes through, now and then, to see whether it is closed still
// (net/ipv4/tcp_output.c:tcp_write_wakeup); what is never acknowledged takes up its room for good.
Pair stalled_pair() {
  Pair pair = narrow_pair();
  must_send(pair.a, 1);
  settle();
  deafen(pair.b);
  return pair;
}

// ... and `a` cannot send one byte more.
Pair full_pair() {
  Pair pair = stalled_pair();
  fill(pair.a);
  return pair;
}

// The peer's FIN, whose ACK a deaf peer does not hear.
void send_fin(const Pair& pair) {
  must("shutdown", shutdown(pair.b, SHUT_WR));
  await_state(pair.a, "CLOSE_WAIT");
}

BlockedCall send_in_thread(Trace& trace, int fd, size_t length) {
  // Not on a stack or a heap that a call may outlive.
  static const std::vector<char> bytes(much);
  const BlockedCall::Word word = length > 1 ? share_of(static_cast<long>(length)) : nullptr;
  return {trace, "send", length > 1 ? "8 MiB" : "1",
          [fd, length] { return ::send(fd, bytes.data(), length, 0); }, word};
}

BlockedCall sendfile_in_thread(Trace& trace, int fd, int file) {
  return {trace, "sendfile", "8 MiB", [fd, file] { return sendfile(fd, file, nullptr, much); },
          share_of(static_cast<long>(much))};
}

BlockedCall splice_in_thread(Trace& trace, int fd, int pipe) {
  return {trace, "splice", "pipe to socket, 65536",
          [fd, pipe] { return splice(pipe, nullptr, fd, nullptr, pipeful, 0); }, share_of(pipeful)};
}

void rst_ends(BlockedCall& sending, Pair& pair) {
  sending.await_blocked();
  abortive_close(pair.b);
  sending.join();
}

// The FIN leaves it asleep.
void fin_and_rst_end(BlockedCall& sending, Pair& pair) {
  sending.await_blocked();
  send_fin(pair);
  sending.await_blocked();
  abortive_close(pair.b);
  sending.join();
}

void shutdown_ends(BlockedCall& sending, const Pair& pair, Trace& trace) {
  sending.await_blocked();
  trace.shutdown(pair.a, SHUT_WR);
  sending.join();
}

void send_rst(Trace& trace) {
  Pair pair = full_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, 1);
  rst_ends(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_rst_entry{{
    .id = "tcp-blocked/blocked-send-rst",
    .asks = "A send waits for room when a RST comes: what does it return, and the next one?",
    .grounds = {wait_memory, sk_stream_error, tcp_reset},
    .run = send_rst,
}};

void send_shut_wr(Trace& trace) {
  const Pair pair = full_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, 1);
  shutdown_ends(sending, pair, trace);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_shut_wr_entry{{
    .id = "tcp-blocked/blocked-send-other-thread-shut-wr",
    .asks = "A send waits for room when another thread shuts the sending side down: does it wake, "
            "and with what?",
    .grounds = {wait_memory, sk_stream_error, tcp_shutdown},
    .run = send_shut_wr,
}};

void send_close_wait_rst(Trace& trace) {
  Pair pair = full_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, 1);
  fin_and_rst_end(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_close_wait_rst_entry{{
    .id = "tcp-blocked/blocked-send-close-wait-rst",
    .asks = "A send waits for room when the peer ends its side and then resets: what does it "
            "return?",
    .grounds = {wait_memory, sk_stream_error, "net/ipv4/tcp_input.c:tcp_fin", tcp_reset},
    .run = send_close_wait_rst,
}};

void send_peer_closes(Trace& trace) {
  Pair pair = full_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, 1);
  sending.await_blocked();
  pair.b.close();
  sending.join();
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_peer_closes_entry{{
    .id = "tcp-blocked/blocked-send-peer-closes",
    .asks = "A send waits for a peer that does not read and then closes: is that an end or a "
            "reset?",
    .grounds = {wait_memory, sk_stream_error, tcp_close, tcp_reset},
    .run = send_peer_closes,
}};

void send_disconnects(Trace& trace) {
  const Pair pair = full_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, 1);
  sending.await_blocked();
  trace.disconnect(pair.a);
  sending.join();
  trace.send(pair.a, 1, MSG_DONTWAIT);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_disconnects_entry{{
    .id = "tcp-blocked/blocked-send-other-thread-disconnects",
    .asks = "A send waits for room when another thread calls connect(AF_UNSPEC): does it wake, "
            "and with what?",
    .grounds = {wait_memory, sk_stream_error, tcp_disconnect},
    .run = send_disconnects,
}};

void send_closes_fd(Trace& trace) {
  Pair pair = full_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, 1);
  sending.await_blocked();
  const int fd = pair.a.release();
  trace.call("close", "", [&] { return close(fd); });
  sending.join();
}
const Register send_closes_fd_entry{{
    .id = "tcp-blocked/blocked-send-other-thread-closes-fd",
    .asks = "A send waits for room when another thread closes its descriptor: does it ever "
            "return?",
    .grounds = {wait_memory, "fs/file.c:__fget_light", "fs/open.c:filp_close"},
    .run = send_closes_fd,
}};

void send_partial_rst(Trace& trace) {
  Pair pair = narrow_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, much);
  rst_ends(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_partial_rst_entry{{
    .id = "tcp-blocked/blocked-send-partial-rst",
    .asks = "A send has passed on a part when a RST comes: does it fail, or the one after it?",
    .grounds = {tcp_sendmsg, wait_memory, sk_stream_error, tcp_reset},
    .run = send_partial_rst,
}};

void send_partial_rst_so_error(Trace& trace) {
  Pair pair = narrow_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, much);
  rst_ends(sending, pair);
  trace.so_error(pair.a);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_partial_rst_so_error_entry{{
    .id = "tcp-blocked/blocked-send-partial-rst-soerror",
    .asks = "A send has returned a part because of a RST: does SO_ERROR still know the reason?",
    .grounds = {tcp_sendmsg, wait_memory, "net/core/sock.c:sock_getsockopt", tcp_reset},
    .run = send_partial_rst_so_error,
}};

void send_partial_shut_wr(Trace& trace) {
  const Pair pair = narrow_pair();
  BlockedCall sending = send_in_thread(trace, pair.a, much);
  shutdown_ends(sending, pair, trace);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register send_partial_shut_wr_entry{{
    .id = "tcp-blocked/blocked-send-partial-shut-wr",
    .asks = "A send has passed on a part when another thread shuts the sending side down: does it "
            "return the part or EPIPE?",
    .grounds = {tcp_sendmsg, wait_memory, tcp_shutdown},
    .run = send_partial_shut_wr,
}};

void sendfile_partial_rst(Trace& trace) {
  Pair pair = narrow_pair();
  const Fd file = file_to_send(longer_than_buffers);
  BlockedCall sending = sendfile_in_thread(trace, pair.a, file);
  rst_ends(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
  trace.so_error(pair.a);
}
const Register sendfile_partial_rst_entry{{
    .id = "tcp-blocked/blocked-sendfile-partial-rst",
    .asks = "A sendfile has passed on a part when a RST comes: who is told of the reset?",
    .grounds = {splice_direct, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_reset},
    .run = sendfile_partial_rst,
}};

void sendfile_partial_close_wait_rst(Trace& trace) {
  Pair pair = narrow_pair();
  const Fd file = file_to_send(longer_than_buffers);
  BlockedCall sending = sendfile_in_thread(trace, pair.a, file);
  fin_and_rst_end(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register sendfile_partial_close_wait_rst_entry{{
    .id = "tcp-blocked/blocked-sendfile-partial-close-wait-rst",
    .asks = "A sendfile has passed on a part when the peer, which had ended its side, resets: does "
            "SIGPIPE come with a count?",
    .grounds = {splice_direct, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_reset},
    .run = sendfile_partial_close_wait_rst,
}};

void sendfile_partial_shut_wr(Trace& trace) {
  const Pair pair = narrow_pair();
  const Fd file = file_to_send(longer_than_buffers);
  BlockedCall sending = sendfile_in_thread(trace, pair.a, file);
  shutdown_ends(sending, pair, trace);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register sendfile_partial_shut_wr_entry{{
    .id = "tcp-blocked/blocked-sendfile-partial-shut-wr",
    .asks = "A sendfile has passed on a part when another thread shuts the sending side down: does "
            "SIGPIPE come with a count?",
    .grounds = {splice_direct, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_shutdown},
    .run = sendfile_partial_shut_wr,
}};

void sendfile_nothing_rst(Trace& trace) {
  Pair pair = full_pair();
  const Fd file = file_to_send(longer_than_buffers);
  BlockedCall sending = sendfile_in_thread(trace, pair.a, file);
  rst_ends(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register sendfile_nothing_rst_entry{{
    .id = "tcp-blocked/blocked-sendfile-nothing-sent-rst",
    .asks = "A sendfile has passed on nothing when a RST comes: what does it return?",
    .grounds = {splice_direct, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_reset},
    .run = sendfile_nothing_rst,
}};

void sendfile_nothing_close_wait_rst(Trace& trace) {
  Pair pair = full_pair();
  const Fd file = file_to_send(longer_than_buffers);
  BlockedCall sending = sendfile_in_thread(trace, pair.a, file);
  fin_and_rst_end(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register sendfile_nothing_close_wait_rst_entry{{
    .id = "tcp-blocked/blocked-sendfile-nothing-sent-close-wait-rst",
    .asks = "A sendfile has passed on nothing when the peer, which had ended its side, resets: "
            "what does it return?",
    .grounds = {splice_direct, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_reset},
    .run = sendfile_nothing_close_wait_rst,
}};

void splice_partial_rst(Trace& trace) {
  Pair pair = narrow_pair();
  const Pipe pipe = pipe_holding(pipeful);
  BlockedCall sending = splice_in_thread(trace, pair.a, pipe.reader);
  rst_ends(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
  trace.so_error(pair.a);
}
const Register splice_partial_rst_entry{{
    .id = "tcp-blocked/blocked-splice-partial-rst",
    .asks = "A splice from a pipe has passed on a part when a RST comes: who is told of the reset?",
    .grounds = {splice_from_pipe, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_reset},
    .run = splice_partial_rst,
}};

void splice_partial_close_wait_rst(Trace& trace) {
  Pair pair = narrow_pair();
  const Pipe pipe = pipe_holding(pipeful);
  BlockedCall sending = splice_in_thread(trace, pair.a, pipe.reader);
  fin_and_rst_end(sending, pair);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register splice_partial_close_wait_rst_entry{{
    .id = "tcp-blocked/blocked-splice-partial-close-wait-rst",
    .asks = "A splice from a pipe has passed on a part when the peer, which had ended its side, "
            "resets: does SIGPIPE come with a count?",
    .grounds = {splice_from_pipe, do_tcp_sendpages, wait_memory, sk_stream_error, tcp_reset},
    .run = splice_partial_close_wait_rst,
}};

void send_timeout(Trace& trace) {
  Pair pair = stalled_pair();
  static const std::vector<char> bytes(much);
  const timeval patience{.tv_sec = 0, .tv_usec = 100'000};
  must("setsockopt(SO_SNDTIMEO)",
       setsockopt(pair.a, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience));
  const auto send_much = [&] { return send(pair.a, bytes.data(), much, 0); };
  trace.call("send", "8 MiB", send_much, share_of(static_cast<long>(much)));
  fill(pair.a);
  trace.send(pair.a);
  abortive_close(pair.b);
  settle();
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register send_timeout_entry{{
    .id = "tcp-blocked/sndtimeo-expires",
    .asks = "A send runs out of SO_SNDTIMEO; then a RST comes: which send is told of it?",
    .grounds = {tcp_sendmsg, wait_memory, tcp_reset, sk_stream_error},
    .run = send_timeout,
}};

void nonblocking_full(Trace& trace) {
  Pair pair = full_pair();
  must("fcntl(F_SETFL)", fcntl(pair.a, F_SETFL, O_NONBLOCK));
  trace.write(pair.a);
  abortive_close(pair.b);
  settle();
  trace.write(pair.a);
  trace.write(pair.a);
}
const Register nonblocking_full_entry{{
    .id = "tcp-blocked/nonblocking-full-then-rst",
    .asks = "A RST comes while the send buffer is full: is a write told to try again, or of the "
            "reset?",
    .grounds = {tcp_sendmsg, wait_memory, tcp_reset, sk_stream_error},
    .run = nonblocking_full,
}};

void poll_full(Trace& trace) {
  Pair pair = full_pair();
  trace.poll(pair.a);
  send_fin(pair);
  trace.poll(pair.a);
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a, 1, MSG_DONTWAIT);
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register poll_full_entry{{
    .id = "tcp-blocked/poll-full-buffer-through-fin-and-rst",
    .asks = "What does poll say of a socket without room before the peer's FIN, after it, and "
            "after a RST?",
    .grounds = {"net/ipv4/tcp.c:tcp_poll", "net/ipv4/tcp_input.c:tcp_fin", tcp_reset},
    .run = poll_full,
}};

}  // namespace
}  // namespace probe
