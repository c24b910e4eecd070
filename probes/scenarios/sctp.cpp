#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>

// Not whole without what stands above.
#include <linux/sctp.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "SCTP. What Linux 3.16 answers follows from a few rules:",
    {("A one-to-one socket that has no association, listens, or has shut down its sending side "
      "gets EPIPE with SIGPIPE, whatever is pending (net/sctp/socket.c:sctp_sendmsg, :sctp_error); "
      "so does a one-to-many socket that names an association which it does not have."),
     ("An ABORT leaves ECONNRESET for the next send, and the socket closed "
      "(net/sctp/sm_sideeffect.c:sctp_cmd_assoc_failed)."),
     "A one-to-one socket without an association polls nothing (net/sctp/socket.c:sctp_poll)."}};

constexpr const char* sctp_sendmsg = "net/sctp/socket.c:sctp_sendmsg";
constexpr const char* sctp_error = "net/sctp/socket.c:sctp_error";
constexpr const char* sctp_poll = "net/sctp/socket.c:sctp_poll";

constexpr const char* wait_for_sndbuf = "net/sctp/socket.c:sctp_wait_for_sndbuf";

char byte = 'x';

void shut_wr(Trace& trace) {
  const Listener listener = inet_listener(SOCK_STREAM, IPPROTO_SCTP);
  const Address& to = listener.address;
  const Fd fd = inet_socket(SOCK_STREAM, IPPROTO_SCTP);
  trace.send(fd);
  trace.poll(fd);
  trace.call("connect", "the listener", [&] { return connect(fd, to.data(), to.length); });
  trace.on("listener").send(listener.fd);
  trace.send(fd);
  settle();
  trace.shutdown(fd, SHUT_WR);
  settle();
  trace.send(fd);
  trace.send(fd);
  trace.poll(fd);
}
const Register shut_wr_entry{{
    .id = "sctp/sctp-one-to-one-shut-wr",
    .asks =
        "What does send get on a one-to-one SCTP socket that was never connected, that listens, "
        "and that has shut down its sending side?",
    .grounds = {sctp_sendmsg, sctp_error, sctp_poll, "net/sctp/socket.c:sctp_shutdown"},
    .needs = {"sctp"},
    .run = shut_wr,
}};

void aborted(Trace& trace) {
  Pair pair = inet_pair(SOCK_STREAM, IPPROTO_SCTP);
  abortive_close(pair.b);
  settle();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a, 100, MSG_DONTWAIT);
}
const Register aborted_entry{{
    .id = "sctp/sctp-one-to-one-abort",
    .asks = "What does a one-to-one SCTP socket find after its peer's ABORT?",
    .grounds = {"net/sctp/sm_sideeffect.c:sctp_cmd_assoc_failed", sctp_sendmsg, sctp_error,
                sctp_poll},
    .needs = {"sctp"},
    .run = aborted,
}};

void unknown_association(Trace& trace) {
  const Fd fd = inet_socket(SOCK_SEQPACKET, IPPROTO_SCTP);
  sctp_sndrcvinfo info{};
  info.sinfo_assoc_id = 4711;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof info)> control{};
  iovec piece{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_SCTP;
  header->cmsg_type = SCTP_SNDRCV;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  trace.call("sendmsg", "1, unknown association", [&] { return sendmsg(fd, &message, 0); });
}
const Register unknown_association_entry{{
    .id = "sctp/sctp-one-to-many-unknown-assoc",
    .asks =
        "What does a one-to-many SCTP socket get that sends to an association it does not have?",
    .grounds = {sctp_sendmsg, sctp_error},
    .needs = {"sctp"},
    .run = unknown_association,
}};

// --- A sender that waits for room ---------------------------------------------------------------

// Buffers that fill soon, and a receiver who acknowledges at once, not after 200 ms.
void prepare_to_fill(int fd) {
  small_buffers(fd);
  const sctp_sack_info at_once{.sack_assoc_id = 0, .sack_delay = 0, .sack_freq = 1};
  must("setsockopt(SCTP_DELAYED_SACK)",
       setsockopt(fd, IPPROTO_SCTP, SCTP_DELAYED_SACK, &at_once, sizeof at_once));
}

void blocked_send(Trace& trace, const std::function<void(Pair& pair)>& happen) {
  Pair pair = inet_pair(SOCK_STREAM, IPPROTO_SCTP, prepare_to_fill);
  const std::array<char, 1000> message{};
  fill_with_messages(pair.a, message.size());
  BlockedCall sending(
      trace, "send", "1000", [&] { return send(pair.a, message.data(), message.size(), 0); },
      share_of(message.size()));
  sending.await_blocked();
  happen(pair);
  sending.join();
  trace.send(pair.a, 1, MSG_DONTWAIT);
}
const Register blocked_abort_entry{{
    .id = "sctp/sctp-one-to-one-blocked-abort",
    .asks = "What does a sender get that waits for room when its peer aborts?",
    .grounds = {wait_for_sndbuf, sctp_error},
    .needs = {"sctp"},
    .run = [](Trace& trace) { blocked_send(trace, [](Pair& pair) { abortive_close(pair.b); }); },
}};
const Register blocked_shut_wr_entry{{
    .id = "sctp/sctp-one-to-one-blocked-shut-wr",
    .asks = "Does a sender that waits for room notice that another thread shuts down the socket?",
    .grounds = {wait_for_sndbuf, "net/sctp/socket.c:sctp_shutdown", sctp_error},
    .needs = {"sctp"},
    .run =
        [](Trace& trace) {
          blocked_send(trace, [&](Pair& pair) { trace.shutdown(pair.a, SHUT_WR); });
        },
}};
const Register blocked_shut_wr_peer_reads_entry{{
    .id = "sctp/sctp-one-to-one-blocked-shut-wr-peer-reads",
    .asks = "What does a sender get that waits for room on a socket which another thread has shut "
            "down, when the peer makes room?",
    .grounds = {wait_for_sndbuf, "net/sctp/socket.c:sctp_shutdown", sctp_error},
    .needs = {"sctp"},
    .run =
        [](Trace& trace) {
          blocked_send(trace, [&](Pair& pair) {
            trace.shutdown(pair.a, SHUT_WR);
            drain(pair.b);
          });
        },
}};

}  // namespace
}  // namespace probe
