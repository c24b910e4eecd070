#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <thread>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

namespace probe {
namespace {

const Story story{
    "A connection that the peer has reset while it was ESTABLISHED. What Linux 3.16 answers "
    "follows from a few rules:",
    {("The RST stores ECONNRESET in sk_err, closes the socket and shuts down both directions; the "
      "receive queue stays (net/ipv4/tcp_input.c:tcp_reset, net/ipv4/tcp.c:tcp_done)."),
     ("Whoever asks first gets sk_err and clears it: send, recv, connect or SO_ERROR "
      "(include/net/sock.h:sock_error)."),
     ("A send without an error left finds SEND_SHUTDOWN: EPIPE, and only EPIPE comes with SIGPIPE "
      "(net/core/stream.c:sk_stream_error)."),
     ("recv gives data first, then the error, then 0 because of RCV_SHUTDOWN "
      "(net/ipv4/tcp.c:tcp_recvmsg)."),
     "poll says HUP for ever, ERR only while sk_err is set (net/ipv4/tcp.c:tcp_poll)."}};

constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* tcp_splice_read = "net/ipv4/tcp.c:tcp_splice_read";
constexpr const char* tcp_recv_urg = "net/ipv4/tcp.c:tcp_recv_urg";
constexpr const char* tcp_poll = "net/ipv4/tcp.c:tcp_poll";
constexpr const char* tcp_disconnect = "net/ipv4/tcp.c:tcp_disconnect";
constexpr const char* inet_shutdown = "net/ipv4/af_inet.c:inet_shutdown";
constexpr const char* inet_stream_connect = "net/ipv4/af_inet.c:__inet_stream_connect";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// Our end of a connection that the peer reset after it had sent `unread` bytes.
Fd reset_by_peer(size_t unread = 0) {
  Pair pair = tcp_pair();
  if (unread > 0) must_send(pair.b, unread);
  abortive_close(pair.b);
  settle();
  return std::move(pair.a);
}

void recv_first(Trace& trace) {
  Pair pair = tcp_pair();
  const Address peer = peer_address(pair.a);
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  trace.poll(pair.a);
  trace.state(pair.a);
  trace.shutdown(pair.a, SHUT_WR);
  Address name{.length = sizeof name.storage};
  trace.call("getpeername", "", [&] { return getpeername(pair.a, name.data(), &name.length); });
  trace.call("connect", "the peer's address",
             [&] { return connect(pair.a, peer.data(), peer.length); });
}
const Register recv_first_entry{{
    .id = "tcp/rst-established-recv-first",
    .asks = "If recv takes the error of a reset connection, what is left for send, shutdown, "
            "getpeername and connect?",
    .grounds = {tcp_reset, tcp_recvmsg, inet_shutdown, "net/ipv4/af_inet.c:inet_getname",
                inet_stream_connect},
    .run = recv_first,
}};

void so_error_first(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.so_error(a);
  trace.poll(a);
  trace.recv(a);
  trace.send(a);
  trace.so_error(a);
}
const Register so_error_first_entry{{
    .id = "tcp/rst-established-soerror-first",
    .asks = "Does asking for SO_ERROR take the error away from the calls that follow?",
    .grounds = {"net/core/sock.c:sock_getsockopt", sk_stream_error, tcp_recvmsg},
    .run = so_error_first,
}};

void unread_data_recv_first(Trace& trace) {
  const Fd a = reset_by_peer(5);
  trace.poll(a);
  trace.recv(a, 100, MSG_PEEK);
  trace.recv(a);
  trace.recv(a);
  trace.recv(a);
  trace.send(a);
}
const Register unread_data_recv_first_entry{{
    .id = "tcp/rst-established-unread-data-recv-first",
    .asks = "Can data that came before the RST still be read, and when does recv tell of the RST?",
    .grounds = {tcp_reset, tcp_recvmsg, tcp_poll},
    .run = unread_data_recv_first,
}};

void unread_data_send_first(Trace& trace) {
  const Fd a = reset_by_peer(5);
  trace.send(a);
  trace.send(a);
  trace.recv(a);
  trace.recv(a);
}
const Register unread_data_send_first_entry{{
    .id = "tcp/rst-established-unread-data-send-first",
    .asks = "Can data that came before the RST still be read when send has already failed?",
    .grounds = {sk_stream_error, tcp_recvmsg},
    .run = unread_data_send_first,
}};

void errqueue_first(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.recv(a, 100, MSG_ERRQUEUE);
  trace.send(a);
  trace.send(a);
}
const Register errqueue_first_entry{{
    .id = "tcp/rst-established-errqueue-first",
    .asks = "Does looking into the error queue, which is empty, take the connection's error?",
    .grounds = {tcp_recvmsg, sk_stream_error},
    .run = errqueue_first,
}};

void splice_read(Trace& trace) {
  const Fd a = reset_by_peer();
  const Pipe ends = make_pipe();
  trace.call("splice", "socket to pipe, 100",
             [&] { return splice(a, nullptr, ends.writer, nullptr, 100, 0); });
  trace.call("splice", "socket to pipe, 100",
             [&] { return splice(a, nullptr, ends.writer, nullptr, 100, 0); });
  trace.send(a);
}
const Register splice_read_entry{{
    .id = "tcp/rst-established-splice-read",
    .asks = "Does splice from a reset connection take the error as recv does?",
    .grounds = {tcp_splice_read, sk_stream_error},
    .run = splice_read,
}};

void recv_oob(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.recv(a, 1, MSG_OOB);
  trace.send(a);
  trace.send(a);
}
const Register recv_oob_entry{{
    .id = "tcp/rst-established-recv-oob",
    .asks = "Does asking for urgent data, of which there is none, take the connection's error?",
    .grounds = {tcp_recv_urg, sk_stream_error},
    .run = recv_oob,
}};

void waitall_partial(Trace& trace) {
  const Fd a = reset_by_peer(5);
  trace.recv(a, 100, MSG_WAITALL);
  trace.recv(a);
  trace.recv(a);
}
const Register waitall_partial_entry{{
    .id = "tcp/rst-established-waitall-partial",
    .asks = "What does recv do that must wait for 100 bytes when 5 and a RST have come?",
    .grounds = {tcp_recvmsg},
    .run = waitall_partial,
}};

void recv_len0(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.recv(a, 0);
  trace.send(a);
  trace.send(a);
}
const Register recv_len0_entry{{
    .id = "tcp/rst-established-recv-len0",
    .asks = "Does recv of no bytes take the connection's error?",
    .grounds = {tcp_recvmsg, sk_stream_error},
    .run = recv_len0,
}};

void read_len0(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.read(a, 0);
  trace.send(a);
  trace.send(a);
}
const Register read_len0_entry{{
    .id = "tcp/rst-established-read-len0",
    .asks = "Does read of no bytes take the connection's error, as recv of no bytes does?",
    .grounds = {"net/socket.c:sock_aio_read", sk_stream_error},
    .run = read_len0,
}};

void recv_trunc(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.recv(a, 100, MSG_TRUNC);
  trace.send(a);
}
const Register recv_trunc_entry{{
    .id = "tcp/rst-established-recv-trunc",
    .asks = "Does recv that throws the data away take the connection's error?",
    .grounds = {tcp_recvmsg, sk_stream_error},
    .run = recv_trunc,
}};

void shutdown_first(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.shutdown(a, SHUT_WR);
  trace.so_error(a);
  trace.send(a);
}
const Register shutdown_first_entry{{
    .id = "tcp/rst-established-shutdown-first",
    .asks = "What does shutdown say about a reset connection, and does it take the error?",
    .grounds = {inet_shutdown, sk_stream_error},
    .run = shutdown_first,
}};

void setsockopt_first(Trace& trace) {
  const Fd a = reset_by_peer();
  const int on = 1;
  trace.call("setsockopt", "TCP_NODELAY",
             [&] { return setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); });
  trace.call("setsockopt", "SO_KEEPALIVE",
             [&] { return setsockopt(a, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); });
  trace.send(a);
}
const Register setsockopt_first_entry{{
    .id = "tcp/rst-established-setsockopt",
    .asks = "Do socket options still take on a reset connection, and leave its error alone?",
    .grounds = {"net/ipv4/tcp.c:do_tcp_setsockopt", "net/core/sock.c:sock_setsockopt",
                sk_stream_error},
    .run = setsockopt_first,
}};

void disconnect_first(Trace& trace) {
  const Fd a = reset_by_peer();
  trace.disconnect(a);
  trace.poll(a);
  trace.so_error(a);
  trace.send(a);
  trace.recv(a);
}
const Register disconnect_first_entry{{
    .id = "tcp/rst-established-disconnect",
    .asks = "Does connect(AF_UNSPEC) clear the error of a reset connection?",
    .grounds = {tcp_disconnect, tcp_poll, "net/core/stream.c:sk_stream_wait_connect"},
    .run = disconnect_first,
}};

void reconnect(Trace& trace) {
  Pair pair = tcp_pair();
  const Address peer = peer_address(pair.a);
  abortive_close(pair.b);
  settle();
  trace.send(pair.a);
  trace.call("connect", "the peer's address",
             [&] { return connect(pair.a, peer.data(), peer.length); });
  trace.disconnect(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
}
const Register reconnect_entry{{
    .id = "tcp/rst-established-reconnect",
    .asks = "Can a socket whose connection was reset be connected again?",
    .grounds = {inet_stream_connect, tcp_disconnect},
    .run = reconnect,
}};

void look_at_send_queue(Trace& trace, const Fd& fd) {
  int unacknowledged = 0;
  must("ioctl(SIOCOUTQ)", ioctl(fd, SIOCOUTQ, &unacknowledged));
  trace.look("siocoutq", "ioctl", "SIOCOUTQ",
             Json::object({{"value", unacknowledged > 0 ? ">0" : "0"}}));
}

void send_queue(Trace& trace) {
  Pair pair = tcp_pair(Over::ipv4, small_buffers);
  fill(pair.a);
  look_at_send_queue(trace, pair.a);
  abortive_close(pair.b);
  settle();
  look_at_send_queue(trace, pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register send_queue_entry{{
    .id = "tcp/rst-established-outq",
    .asks = "Does SIOCOUTQ still count the bytes that a RST has made undeliverable?",
    .grounds = {"net/ipv4/tcp.c:tcp_ioctl", tcp_reset, sk_stream_error},
    .run = send_queue,
}};

void shared_socket(Trace& trace) {
  const Fd a = reset_by_peer();
  Child child([&] {
    trace.on("child").send(a);
    return 0;
  });
  if (child.wait() != 0) throw Broken("the child did not send");
  trace.send(a);
  trace.poll(a);
}
const Register shared_socket_entry{{
    .id = "tcp/shared-socket-error-consumed-once",
    .asks = "If a forked child's send takes the error of a shared socket, what does the parent's "
            "get?",
    .grounds = {"include/net/sock.h:sock_error", sk_stream_error},
    .run = shared_socket,
}};

void shared_by_dup(Trace& trace) {
  const Fd a = reset_by_peer();
  const Fd other(must("dup", dup(a)));
  trace.on("dup").send(other);
  trace.send(a);
  trace.poll(a);
}
const Register shared_by_dup_entry{{
    .id = "tcp/shared-socket-error-consumed-once+dup",
    .asks = "If a send by one descriptor takes the error of a socket, what does one by its "
            "duplicate get?",
    .grounds = {"include/net/sock.h:sock_error", sk_stream_error},
    .run = shared_by_dup,
}};

void shared_by_thread(Trace& trace) {
  const Fd a = reset_by_peer();
  std::thread([&] { trace.on("thread").send(a); }).join();
  trace.send(a);
  trace.poll(a);
}
const Register shared_by_thread_entry{{
    .id = "tcp/shared-socket-error-consumed-once+thread",
    .asks = "If another thread's send takes the error of a socket, what does ours get?",
    .grounds = {"include/net/sock.h:sock_error", sk_stream_error},
    .run = shared_by_thread,
}};

void reset_then_closed(Trace& trace, Over over) {
  Pair reset = tcp_pair(over);
  abortive_close(reset.b);
  settle();
  trace.poll(reset.a);
  trace.send(reset.a);
  trace.send(reset.a);
  trace.recv(reset.a);

  Pair closed = tcp_pair(over);
  closed.b.close();
  settle();
  trace.send(closed.a);
  settle();
  trace.poll(closed.a);
  trace.recv(closed.a);
  trace.send(closed.a);
}
const Register ipv6_entry{{
    .id = "tcp/rst-and-close-wait-ipv6",
    .asks = "Over IPv6: what do a reset connection and one that the peer closed answer?",
    .grounds = {"net/ipv6/tcp_ipv6.c:tcp_v6_do_rcv", tcp_reset, sk_stream_error},
    .needs = {"ipv6"},
    .run = [](Trace& trace) { reset_then_closed(trace, Over::ipv6); },
}};
const Register v4_mapped_entry{{
    .id = "tcp/rst-and-close-wait-v4-mapped",
    .asks = "Over IPv4 on an IPv6 socket: what do a reset connection and one that the peer closed "
            "answer?",
    .grounds = {"net/ipv6/tcp_ipv6.c:tcp_v6_connect", tcp_reset, sk_stream_error},
    .needs = {"ipv6"},
    .run = [](Trace& trace) { reset_then_closed(trace, Over::v4_mapped); },
}};

}  // namespace
}  // namespace probe
