#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "probes/base/file.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

namespace probe {
namespace {

const Story story{
    "Writes of many segments, or many messages, to a peer that has closed: the first of them draws "
    "a RST while the call is still at it. What Linux 3.16 answers follows from a few rules:",
    {("What arrives while a call holds the socket waits until the call lets go of it "
      "(net/core/sock.c:release_sock), so one tcp_sendmsg with room for everything sends "
      "everything."),
     ("sendfile, splice and sendmmsg are many such calls, and let go between them "
      "(net/ipv4/tcp.c:tcp_sendpage, net/socket.c:__sys_sendmmsg). The one that fails consumes the "
      "error, EPIPE in CLOSE_WAIT, and raises SIGPIPE."),
     ("They return the count of those before all the same (fs/splice.c:splice_direct_to_actor, "
      ":__splice_from_pipe, net/socket.c:__sys_sendmmsg).")}};

constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";
constexpr const char* do_tcp_sendpages = "net/ipv4/tcp.c:do_tcp_sendpages";
constexpr const char* release_sock = "net/core/sock.c:release_sock";
constexpr const char* tcp_reset = "net/ipv4/tcp_input.c:tcp_reset";

constexpr size_t mebibyte = 1U << 20U;

// A socket in CLOSE_WAIT.
Fd socket_with_closed_peer(const Prepare& prepare = {}) {
  Pair pair = tcp_pair(Over::ipv4, prepare);
  pair.b.close();
  settle();
  await_state(pair.a, "CLOSE_WAIT");
  return std::move(pair.a);
}

// Room to send a mebibyte without waiting, whatever the machine's memory makes of tcp_wmem.
void ample_buffer(int fd) {
  set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, 4 * mebibyte);
}

void sendfile_mebibyte(Trace& trace) {
  const Fd a = socket_with_closed_peer();
  const Fd file = file_to_send(mebibyte);
  trace.call(
      "sendfile", "1 MiB", [&] { return sendfile(a, file, nullptr, mebibyte); },
      share_of(mebibyte));
  trace.send(a);
}
const Register sendfile_mebibyte_entry{{
    .id = "tcp-blocked/sendfile-1mib-to-closed-peer",
    .asks = "Does a sendfile to a peer that has closed return a count, EPIPE, or SIGPIPE with a "
            "count?",
    .grounds = {"fs/splice.c:splice_direct_to_actor", do_tcp_sendpages, release_sock, tcp_reset,
                sk_stream_error},
    .run = sendfile_mebibyte,
}};

void splice_pipe(Trace& trace) {
  constexpr size_t length = 65536;
  const Fd a = socket_with_closed_peer();
  const Pipe pipe = pipe_holding(length);
  trace.call(
      "splice", "pipe to socket, 65536",
      [&] { return splice(pipe.reader, nullptr, a, nullptr, length, 0); }, share_of(length));
  trace.send(a);
}
const Register splice_pipe_entry{{
    .id = "tcp-blocked/splice-64k-to-closed-peer",
    .asks = "Does a splice of sixteen pages to a peer that has closed fail on the way?",
    .grounds = {"fs/splice.c:__splice_from_pipe", "fs/splice.c:pipe_to_sendpage", do_tcp_sendpages,
                release_sock, tcp_reset, sk_stream_error},
    .run = splice_pipe,
}};

void write_mebibyte(Trace& trace) {
  const Fd a = socket_with_closed_peer(ample_buffer);
  static const std::vector<char> bytes(mebibyte);
  trace.call(
      "write", "1 MiB", [&] { return write(a, bytes.data(), mebibyte); }, share_of(mebibyte));
  trace.send(a);
  trace.send(a);
}
const Register write_mebibyte_entry{{
    .id = "tcp-blocked/write-1mib-to-closed-peer",
    .asks = "Does one long write to a peer that has closed notice the RST that its first segment "
            "draws?",
    .grounds = {"net/ipv4/tcp.c:tcp_sendmsg", release_sock, tcp_reset, sk_stream_error},
    .needs = {"net_admin"},
    .run = write_mebibyte,
}};

void sendmmsg_three(Trace& trace) {
  const Fd a = socket_with_closed_peer();
  char byte = 0;
  iovec piece{.iov_base = &byte, .iov_len = 1};
  std::array<mmsghdr, 3> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &piece;
    message.msg_hdr.msg_iovlen = 1;
  }
  trace.call("sendmmsg", "3 messages of 1",
             [&] { return sendmmsg(a, messages.data(), messages.size(), 0); });
  trace.send(a);
}
const Register sendmmsg_three_entry{{
    .id = "tcp-blocked/sendmmsg-second-message-fails",
    .asks = "Of three messages in one sendmmsg to a peer that has closed, how many count as sent, "
            "and who hears of the error?",
    .grounds = {"net/socket.c:__sys_sendmmsg", "net/ipv4/tcp.c:tcp_sendmsg", release_sock,
                tcp_reset, sk_stream_error},
    .run = sendmmsg_three,
}};

}  // namespace
}  // namespace probe
