#include <fcntl.h>
#include <netinet/tcp.h>

#include <chrono>
#include <string>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/elapsed.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "The client's side of a connection that is not there yet, or never will be. What Linux 3.16 "
    "answers follows from a few rules:",
    {("A send in SYN_SENT waits for the connection, or is EAGAIN; a pending error comes first "
      "(net/core/stream.c:sk_stream_wait_connect)."),
     ("A RST in SYN_SENT leaves ECONNREFUSED, the last unanswered SYN ETIMEDOUT "
      "(net/ipv4/tcp_input.c:tcp_reset, net/ipv4/tcp_timer.c:tcp_write_err)."),
     ("A connect() that reports such an error consumes it and makes the socket new again, "
      "unconnected and not shut down (net/ipv4/af_inet.c:__inet_stream_connect, sock_error). To a "
      "send that is EPIPE with SIGPIPE, to a recv ENOTCONN."),
     "Reported by send, recv or SO_ERROR it leaves the socket shut down: recv is 0.",
     ("shutdown() in SYN_SENT is connect(AF_UNSPEC): closed, with ECONNRESET pending "
      "(net/ipv4/af_inet.c:inet_shutdown, net/ipv4/tcp.c:tcp_disconnect)."),
     ("An error of the route is returned by connect() and not kept "
      "(net/ipv4/tcp_ipv4.c:tcp_v4_connect).")}};

constexpr const char* inet_stream_connect = "net/ipv4/af_inet.c:__inet_stream_connect";
constexpr const char* inet_shutdown = "net/ipv4/af_inet.c:inet_shutdown";
constexpr const char* wait_connect = "net/core/stream.c:sk_stream_wait_connect";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";
constexpr const char* tcp_disconnect = "net/ipv4/tcp.c:tcp_disconnect";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* tcp_sendmsg_fastopen = "net/ipv4/tcp.c:tcp_sendmsg_fastopen";
constexpr const char* tcp_send_syn_data = "net/ipv4/tcp_output.c:tcp_send_syn_data";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_write_timeout = "net/ipv4/tcp_timer.c:tcp_write_timeout";

// More than it takes until a SYN is sent again: one second, then two.
constexpr std::chrono::seconds syn_again{10};

long connect_to(Trace& trace, const char* whom, int fd, const Address& address) {
  return trace.call("connect", whom, [&] { return connect(fd, address.data(), address.length); });
}

// A non-blocking connect that was refused and has told nobody yet.
Fd refused_socket(const ClosedPort& nobody) {
  Fd fd = connecting_socket(nobody.address);
  await_state(fd, "CLOSE");
  return fd;
}

void refused(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = refused_socket(nobody);
  trace.poll(fd);
  trace.state(fd);
  trace.send(fd);
  trace.send(fd);
  trace.recv(fd);
  trace.poll(fd);
}
const Register refused_entry{{
    .id = "tcp-connect/connect-refused-nonblocking",
    .asks = "A connect that does not block is refused, and the next call is send: who hears of it?",
    .grounds = {tcp_reset, wait_connect, sk_stream_error, tcp_recvmsg},
    .run = refused,
}};

void refused_recv_first(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = refused_socket(nobody);
  trace.recv(fd);
  trace.recv(fd);
  trace.send(fd);
}
const Register refused_recv_first_entry{{
    .id = "tcp-connect/connect-refused-recv-first",
    .asks = "A connect that does not block is refused: what do recv, and then send, say?",
    .grounds = {tcp_reset, tcp_recvmsg, wait_connect, sk_stream_error},
    .run = refused_recv_first,
}};

void refused_connect_again(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = refused_socket(nobody);
  connect_to(trace, "the closed port", fd, nobody.address);
  trace.send(fd);
  trace.recv(fd);
  trace.poll(fd);
}
const Register refused_connect_again_entry{{
    .id = "tcp-connect/connect-refused-connect-again",
    .asks = "A connect that does not block is refused, which a second connect reports: what is the "
            "socket then?",
    .grounds = {inet_stream_connect, tcp_disconnect, wait_connect, tcp_recvmsg},
    .run = refused_connect_again,
}};

void refused_blocking(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = tcp_socket();
  connect_to(trace, "the closed port", fd, nobody.address);
  trace.send(fd);
  trace.recv(fd);
  trace.poll(fd);
}
const Register refused_blocking_entry{{
    .id = "tcp-connect/connect-refused-blocking",
    .asks = "After a connect that was refused, what do send and recv say?",
    .grounds = {inet_stream_connect, tcp_reset, wait_connect, tcp_recvmsg},
    .run = refused_blocking,
}};

void syn_sent(Trace& trace) {
  const Listener silent = silent_listener();
  const Fd fd = connecting_socket(silent.address);
  trace.poll(fd);
  trace.send(fd);
  trace.recv(fd);
  trace.shutdown(fd, SHUT_WR);
  trace.state(fd);
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd);
  trace.recv(fd);
}
const Register syn_sent_entry{{
    .id = "tcp-connect/syn-sent",
    .asks = "While nobody answers the SYN, may one send, receive, or shut down?",
    .grounds = {wait_connect, inet_shutdown, tcp_disconnect, tcp_recvmsg},
    .run = syn_sent,
}};

void syn_sent_disconnect(Trace& trace) {
  const Listener silent = silent_listener();
  const Fd fd = connecting_socket(silent.address);
  trace.disconnect(fd);
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd);
  trace.recv(fd);
}
const Register syn_sent_disconnect_entry{{
    .id = "tcp-connect/syn-sent-disconnect",
    .asks = "What is left of a connect that one has called off by connect(AF_UNSPEC)?",
    .grounds = {tcp_disconnect, wait_connect, tcp_recvmsg},
    .run = syn_sent_disconnect,
}};

void send_in_syn_sent(Trace& trace) {
  Listener silent = silent_listener();
  const Fd fd = connecting_socket(silent.address);
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, 0));
  BlockedCall sending(trace, "send", "1", [&fd] { return send(fd, "", 1, 0); });
  sending.await_blocked();
  silent.fd.close();  // the SYN that is sent again, after a second, is refused
  sending.join(syn_again);
  trace.send(fd);
}
const Register send_in_syn_sent_entry{{
    .id = "tcp-connect/send-blocked-in-syn-sent",
    .asks = "A send waits for the connection when it is refused: which error, and is it a broken "
            "pipe?",
    .grounds = {wait_connect, sk_stream_error, tcp_reset},
    .run = send_in_syn_sent,
}};

// connect(2) by another thread, to a peer that does not answer.
BlockedCall connect_in_thread(Trace& trace, int fd, const Address& silent) {
  return {trace, "connect", "a silent peer",
          [fd, &silent] { return connect(fd, silent.data(), silent.length); }};
}

void connect_disconnect(Trace& trace) {
  const Listener silent = silent_listener();
  const Fd fd = tcp_socket();
  BlockedCall connecting = connect_in_thread(trace, fd, silent.address);
  connecting.await_blocked();
  trace.disconnect(fd);
  connecting.join();
  trace.send(fd, 1, MSG_DONTWAIT);
  trace.send(fd, 1, MSG_DONTWAIT);
}
const Register connect_disconnect_entry{{
    .id = "tcp-connect/connect-blocked-other-thread-disconnects",
    .asks = "A connect waits when another thread calls it off by connect(AF_UNSPEC): what do both "
            "return?",
    .grounds = {inet_stream_connect, tcp_disconnect, wait_connect, sk_stream_error},
    .run = connect_disconnect,
}};

void connect_shutdown(Trace& trace) {
  const Listener silent = silent_listener();
  const Fd fd = tcp_socket();
  BlockedCall connecting = connect_in_thread(trace, fd, silent.address);
  connecting.await_blocked();
  trace.shutdown(fd, SHUT_RDWR);
  connecting.join();
  trace.send(fd, 1, MSG_DONTWAIT);
  trace.send(fd, 1, MSG_DONTWAIT);
}
const Register connect_shutdown_entry{{
    .id = "tcp-connect/connect-blocked-other-thread-shuts-down",
    .asks = "A connect waits when another thread shuts the socket down: what do both return?",
    .grounds = {inet_stream_connect, inet_shutdown, tcp_disconnect, sk_stream_error},
    .run = connect_shutdown,
}};

void connect_timeout(Trace& trace) {
  const Listener silent = silent_listener();
  const Fd fd = tcp_socket();
  timed_call(trace, "connect", "a silent peer", {syn_retries_span()},
             [&] { return connect(fd, silent.address.data(), silent.address.length); });
  trace.send(fd);
}
const Register connect_timeout_entry{{
    .id = "tcp-connect/connect-timeout",
    .asks = "When does a connect give up that nobody answers, and what may follow?",
    .grounds = {tcp_write_timeout, "net/ipv4/tcp_timer.c:tcp_write_err", inet_stream_connect,
                wait_connect},
    .shortened = {{"net.ipv4.tcp_syn_retries", "1"}},
    .deadline = std::chrono::seconds(200),
    .run = connect_timeout,
}};

void connect_user_timeout(Trace& trace) {
  using namespace std::chrono_literals;
  const Listener silent = silent_listener();
  const Fd fd = tcp_socket();
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500);
  const timeval patience{.tv_sec = 9, .tv_usec = 0};
  must("setsockopt(SO_SNDTIMEO)",
       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience));
  timed_call(trace, "connect", "a silent peer",
             {limit_span("TCP_USER_TIMEOUT", 1500ms), limit_span("SO_SNDTIMEO", 9s, 1s)},
             [&] { return connect(fd, silent.address.data(), silent.address.length); });
}
const Register connect_user_timeout_entry{{
    .id = "tcp-connect/connect-user-timeout",
    .asks = "Does TCP_USER_TIMEOUT end a connect that nobody answers, or only SO_SNDTIMEO?",
    .grounds = {tcp_write_timeout, inet_stream_connect},
    .run = connect_user_timeout,
}};

void no_route(Trace& trace) {
  const Fd fd = tcp_socket();
  // Of TEST-NET-1 (RFC 5737), which is nowhere: the only route here is that over `lo`.
  const Address nowhere = ipv4_address("192.0.2.1", 9);
  connect_to(trace, "an address without a route", fd, nowhere);
  trace.send(fd);
  trace.so_error(fd);
}
const Register no_route_entry{{
    .id = "tcp-connect/connect-no-route",
    .asks = "A connect finds no route to its peer: does the socket keep that error?",
    .grounds = {"net/ipv4/tcp_ipv4.c:tcp_v4_connect", wait_connect, sk_stream_error},
    .own_network = true,
    .run = no_route,
}};

long sendto_fastopen(Trace& trace, int fd, const ClosedPort& nobody) {
  return trace.call("sendto", "1, MSG_FASTOPEN, the closed port", [&] {
    return sendto(fd, "", 1, MSG_FASTOPEN, nobody.address.data(), nobody.address.length);
  });
}

void fastopen_refused(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = tcp_socket();
  sendto_fastopen(trace, fd, nobody);
  trace.send(fd);
}
const Register fastopen_refused_entry{{
    .id = "tcp-connect/msg-fastopen-refused",
    .asks = "A sendto that is to connect and send at once is refused: as a connect, or as a send?",
    .grounds = {tcp_sendmsg_fastopen, inet_stream_connect, tcp_reset, wait_connect},
    .sysctls = {{"net.ipv4.tcp_fastopen", "1"}},
    .run = fastopen_refused,
}};

// TFO_CLIENT_ENABLE and TFO_CLIENT_NO_COOKIE (include/net/tcp.h): data goes with the first SYN.
const Sysctls fastopen_without_cookie{{"net.ipv4.tcp_fastopen", "5"}};

void fastopen_data_refused(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = tcp_socket();
  sendto_fastopen(trace, fd, nobody);
  trace.poll(fd);
  trace.so_error(fd);
  trace.send(fd);
}
const Register fastopen_data_refused_entry{{
    .id = "tcp-connect/msg-fastopen-without-cookie-refused",
    .asks = "A sendto whose data goes with the SYN is refused: as a connect, or as a send?",
    .grounds = {tcp_sendmsg_fastopen, tcp_send_syn_data, inet_stream_connect, tcp_reset,
                wait_connect},
    .sysctls = fastopen_without_cookie,
    .run = fastopen_data_refused,
}};

void fastopen_data_refused_nonblocking(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = tcp_socket();
  must("fcntl(F_SETFL)", fcntl(fd, F_SETFL, O_NONBLOCK));
  sendto_fastopen(trace, fd, nobody);
  settle();
  trace.poll(fd);
  trace.send(fd);
  trace.so_error(fd);
  trace.send(fd);
}
const Register fastopen_data_refused_nonblocking_entry{{
    .id = "tcp-connect/msg-fastopen-without-cookie-refused-nonblocking",
    .asks = "A sendto that does not block and whose data goes with the SYN is refused: which call "
            "hears of it?",
    .grounds = {tcp_sendmsg_fastopen, tcp_send_syn_data, tcp_reset, wait_connect, sk_stream_error},
    .sysctls = fastopen_without_cookie,
    .run = fastopen_data_refused_nonblocking,
}};

void fastopen_no_address(Trace& trace) {
  const Listener listener = tcp_listener();
  const Fd fd = tcp_socket();
  trace.send(fd, 1, MSG_FASTOPEN);
  connect_to(trace, "the listener", fd, listener.address);
  trace.send(fd, 1, MSG_FASTOPEN);
}
const Register fastopen_no_address_entry{{
    .id = "tcp-connect/msg-fastopen-no-address",
    .asks = "What is send with MSG_FASTOPEN, which has no address to connect to, on a fresh socket "
            "and on a connected one?",
    .grounds = {tcp_sendmsg_fastopen, "net/ipv4/tcp_ipv4.c:tcp_v4_connect"},
    .sysctls = {{"net.ipv4.tcp_fastopen", "1"}},
    .run = fastopen_no_address,
}};

void fastopen_connect(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = tcp_socket();
  set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  connect_to(trace, "the closed port", fd, nobody.address);
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd);
}
const Register fastopen_connect_entry{{
    .id = "tcp-connect/tcp-fastopen-connect",
    .asks = "With TCP_FASTOPEN_CONNECT, which may put the SYN off until data is sent: which call "
            "hears that the connection is refused?",
    .grounds = {inet_stream_connect, tcp_sendmsg_fastopen, wait_connect},
    .needs = {"tcp_fastopen_connect"},
    .sysctls = {{"net.ipv4.tcp_fastopen", "1"}},
    .run = fastopen_connect,
}};

void fastopen_connect_without_cookie(Trace& trace) {
  const ClosedPort nobody = closed_port();
  const Fd fd = tcp_socket();
  set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  connect_to(trace, "the closed port", fd, nobody.address);
  trace.poll(fd);
  trace.send(fd);
  trace.poll(fd);
  trace.so_error(fd);
  trace.send(fd);
}
const Register fastopen_connect_without_cookie_entry{{
    .id = "tcp-connect/fastopen-connect-without-cookie",
    .asks =
        "With TCP_FASTOPEN_CONNECT, and no cookie to be asked for, so that data may go with the "
        "SYN: which call hears that the connection is refused?",
    .grounds = {inet_stream_connect, tcp_sendmsg_fastopen, wait_connect},
    .needs = {"tcp_fastopen_connect"},
    .sysctls = fastopen_without_cookie,
    .run = fastopen_connect_without_cookie,
}};

}  // namespace
}  // namespace probe
