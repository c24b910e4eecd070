#include <fcntl.h>
#include <netinet/tcp.h>

#include <array>
#include <string>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "What comes before accept(). What Linux 3.16 answers follows from a few rules:",
    {("The handshake, data, FIN and RST go on without the server's program: the connection waits "
      "in the listener's accept queue (net/ipv4/tcp_minisocks.c:tcp_check_req)."),
     ("accept() hands over whatever waits there, a closed connection too, never with an error "
      "(net/ipv4/inet_connection_sock.c:inet_csk_accept, net/ipv4/af_inet.c:inet_accept)."),
     ("While the accept queue is full the last ACK of a handshake is dropped, and with it the "
      "connection stays half open; the client, which has had its SYN|ACK, is ESTABLISHED and does "
      "not know (net/ipv4/tcp_ipv4.c:tcp_v4_syn_recv_sock)."),
     ("A further SYN is dropped if the accept queue is full and more than one half-open connection "
      "is young (net/ipv4/tcp_ipv4.c:tcp_v4_conn_request)."),
     ("Told to abort on overflow (tcp_abort_on_overflow), it answers that last ACK with a RST "
      "(net/ipv4/tcp_minisocks.c:tcp_check_req)."),
     ("With TCP_DEFER_ACCEPT the last ACK of a handshake is dropped unless something comes with "
      "it, a FIN too (net/ipv4/tcp_minisocks.c:tcp_check_req)."),
     ("A listener that closes resets what it had completed, and forgets the half-open ones "
      "(net/ipv4/inet_connection_sock.c:inet_csk_listen_stop).")}};

constexpr const char* inet_accept = "net/ipv4/af_inet.c:inet_accept";
constexpr const char* inet_csk_accept = "net/ipv4/inet_connection_sock.c:inet_csk_accept";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";
constexpr const char* tcp_recvmsg = "net/ipv4/tcp.c:tcp_recvmsg";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

// A client whose connection nobody has accepted.
Fd connected_client(const Listener& listener) {
  Fd client = tcp_socket();
  must("connect", connect(client, listener.address.data(), listener.address.length));
  return client;
}

void rst(Trace& trace) {
  const Listener listener = tcp_listener();
  Fd client = connected_client(listener);
  settle();
  abortive_close(client);
  settle();
  const Fd server(static_cast<int>(trace.accept(listener.fd)));
  trace.state(server);
  trace.poll(server);
  trace.send(server);
  trace.send(server);
  trace.recv(server);
}
const Register rst_entry{{
    .id = "tcp-connect/rst-before-accept",
    .asks = "Does accept() fail when the client has reset the connection that it would return?",
    .grounds = {inet_csk_accept, inet_accept, tcp_reset, sk_stream_error},
    .run = rst,
}};

void data_then_rst(Trace& trace) {
  const Listener listener = tcp_listener();
  Fd client = connected_client(listener);
  must_send(client, 3);
  settle();
  abortive_close(client);
  settle();
  const Fd server(static_cast<int>(trace.accept(listener.fd)));
  trace.recv(server);
  trace.recv(server);
  trace.send(server);
}
const Register data_then_rst_entry{{
    .id = "tcp-connect/data-then-rst-before-accept",
    .asks = "Can a server read what a client sent that reset the connection before accept()?",
    .grounds = {inet_csk_accept, tcp_reset, tcp_recvmsg, sk_stream_error},
    .run = data_then_rst,
}};

void data_fin(Trace& trace) {
  const Listener listener = tcp_listener();
  Fd client = connected_client(listener);
  must_send(client, 3);
  client.close();
  settle();
  const Fd server(static_cast<int>(trace.accept(listener.fd)));
  trace.state(server);
  trace.recv(server);
  trace.recv(server);
  trace.send(server);
  settle();
  trace.send(server);
}
const Register data_fin_entry{{
    .id = "tcp-connect/data-fin-before-accept",
    .asks = "What does a server see of a client that sent and closed before accept()?",
    .grounds = {inet_csk_accept, "net/ipv4/tcp_input.c:tcp_fin", tcp_reset, sk_stream_error},
    .run = data_fin,
}};

void backlog_overflow(Trace& trace) {
  Listener listener = tcp_listener(Over::ipv4, 0);
  std::array<Fd, 4> clients;
  std::array<Trace, 4> traces{trace.on("client0"), trace.on("client1"), trace.on("client2"),
                              trace.on("client3")};
  for (Fd& client : clients) client = connecting_socket(listener.address);
  for (size_t i = 0; i < clients.size(); ++i) traces.at(i).state(clients.at(i));
  for (size_t i = 0; i < clients.size(); ++i) traces.at(i).send(clients.at(i));
  listener.fd.close();
  settle();
  for (size_t i = 0; i < clients.size(); ++i) traces.at(i).send(clients.at(i));
}
const Register backlog_overflow_entry{{
    .id = "tcp-connect/accept-backlog-overflow",
    .asks = "How many of four clients believe to be connected to a server that accepts none and "
            "has listen(0), and what do they see when it closes?",
    .grounds = {"net/ipv4/tcp_ipv4.c:tcp_v4_conn_request",
                "net/ipv4/tcp_ipv4.c:tcp_v4_syn_recv_sock",
                "net/ipv4/inet_connection_sock.c:inet_csk_listen_stop"},
    .sysctls = {{"net.ipv4.tcp_syncookies", "0"}},
    .run = backlog_overflow,
}};

void backlog_abort(Trace& trace) {
  const Listener listener = tcp_listener(Over::ipv4, 0);
  std::array<Fd, 4> clients;
  for (Fd& client : clients) client = connecting_socket(listener.address);
  for (size_t i = 0; i < clients.size(); ++i) {
    const Fd& client = clients.at(i);
    Trace its = trace.on("client" + std::to_string(i));
    its.state(client);
    its.poll(client);
    its.send(client);
    its.send(client);
  }
}
const Register backlog_abort_entry{{
    .id = "tcp-connect/accept-backlog-abort",
    .asks = "Of four clients of a server that accepts none, has listen(0) and is told to abort on "
            "overflow, which are reset?",
    .grounds = {"net/ipv4/tcp_ipv4.c:tcp_v4_conn_request", "net/ipv4/tcp_minisocks.c:tcp_check_req",
                tcp_reset, sk_stream_error},
    .sysctls = {{"net.ipv4.tcp_syncookies", "0"}, {"net.ipv4.tcp_abort_on_overflow", "1"}},
    .run = backlog_abort,
}};

void listener_closed(Trace& trace) {
  Listener listener = tcp_listener();
  const Fd client = connected_client(listener);
  settle();
  listener.fd.close();
  settle();
  trace.state(client);
  trace.poll(client);
  trace.send(client);
  trace.send(client);
}
const Register listener_closed_entry{{
    .id = "tcp-connect/listener-closed-with-pending-child",
    .asks = "What does a connected client see when the server closes its listener without having "
            "called accept()?",
    .grounds = {"net/ipv4/inet_connection_sock.c:inet_csk_listen_stop", tcp_reset, sk_stream_error},
    .run = listener_closed,
}};

void defer_accept(Trace& trace) {
  const Listener listener = tcp_listener();
  must("fcntl(F_SETFL)", fcntl(listener.fd, F_SETFL, O_NONBLOCK));
  set_option(listener.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
  Fd client = connected_client(listener);
  settle();
  trace.accept(listener.fd);
  client.close();
  settle();
  const Fd server(static_cast<int>(trace.accept(listener.fd)));
  trace.state(server);
  trace.recv(server);
  trace.send(server);
}
const Register defer_accept_entry{{
    .id = "tcp-connect/defer-accept",
    .asks = "With TCP_DEFER_ACCEPT, is a client that ends without having sent anything accepted?",
    .grounds = {"net/ipv4/tcp_minisocks.c:tcp_check_req", inet_csk_accept},
    .run = defer_accept,
}};

}  // namespace
}  // namespace probe
