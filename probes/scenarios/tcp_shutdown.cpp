#include <netinet/tcp.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

/// Longer than other files: sockets that are shut down, not connected, listening or disconnected
/// follow one set of rules, and the story that tells them stands once, for all the scenarios of its
/// file.
namespace probe {
namespace {

const Story story{
    "Sockets whose own side cannot send: shut down, never connected, listening, disconnected. What "
    "Linux 3.16 answers follows from a few rules:",
    {("Outside ESTABLISHED and CLOSE_WAIT a send looks for sk_err first and is EPIPE otherwise, be "
      "the socket only just made (net/ipv4/tcp.c:tcp_sendmsg, "
      "net/core/stream.c:sk_stream_wait_connect)."),
     ("shutdown() marks sk_shutdown even where it answers ENOTCONN "
      "(net/ipv4/af_inet.c:inet_shutdown); with SEND_SHUTDOWN every send is EPIPE, one of no bytes "
      "too."),
     ("Data for a socket in FIN_WAIT1 or FIN_WAIT2 that no longer receives resets the connection, "
      "at both ends (net/ipv4/tcp_input.c:tcp_rcv_state_process)."),
     ("connect(AF_UNSPEC) resets a live connection, keeps ECONNRESET for us, and clears "
      "sk_shutdown (net/ipv4/tcp.c:tcp_disconnect)."),
     ("Once TIME_WAIT takes over, the descriptor is CLOSE without an error "
      "(net/ipv4/tcp_minisocks.c:tcp_time_wait).")}};

constexpr const char* tcp_sendmsg = "net/ipv4/tcp.c:tcp_sendmsg";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* tcp_shutdown = "net/ipv4/tcp.c:tcp_shutdown";
constexpr const char* tcp_disconnect = "net/ipv4/tcp.c:tcp_disconnect";
constexpr const char* tcp_poll = "net/ipv4/tcp.c:tcp_poll";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_fin = "net/ipv4/tcp_input.c:tcp_fin";
constexpr const char* tcp_rcv_state_process = "net/ipv4/tcp_input.c:tcp_rcv_state_process";
constexpr const char* tcp_time_wait = "net/ipv4/tcp_minisocks.c:tcp_time_wait";
constexpr const char* inet_shutdown = "net/ipv4/af_inet.c:inet_shutdown";
constexpr const char* wait_connect = "net/core/stream.c:sk_stream_wait_connect";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// Set-up: connect(AF_UNSPEC).
void must_disconnect(int fd) {
  sockaddr_storage unspecified{};
  unspecified.ss_family = AF_UNSPEC;
  must("connect(AF_UNSPEC)",
       connect(fd, reinterpret_cast<const sockaddr*>(&unspecified), sizeof unspecified));
}

void never_connected(Trace& trace) {
  const Fd fd = tcp_socket();
  trace.poll(fd);
  trace.send(fd, 0);
  trace.recv(fd);
  trace.shutdown(fd, SHUT_WR);
  trace.poll(fd);
  trace.send(fd);
  trace.shutdown(fd, SHUT_RD);
  trace.poll(fd);
  trace.recv(fd);
  trace.send(fd);
}
const Register never_connected_entry{{
    .id = "tcp/never-connected",
    .asks = "Is a socket that was never connected not connected, or a broken pipe?",
    .grounds = {tcp_sendmsg, wait_connect, inet_shutdown, tcp_recvmsg, tcp_poll},
    .run = never_connected,
}};

void never_connected_ipv6(Trace& trace) {
  const Fd fd = tcp_socket(Over::ipv6);
  trace.poll(fd);
  trace.send(fd);
  trace.recv(fd);
}
const Register never_connected_ipv6_entry{{
    .id = "tcp/never-connected-ipv6",
    .asks = "Over IPv6: is a socket that was never connected not connected, or a broken pipe?",
    .grounds = {tcp_sendmsg, wait_connect, tcp_recvmsg},
    .needs = {"ipv6"},
    .run = never_connected_ipv6,
}};

void listening(Trace& trace) {
  const Listener listener = tcp_listener();
  const Fd& fd = listener.fd;
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd, 0);
  trace.recv(fd);
  trace.shutdown(fd, SHUT_WR);
  trace.send(fd);
  trace.state(fd);
  trace.shutdown(fd, SHUT_RD);
  trace.state(fd);
  trace.poll(fd);
  trace.send(fd);
  trace.recv(fd);
  trace.so_error(fd);
}
const Register listening_entry{{
    .id = "tcp/listening-socket",
    .asks = "What does a listening socket answer to send, and how does one stop it by shutdown?",
    .grounds = {tcp_sendmsg, wait_connect, inet_shutdown, tcp_disconnect},
    .run = listening,
}};

void full_cycle(Trace& trace) {
  Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a, 0);
  must_send(pair.b, 2);
  settle();
  trace.recv(pair.a);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  trace.poll(pair.a);
}
const Register full_cycle_entry{{
    .id = "tcp/local-shut-wr-full-cycle",
    .asks = "After SHUT_WR, what do sending and receiving answer until both sides have ended?",
    .grounds = {tcp_shutdown, tcp_sendmsg, wait_connect, tcp_time_wait},
    .run = full_cycle,
}};

void fin_wait2_rst(Trace& trace) {
  Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  abortive_close(pair.b);
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
}
const Register fin_wait2_rst_entry{{
    .id = "tcp/fin-wait2-rst-received",
    .asks = "Does a writer who has shut down still hear of a reset, once, before EPIPE?",
    .grounds = {tcp_reset, wait_connect, sk_stream_error},
    .run = fin_wait2_rst,
}};

void shut_rd(Trace& trace) {
  const Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_RD);
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
  must_send(pair.b, 2);
  settle();
  trace.recv(pair.a);
  trace.recv(pair.a);
}
const Register shut_rd_entry{{
    .id = "tcp/local-shut-rd",
    .asks = "After our own SHUT_RD, does data still come in, and does sending still work?",
    .grounds = {tcp_shutdown, tcp_recvmsg, "net/ipv4/tcp_input.c:tcp_data_queue"},
    .run = shut_rd,
}};

void peer_shut_rd(Trace& trace) {
  const Pair pair = tcp_pair();
  Trace peer = trace.on("peer");
  must_shutdown(pair.b, SHUT_RD);
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
  settle();
  peer.recv(pair.b);
  trace.state(pair.a);
  peer.state(pair.b);
}
const Register peer_shut_rd_entry{{
    .id = "tcp/peer-shut-rd",
    .asks = "Does the sender learn that its peer has shut down reading?",
    .grounds = {tcp_shutdown, "net/ipv4/tcp_input.c:tcp_data_queue"},
    .run = peer_shut_rd,
}};

void shut_rdwr_then_data(Trace& trace) {
  const Pair pair = tcp_pair();
  Trace peer = trace.on("peer");
  must_shutdown(pair.b, SHUT_RDWR);
  trace.send(pair.a);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  peer.poll(pair.b);
  peer.send(pair.b);
  peer.send(pair.b);
  peer.recv(pair.b);
}
const Register shut_rdwr_then_data_entry{{
    .id = "tcp/local-shut-rdwr-then-peer-data",
    .asks = "Data for a socket that was shut down both ways but not closed: what do the two ends "
            "see?",
    .grounds = {tcp_rcv_state_process, tcp_reset, sk_stream_error},
    .run = shut_rdwr_then_data,
}};

void shut_rdwr_then_data_recv_first(Trace& trace) {
  const Pair pair = tcp_pair();
  Trace peer = trace.on("peer");
  must_shutdown(pair.b, SHUT_RDWR);
  trace.send(pair.a);
  settle();
  peer.recv(pair.b);
  peer.send(pair.b);
  peer.so_error(pair.b);
}
const Register shut_rdwr_then_data_recv_first_entry{{
    .id = "tcp/local-shut-rdwr-then-peer-data-recv-first",
    .asks =
        "Data for a socket that was shut down both ways: does its recv say end of file, or that "
        "the connection was reset?",
    .grounds = {tcp_rcv_state_process, tcp_reset, tcp_recvmsg},
    .run = shut_rdwr_then_data_recv_first,
}};

void last_ack(Trace& trace) {
  const Pair pair = tcp_pair();
  must_shutdown(pair.b, SHUT_WR);
  must_shutdown(pair.a, SHUT_WR);
  settle();
  trace.state(pair.a);
  trace.on("peer").state(pair.b);
  trace.send(pair.a);
  trace.recv(pair.a);
  trace.poll(pair.a);
}
const Register last_ack_entry{{
    .id = "tcp/last-ack-completed",
    .asks = "When both sides have ended in good order, what is left of the descriptors?",
    .grounds = {tcp_rcv_state_process, tcp_time_wait, wait_connect},
    .run = last_ack,
}};

void time_wait(Trace& trace) {
  Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  pair.b.close();
  settle();
  trace.state(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
  trace.so_error(pair.a);
  trace.shutdown(pair.a, SHUT_WR);
}
const Register time_wait_entry{{
    .id = "tcp/time-wait-fd-open",
    .asks = "What does a descriptor answer whose connection is in TIME_WAIT?",
    .grounds = {tcp_fin, tcp_time_wait, wait_connect, inet_shutdown},
    .run = time_wait,
}};

void fin_wait2_no_timeout(Trace& trace) {
  const Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  // Time is the stimulus: twice and a half what an end without a descriptor would be given.
  std::this_thread::sleep_for(std::chrono::milliseconds(fin_timeout()) * 5 / 2);
  trace.state(pair.a);
  trace.send(pair.a);
}
const Register fin_wait2_no_timeout_entry{{
    .id = "tcp/fin-wait2-fd-open-no-timeout",
    .asks = "Does tcp_fin_timeout end a connection in FIN_WAIT_2 whose descriptor is open?",
    .grounds = {tcp_rcv_state_process, "net/ipv4/tcp.c:tcp_close", wait_connect},
    .shortened = {{"net.ipv4.tcp_fin_timeout", "1"}},
    .deadline = std::chrono::seconds(170),
    .run = fin_wait2_no_timeout,
}};

void fin_wait1_zero_window(Trace& trace) {
  const Pair pair = tcp_pair(Over::ipv4, small_buffers);
  Trace peer = trace.on("peer");
  fill(pair.a);
  must("shutdown", shutdown(pair.a, SHUT_WR));
  settle();
  trace.state(pair.a);
  peer.state(pair.b);
  drain(pair.b);
  await("the ACK of our FIN", [&] { return tcp_state(pair.a) != "FIN_WAIT1"; });
  trace.state(pair.a);
  peer.state(pair.b);
}
const Register fin_wait1_zero_window_entry{{
    .id = "tcp/fin-wait1-zero-window",
    .asks = "Where do both ends stand while our FIN waits behind data that the peer does not read?",
    .grounds = {"net/ipv4/tcp_output.c:tcp_send_fin", tcp_rcv_state_process, tcp_fin},
    .run = fin_wait1_zero_window,
}};

void disconnect_established(Trace& trace) {
  const Pair pair = tcp_pair();
  Trace peer = trace.on("peer");
  trace.disconnect(pair.a);
  settle();
  trace.poll(pair.a);
  trace.state(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
  peer.poll(pair.b);
  peer.send(pair.b);
  peer.send(pair.b);
}
const Register disconnect_established_entry{{
    .id = "tcp/disconnect-established",
    .asks = "What do the two ends of a live connection see when one calls connect(AF_UNSPEC)?",
    .grounds = {tcp_disconnect, tcp_reset, wait_connect, tcp_recvmsg},
    .run = disconnect_established,
}};

void disconnect_established_recv_first(Trace& trace) {
  const Pair pair = tcp_pair();
  must_disconnect(pair.a);
  settle();
  trace.recv(pair.a);
  trace.recv(pair.a);
  trace.send(pair.a);
}
const Register disconnect_established_recv_first_entry{{
    .id = "tcp/disconnect-established-recv-first",
    .asks = "After connect(AF_UNSPEC), what does recv say when it has told of the reset?",
    .grounds = {tcp_disconnect, tcp_recvmsg},
    .run = disconnect_established_recv_first,
}};

void repair_disconnect(Trace& trace) {
  const Pair pair = tcp_pair();
  Trace peer = trace.on("peer");
  const int on = 1;
  trace.call("setsockopt", "TCP_REPAIR",
             [&] { return setsockopt(pair.a, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on); });
  trace.send(pair.a);
  trace.disconnect(pair.a);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  peer.poll(pair.b);
  peer.send(pair.b);
  settle();
  peer.send(pair.b);
}
const Register repair_disconnect_entry{{
    .id = "tcp/tcp-repair-disconnect",
    .asks = "What do the two ends see when a socket in repair mode leaves its connection without a "
            "word on the wire?",
    .grounds = {tcp_sendmsg, tcp_disconnect, wait_connect, tcp_reset},
    .needs = {"tcp_repair"},
    .run = repair_disconnect,
}};

void reconnect(Trace& trace) {
  const Listener listener = tcp_listener();
  const Address& address = listener.address;
  const Fd a = tcp_socket();
  must("connect", connect(a, address.data(), address.length));
  const Fd b(must("accept", accept(listener.fd, nullptr, nullptr)));
  must_shutdown(a, SHUT_WR);
  trace.send(a);
  trace.disconnect(a);
  settle();
  trace.so_error(a);
  trace.call("connect", "the listener's address",
             [&] { return connect(a, address.data(), address.length); });
  trace.send(a);
}
const Register reconnect_entry{{
    .id = "tcp/reconnect-clears-epipe",
    .asks = "Can a socket that answers EPIPE after SHUT_WR be connected again, and send?",
    .grounds = {tcp_disconnect, "net/ipv4/af_inet.c:__inet_stream_connect", tcp_sendmsg},
    .run = reconnect,
}};

void cork(Trace& trace) {
  Pair pair = tcp_pair();
  set_option(pair.a, IPPROTO_TCP, TCP_CORK, 1);
  // Corked bytes leave after 200 ms all the same (net/ipv4/tcp_timer.c:tcp_probe_timer): nothing
  // here may wait for long.
  trace.send(pair.a);
  pair.b.close();
  settle();
  trace.send(pair.a);
  trace.send(pair.a);
  const int off = 0;
  trace.call("setsockopt", "TCP_CORK, 0",
             [&] { return setsockopt(pair.a, IPPROTO_TCP, TCP_CORK, &off, sizeof off); });
  settle();
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register cork_entry{{
    .id = "tcp/cork-pending-data",
    .asks = "Does a corked socket notice before it is uncorked that its peer has closed?",
    .grounds = {tcp_sendmsg, "net/ipv4/tcp.c:do_tcp_setsockopt", tcp_reset, sk_stream_error},
    .run = cork,
}};

void more(Trace& trace) {
  Pair pair = tcp_pair();
  pair.b.close();
  settle();
  // It leaves after 200 ms all the same, as what is corked does: nothing here may wait for long.
  trace.send(pair.a, 1, MSG_MORE);
  settle();
  trace.send(pair.a);
  settle();
  trace.send(pair.a);
}
const Register more_entry{{
    .id = "tcp/more-pending-data",
    .asks = "By how many sends does MSG_MORE put off the news that the peer has closed?",
    .grounds = {tcp_sendmsg, "net/ipv4/tcp.c:tcp_push", tcp_reset, sk_stream_error},
    .run = more,
}};

void positional_write(Trace& trace) {
  const Pair pair = tcp_pair();
  char byte = 0;
  const iovec one{.iov_base = &byte, .iov_len = 1};
  trace.call("pwrite", "1, offset 0", [&] { return pwrite(pair.a, &byte, 1, 0); });
  // The system call itself: libc's function goes on to something else where the kernel lacks it.
  trace.call("pwritev2", "1, offset 0, 0",
             [&] { return syscall(SYS_pwritev2, static_cast<int>(pair.a), &one, 1, 0, 0, 0); });
}
const Register positional_write_entry{{
    .id = "tcp/positional-write-on-socket",
    .asks = "May one write to a socket at an offset?",
    .grounds = {"fs/read_write.c:pwrite64", "arch/x86/kernel/entry_64.S:system_call"},
    .run = positional_write,
}};

void positional_write_after_shut_wr(Trace& trace) {
  const Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  char byte = 0;
  const iovec one{.iov_base = &byte, .iov_len = 1};
  trace.call("pwrite", "1, offset 0", [&] { return pwrite(pair.a, &byte, 1, 0); });
  trace.call("pwritev", "1, offset 0", [&] { return pwritev(pair.a, &one, 1, 0); });
  trace.write(pair.a);
}
const Register positional_write_after_shut_wr_entry{{
    .id = "tcp/positional-write-after-shut-wr",
    .asks = "A write at an offset to a socket that can no longer send: which comes first, that it "
            "has no offsets or that its pipe is broken?",
    .grounds = {"fs/read_write.c:pwrite64", "fs/read_write.c:pwritev", tcp_sendmsg,
                sk_stream_error},
    .run = positional_write_after_shut_wr,
}};

}  // namespace
}  // namespace probe
