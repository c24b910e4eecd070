#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <csignal>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

/// Longer than other files: however the peer closes, the rules are the same, and the story that
/// tells them stands once, for all the scenarios of its file.
namespace probe {
namespace {

const Story story{
    "A connection that the peer closes. What Linux 3.16 answers follows from a few rules:",
    {("close() with data that nobody read sends a RST; with nothing unread, a FIN "
      "(net/ipv4/tcp.c:tcp_close, data_was_unread). The count is of bytes still in the receive "
      "queue, so peeking does not help, and a FIN has no bytes."),
     ("The FIN makes our end CLOSE_WAIT, with RCV_SHUTDOWN and SOCK_DONE: recv gives 0 for ever "
      "and never sk_err (net/ipv4/tcp_input.c:tcp_fin, net/ipv4/tcp.c:tcp_recvmsg)."),
     ("We may still send; the closed end, having no reader, answers with a RST "
      "(net/ipv4/tcp_input.c:tcp_rcv_state_process, "
      "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process)."),
     ("In CLOSE_WAIT that RST stores EPIPE, in every other state ECONNRESET "
      "(net/ipv4/tcp_input.c:tcp_reset). EPIPE comes with SIGPIPE, ECONNRESET does not "
      "(net/core/stream.c:sk_stream_error).")}};

constexpr const char* tcp_close = "net/ipv4/tcp.c:tcp_close";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* tcp_recv_urg = "net/ipv4/tcp.c:tcp_recv_urg";
constexpr const char* tcp_read_sock = "net/ipv4/tcp.c:tcp_read_sock";
constexpr const char* tcp_fin = "net/ipv4/tcp_input.c:tcp_fin";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_rcv_state_process = "net/ipv4/tcp_input.c:tcp_rcv_state_process";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// Our end of a connection that the peer closed after it had sent `unread` bytes.
Fd closed_by_peer(size_t unread = 0) {
  Pair pair = tcp_pair();
  if (unread > 0) must_send(pair.b, unread);
  pair.b.close();
  settle();
  return std::move(pair.a);
}

void send_sequence(Trace& trace) {
  const Fd a = closed_by_peer();
  trace.poll(a);
  trace.recv(a);
  trace.send(a);
  settle();
  trace.poll(a);
  trace.state(a);
  trace.recv(a);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
  trace.poll(a);
  trace.so_error(a);
}
const Register send_sequence_entry{{
    .id = "tcp/close-wait-rst-send-sequence",
    .asks = "What does one go on to see who sends to a peer that has closed, and sends again?",
    .grounds = {tcp_fin, tcp_reset, sk_stream_error, tcp_recvmsg},
    .run = send_sequence,
}};

void so_error_before_send(Trace& trace) {
  const Fd a = closed_by_peer();
  trace.send(a);
  settle();
  trace.so_error(a);
  trace.poll(a);
  trace.send(a);
  trace.recv(a);
}
const Register so_error_before_send_entry{{
    .id = "tcp/close-wait-rst-soerror-first",
    .asks = "Is the EPIPE of a broken connection in SO_ERROR, and does reading it there spare the "
            "next send?",
    .grounds = {tcp_reset, "net/core/sock.c:sock_getsockopt", sk_stream_error},
    .run = so_error_before_send,
}};

void shutdown_before_send(Trace& trace) {
  const Fd a = closed_by_peer();
  must_send(a, 1);
  settle();
  trace.shutdown(a, SHUT_WR);
  trace.send(a);
}
const Register shutdown_before_send_entry{{
    .id = "tcp/close-wait-rst-shutdown-first",
    .asks = "What does shutdown say of a connection that has broken, and does it spare the next "
            "send the signal?",
    .grounds = {tcp_reset, "net/ipv4/af_inet.c:inet_shutdown", sk_stream_error},
    .run = shutdown_before_send,
}};

void unread_data_in_close_wait(Trace& trace) {
  const Fd a = closed_by_peer(5);
  trace.send(a);
  settle();
  trace.poll(a);
  trace.recv(a);
  trace.recv(a);
  trace.send(a);
}
const Register unread_data_in_close_wait_entry{{
    .id = "tcp/close-wait-rst-unread-data",
    .asks = "Can what the peer sent before it closed still be read when the connection has broken?",
    .grounds = {tcp_reset, tcp_recvmsg, sk_stream_error},
    .run = unread_data_in_close_wait,
}};

void then_abortive_close(Trace& trace) {
  Pair pair = tcp_pair();
  must_shutdown(pair.b, SHUT_WR);
  trace.recv(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  settle();
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register then_abortive_close_entry{{
    .id = "tcp/close-wait-then-abortive-close",
    .asks = "If the peer ends its side first and resets later: is that a broken pipe or a reset?",
    .grounds = {tcp_fin, tcp_close, tcp_reset, sk_stream_error},
    .run = then_abortive_close,
}};

void unread_data(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 5);
  settle();
  pair.b.close();
  settle();
  trace.poll(pair.a);
  trace.state(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register unread_data_entry{{
    .id = "tcp/peer-close-unread-data",
    .asks = "What does a close() look like from the other end when it throws away unread data?",
    .grounds = {tcp_close, tcp_reset, sk_stream_error},
    .run = unread_data,
}};

void partly_read(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 5);
  must_recv(pair.b, 2);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register partly_read_entry{{
    .id = "tcp/peer-close-partly-read",
    .asks = "Does close() reset the connection when the peer has read a part of what we sent?",
    .grounds = {tcp_close, tcp_reset, sk_stream_error},
    .run = partly_read,
}};

void only_peeked(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 5);
  must_recv(pair.b, 5, MSG_PEEK);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.send(pair.a);
}
const Register only_peeked_entry{{
    .id = "tcp/peer-close-only-peeked",
    .asks = "Does data count as read for close() when the peer has only peeked at it?",
    .grounds = {tcp_close, tcp_recvmsg, tcp_reset},
    .run = only_peeked,
}};

// The peer splices `length` of the 5 bytes it was sent into a pipe, and closes.
void after_splice(Trace& trace, size_t length) {
  Pair pair = tcp_pair();
  must_send(pair.a, 5);
  settle();
  const Pipe ends = make_pipe();
  const ssize_t moved = must("splice", splice(pair.b, nullptr, ends.writer, nullptr, length, 0));
  if (static_cast<size_t>(moved) != length) throw Broken("splice: a short count");
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
}
const Register after_splice_entry{{
    .id = "tcp/peer-close-after-splice-read",
    .asks = "Does data count as read for close() when the peer has spliced it into a pipe?",
    .grounds = {tcp_read_sock, tcp_close, tcp_fin, tcp_reset},
    .run = [](Trace& trace) { after_splice(trace, 5); },
}};
const Register after_partial_splice_entry{{
    .id = "tcp/peer-close-after-splice-partial",
    .asks = "Does close() reset the connection when the peer has spliced a part of a segment?",
    .grounds = {tcp_read_sock, tcp_close, tcp_reset, sk_stream_error},
    .run = [](Trace& trace) { after_splice(trace, 2); },
}};

void unread_oob(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 1, MSG_OOB);
  settle();
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register unread_oob_entry{{
    .id = "tcp/peer-close-unread-oob",
    .asks = "Does an urgent byte that nobody read make close() reset the connection?",
    .grounds = {tcp_close, tcp_reset, sk_stream_error},
    .run = unread_oob,
}};

void oob_already_read(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 1, MSG_OOB);
  settle();
  trace.on("peer").recv(pair.b, 1, MSG_OOB);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register oob_already_read_entry{{
    .id = "tcp/peer-close-oob-already-read",
    .asks = "Does close() reset the connection when the peer has read the urgent byte, by MSG_OOB?",
    .grounds = {tcp_recv_urg, tcp_close, tcp_reset},
    .run = oob_already_read,
}};

void oob_mid(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 2);
  must_send(pair.a, 1, MSG_OOB);
  must_send(pair.a, 2);
  settle();
  Trace peer = trace.on("peer");
  peer.recv(pair.b);
  peer.recv(pair.b);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
}
const Register oob_mid_entry{{
    .id = "tcp/peer-close-oob-mid",
    .asks = "Does an urgent byte amid what the peer has read to its end, in band, make close() "
            "reset the connection?",
    .grounds = {tcp_recvmsg, tcp_close, tcp_fin, tcp_reset, sk_stream_error},
    .run = oob_mid,
}};

void unread_after_our_fin(Trace& trace) {
  Pair pair = tcp_pair();
  must_send(pair.a, 5);
  must_shutdown(pair.a, SHUT_WR);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
}
const Register unread_after_our_fin_entry{{
    .id = "tcp/peer-close-unread-after-our-fin",
    .asks = "We have ended our side; the peer closes without reading: do we hear of the RST?",
    .grounds = {tcp_close, tcp_reset, tcp_recvmsg, sk_stream_error},
    .run = unread_after_our_fin,
}};

void only_fin_unread(Trace& trace) {
  Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  trace.so_error(pair.a);
}
const Register only_fin_unread_entry{{
    .id = "tcp/peer-close-only-fin-unread",
    .asks = "Does an end of file that nobody read make close() reset the connection?",
    .grounds = {tcp_close, tcp_fin, "net/ipv4/tcp_minisocks.c:tcp_time_wait"},
    .run = only_fin_unread,
}};

// A process that does nothing but hold what it inherited.
Child holder() {
  return Child([]() -> int {
    for (;;) pause();
  });
}

void inherited_by_child(Trace& trace) {
  Pair pair = tcp_pair();
  Child child = holder();
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.send(pair.a);
  settle();
  child.kill(SIGKILL);
  child.wait();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
}
const Register inherited_by_child_entry{{
    .id = "tcp/peer-fd-inherited-by-child",
    .asks = "The peer closes, but a child it forked still has the socket: when does the connection "
            "end, and how?",
    .grounds = {"fs/file_table.c:fput", tcp_close, tcp_reset, sk_stream_error},
    .run = inherited_by_child,
}};

void killed(Trace& trace) {
  Pair pair = tcp_pair();
  Child peer = holder();
  pair.b.close();
  peer.kill(SIGKILL);
  peer.wait();
  settle();
  trace.state(pair.a);
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
}
const Register killed_entry{{
    .id = "tcp/peer-killed-sigkill",
    .asks = "Is a peer that was killed told from one that closed?",
    .grounds = {"kernel/exit.c:do_exit", tcp_close, tcp_reset, sk_stream_error},
    .run = killed,
}};

void linger2_negative(Trace& trace) {
  Pair pair = tcp_pair();
  set_option(pair.b, IPPROTO_TCP, TCP_LINGER2, -1);
  const Address peer = local_address(pair.b);
  const Address self = peer_address(pair.b);
  pair.b.close();
  // Our ACK of the FIN, a delayed one, is what ends the peer.
  await("the ACK of the peer's FIN", [&] { return end_state(peer, self) != "FIN_WAIT1"; });
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register linger2_negative_entry{{
    .id = "tcp/peer-tcp-linger2-negative",
    .asks =
        "What do we see of a peer that closes and, by TCP_LINGER2 = -1, stays in FIN_WAIT_2 for "
        "no time at all?",
    .grounds = {tcp_rcv_state_process, tcp_close, tcp_reset, sk_stream_error},
    .run = linger2_negative,
}};

void too_many_orphans(Trace& trace) {
  Pair pair = tcp_pair(Over::ipv4, small_buffers);
  fill(pair.b);  // so that its FIN cannot leave: an end in FIN_WAIT1 that nobody holds
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register too_many_orphans_entry{{
    .id = "tcp/peer-close-too-many-orphans",
    .asks = "What does one see of a peer that closes in good order on a machine that will not keep "
            "connections which no process holds?",
    .grounds = {"net/ipv4/tcp.c:tcp_close", "net/ipv4/tcp.c:tcp_check_oom", tcp_reset,
                sk_stream_error},
    .sysctls = {{"net.ipv4.tcp_max_orphans", "-1"}},
    .run = too_many_orphans,
}};

}  // namespace
}  // namespace probe
