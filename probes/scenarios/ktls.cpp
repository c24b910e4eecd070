#include "probes/tools/ktls.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "TLS in the kernel, which Linux has since 4.13: 3.16 has no TCP_ULP "
    "(net/ipv4/tcp.c:do_tcp_setsockopt). What later kernels answer follows from two rules "
    "(net/tls/tls_sw.c:tls_sw_sendmsg):",
    {"A pending error is returned and stays, for every send, until somebody fetches it.",
     ("Without one a record is closed and counted as sent before TCP is asked to send it; that TCP "
      "refuses, and raises SIGPIPE, changes nothing in the count.")}};

constexpr const char* do_tcp_setsockopt = "net/ipv4/tcp.c:do_tcp_setsockopt";

Pair ktls_pair() {
  Pair pair = tcp_pair();
  if (const char* refused = start_ktls(pair.a)) {
    throw Broken(std::string(refused) + ": " + errno_name(errno));
  }
  return pair;
}

void rst(Trace& trace) {
  Pair pair = ktls_pair();
  trace.send(pair.a);
  settle();
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.so_error(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
  trace.poll(pair.a);
}
const Register rst_entry{{
    .id = "ktls/ktls-rst",
    .asks = "What does a writer get, send by send, whose TLS connection was reset?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"ktls"},
    .run = rst,
}};

void rst_recv_first(Trace& trace) {
  Pair pair = ktls_pair();
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.recv(pair.a);
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.so_error(pair.a);
}
const Register rst_recv_first_entry{{
    .id = "ktls/ktls-rst-recv-first",
    .asks = "Does a recv take the error of a TLS connection that was reset, and what do sends get "
            "after it?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"ktls"},
    .run = rst_recv_first,
}};

void close_wait_rst(Trace& trace) {
  Pair pair = ktls_pair();
  pair.b.close();
  settle();
  trace.send(pair.a);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a);
  trace.so_error(pair.a);
}
const Register close_wait_rst_entry{{
    .id = "ktls/ktls-close-wait-rst",
    .asks = "What does a writer get, send by send, whose TLS peer has closed?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"ktls"},
    .run = close_wait_rst,
}};

void shut_wr(Trace& trace) {
  const Pair pair = ktls_pair();
  must_shutdown(pair.a, SHUT_WR);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.so_error(pair.a);
  trace.send(pair.a, 1, MSG_NOSIGNAL);
}
const Register shut_wr_entry{{
    .id = "ktls/ktls-shut-wr",
    .asks = "Can a send succeed and raise SIGPIPE at once?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"ktls"},
    .run = shut_wr,
}};

void sendfile_to_closed_peer(Trace& trace) {
  Pair pair = ktls_pair();
  pair.b.close();
  settle();
  const Fd file(must("open(/proc/self/exe)", open("/proc/self/exe", O_RDONLY | O_CLOEXEC)));
  constexpr size_t length = size_t{1} << 20;
  trace.call(
      "sendfile", "1 MiB", [&] { return sendfile(pair.a, file, nullptr, length); },
      share_of(length));
  settle();
  trace.send(pair.a);
  trace.send(pair.a);
}
const Register sendfile_to_closed_peer_entry{{
    .id = "ktls/ktls-sendfile-closed-peer",
    .asks = "What does sendfile(2) over TLS get whose peer has closed?",
    .grounds = {do_tcp_setsockopt},
    .needs = {"ktls"},
    .run = sendfile_to_closed_peer,
}};

}  // namespace
}  // namespace probe
