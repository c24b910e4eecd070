#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/file_calls.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

/// Longer than other files: the kinds of AF_UNIX sockets share their rules and tables, and the
/// story that tells the rules stands once, for all the scenarios of its file.
namespace probe {
namespace {

const Story story{
    "AF_UNIX. What Linux 3.16 answers follows from a few rules:",
    {("A stream looks at its shutdowns first: own SHUT_WR or a peer that is gone or does not "
      "receive is EPIPE with SIGPIPE, whatever error is pending "
      "(net/unix/af_unix.c:unix_stream_sendmsg). A seqpacket socket reports the pending error "
      "first, and it and datagrams never raise SIGPIPE (net/unix/af_unix.c:unix_seqpacket_sendmsg, "
      ":unix_dgram_sendmsg)."),
     ("Who closes a stream or a seqpacket socket shuts down its peer both ways; with data unread, "
      "or not accepted yet, the peer has ECONNRESET pending too. Who shuts down its receiving side "
      "shuts down its peer's sending side. Datagram sockets do neither "
      "(net/unix/af_unix.c:unix_release_sock, :unix_shutdown)."),
     ("A sender that waits for room in its buffer gets the pending error, else EPIPE, without "
      "SIGPIPE (net/core/sock.c:sock_alloc_send_pskb), or as much as it has sent."),
     ("Datagram and seqpacket senders also wait for a peer whose queue is long, and look for it "
      "anew when that gets shorter (net/unix/af_unix.c:unix_wait_for_peer)."),
     ("Without a peer a stream is ENOTCONN, whatever was shut down; datagrams look for the peer "
      "before they need memory, the first thing that asks for our own SHUT_WR.")}};

constexpr const char* stream_sendmsg = "net/unix/af_unix.c:unix_stream_sendmsg";
constexpr const char* dgram_sendmsg = "net/unix/af_unix.c:unix_dgram_sendmsg";
constexpr const char* seqpacket_sendmsg = "net/unix/af_unix.c:unix_seqpacket_sendmsg";
constexpr const char* stream_recvmsg = "net/unix/af_unix.c:unix_stream_recvmsg";
constexpr const char* release_sock = "net/unix/af_unix.c:unix_release_sock";
constexpr const char* unix_shutdown = "net/unix/af_unix.c:unix_shutdown";
constexpr const char* unix_poll = "net/unix/af_unix.c:unix_poll";
constexpr const char* alloc_send = "net/core/sock.c:sock_alloc_send_pskb";

Fd unix_socket(int type) {
  return Fd(must("socket(AF_UNIX)", socket(AF_UNIX, type, 0)));
}

Pair unix_pair(int type) {
  std::array<int, 2> ends{};
  must("socketpair", socketpair(AF_UNIX, type, 0, ends.data()));
  return {Fd(ends[0]), Fd(ends[1])};
}

// A socket with a name of the kernel's choice (net/unix/af_unix.c:unix_autobind).
Listener named_socket(int type) {
  Fd fd = unix_socket(type);
  const sockaddr_un any{.sun_family = AF_UNIX, .sun_path = {}};
  must("bind", bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any.sun_family));
  const Address address = local_address(fd);
  return {std::move(fd), address};
}

Listener unix_listener(int backlog, int type = SOCK_STREAM) {
  Listener listener = named_socket(type);
  must("listen", listen(listener.fd, backlog));
  return listener;
}

// --- What becomes of an idle pair ---------------------------------------------------------------

struct Kind {
  std::string name;
  int type;
  std::string words;
  std::vector<std::string> grounds;
};
const std::vector<Kind> kinds{
    {"stream", SOCK_STREAM, "AF_UNIX stream", {stream_sendmsg}},
    {"seqpacket", SOCK_SEQPACKET, "AF_UNIX seqpacket socket", {seqpacket_sendmsg, dgram_sendmsg}},
    {"dgram", SOCK_DGRAM, "AF_UNIX datagram socket", {dgram_sendmsg, alloc_send}},
};

struct Event {
  std::string name;
  std::string words;  ///< "when ..."
  std::vector<std::string> grounds;
  void (*happen)(Trace& trace, Pair& pair);
  bool so_error_first = false;
};

void close_peer(Trace& /*trace*/, Pair& pair) {
  pair.b.close();
}

void close_peer_unread(Trace& /*trace*/, Pair& pair) {
  must_send(pair.a, 5);
  pair.b.close();
}

void shut_rd_peer(Trace& /*trace*/, Pair& pair) {
  must("shutdown", shutdown(pair.b, SHUT_RD));
}

const std::vector<Event> events{
    {"peer-closed", "its peer has closed", {release_sock}, close_peer},
    {"peer-closed-unread",
     "its peer has closed with data unread",
     {release_sock},
     close_peer_unread},
    {"peer-closed-unread-soerror",
     "its peer has closed with data unread and SO_ERROR has been read",
     {release_sock, "net/core/sock.c:sock_getsockopt"},
     close_peer_unread,
     true},
    {"peer-shut-rd", "its peer has shut down its receiving side", {unix_shutdown}, shut_rd_peer},
    {"local-shut-wr",
     "it has shut down its own sending side",
     {unix_shutdown},
     [](Trace&, Pair& pair) { must("shutdown", shutdown(pair.a, SHUT_WR)); }},
};

void look_around(Trace& trace, int socket) {
  trace.poll(socket);
  trace.send(socket);
  trace.send(socket);
  trace.recv(socket, 100, MSG_DONTWAIT);
  trace.recv(socket, 100, MSG_DONTWAIT);
  trace.so_error(socket);
}

void idle(Trace& trace, const Kind& kind, const Event& event) {
  Pair pair = unix_pair(kind.type);
  event.happen(trace, pair);
  if (event.so_error_first) trace.so_error(pair.a);
  look_around(trace, pair.a);
  if (kind.type == SOCK_STREAM && event.happen == close_peer) trace.send(pair.a, 0);
}

std::vector<Scenario> idle_pairs() {
  std::vector<Scenario> all;
  for (const Kind& kind : kinds) {
    for (const Event& event : events) {
      std::vector<std::string> grounds = kind.grounds;
      grounds.insert(grounds.end(), event.grounds.begin(), event.grounds.end());
      grounds.emplace_back(unix_poll);
      all.push_back({.id = "unix/unix-" + kind.name + "-" + event.name,
                     .asks = "What do poll, send, recv and SO_ERROR find on an " + kind.words +
                             " when " + event.words + "?",
                     .grounds = grounds,
                     .run = [&](Trace& trace) { idle(trace, kind, event); }});
    }
  }
  return all;
}
const Register idle_pairs_registered(idle_pairs());

// --- What becomes of a blocked sender -----------------------------------------------------------

// Where a sender waits: `make` gives a pair whose sender `a` would block.
struct Full {
  std::string name;
  std::string words;  ///< "waits ... for"
  std::string ground;
  Pair (*make)(int type);
  Sysctls sysctls = {};
};

// Two ends of a pair may queue as much to each other as their own buffers hold.
Pair full_buffer(int type) {
  Pair pair = unix_pair(type);
  set_option(pair.a, SOL_SOCKET, SO_SNDBUF, 1);  // the least that there is, a few messages
  fill_with_messages(pair.a, 1);
  return pair;
}

// For a receiver who is not connected to the sender, net.unix.max_dgram_qlen holds.
Pair full_queue(int type) {
  Listener receiver = named_socket(type);
  Fd sender = unix_socket(type);
  must("connect", connect(sender, receiver.address.data(), receiver.address.length));
  fill_with_messages(sender, 1);
  return {std::move(sender), std::move(receiver.fd)};
}

void blocked_send(Trace& trace, const Kind& kind, const Full& full, const Event& event) {
  Pair pair = full.make(kind.type);
  BlockedCall sending(trace, "send", "1", [&] { return send(pair.a, "x", 1, 0); });
  sending.await_blocked();
  event.happen(trace, pair);
  sending.join();
  if (kind.type == SOCK_STREAM && event.happen == close_peer) {
    trace.recv(pair.a, 100, MSG_DONTWAIT);
  }
  trace.send(pair.a, 1, MSG_DONTWAIT);
}

const std::vector<Event> events_for_the_blocked{
    {"close", "its peer closes", {release_sock}, close_peer},
    {"peer-shut-rd", "its peer shuts down its receiving side", {unix_shutdown}, shut_rd_peer},
    {"local-shut-wr",
     "another thread shuts down its sending side",
     {unix_shutdown},
     [](Trace& trace, Pair& pair) { trace.shutdown(pair.a, SHUT_WR); }},
};

const Full buffer_of_stream{"blocked-full", "room in its buffer", alloc_send, full_buffer};
const Full buffer{"blocked", "room in its buffer", alloc_send, full_buffer};
const Full queue{"queue-full",
                 "its peer to read",
                 "net/unix/af_unix.c:unix_wait_for_peer",
                 full_queue,
                 {{"net.unix.max_dgram_qlen", "10"}}};

const std::vector<std::pair<const Kind&, const Full&>> places_to_wait{
    {kinds[0], buffer_of_stream},
    {kinds[1], buffer},
    {kinds[2], buffer},
    {kinds[2], queue},
};

std::vector<Scenario> blocked_senders() {
  std::vector<Scenario> all;
  for (const auto& [kind, full] : places_to_wait) {
    for (const Event& event : events_for_the_blocked) {
      std::vector<std::string> grounds = kind.grounds;
      grounds.push_back(full.ground);
      grounds.insert(grounds.end(), event.grounds.begin(), event.grounds.end());
      all.push_back({.id = "unix/unix-" + kind.name + "-" + full.name + "-" + event.name,
                     .asks = "What does a sender get that waits on an " + kind.words + " for " +
                             full.words + " when " + event.words + "?",
                     .grounds = grounds,
                     .sysctls = full.sysctls,
                     .run = [&kind = kind, &full = full, &event](Trace& trace) {
                       blocked_send(trace, kind, full, event);
                     }});
    }
  }
  return all;
}
const Register blocked_senders_registered(blocked_senders());

constexpr size_t far_too_much = size_t{8} << 20;

// A send that has put as much as there is room for, and waits with the rest.
BlockedCall send_far_too_much(Trace& trace, const Pair& pair, const std::vector<char>& bytes) {
  return {trace, "send", std::to_string(bytes.size()),
          [&] { return send(pair.a, bytes.data(), bytes.size(), 0); },
          share_of(static_cast<long>(bytes.size()))};
}

void blocked_partial_close(Trace& trace) {
  Pair pair = unix_pair(SOCK_STREAM);
  const std::vector<char> bytes(far_too_much);
  BlockedCall sending = send_far_too_much(trace, pair, bytes);
  sending.await_blocked();
  pair.b.close();
  sending.join();
  trace.recv(pair.a, 100, MSG_DONTWAIT);
  trace.send(pair.a);
}
const Register blocked_partial_close_entry{{
    .id = "unix/unix-stream-blocked-partial-close",
    .asks = "A sender has sent a part and waits with the rest when the peer closes: is the part "
            "told, or the error?",
    .grounds = {stream_sendmsg, alloc_send, release_sock},
    .run = blocked_partial_close,
}};

void blocked_partial_peer_shut_rd(Trace& trace) {
  const Pair pair = unix_pair(SOCK_STREAM);
  const std::vector<char> bytes(far_too_much);
  BlockedCall sending = send_far_too_much(trace, pair, bytes);
  sending.await_blocked();
  must("shutdown", shutdown(pair.b, SHUT_RD));
  sending.join();
  trace.send(pair.a);
}
const Register blocked_partial_peer_shut_rd_entry{{
    .id = "unix/unix-stream-blocked-partial-peer-shut-rd",
    .asks = "A sender has sent a part and waits with the rest when the peer shuts down its "
            "receiving side: is there a signal?",
    .grounds = {stream_sendmsg, alloc_send, unix_shutdown},
    .run = blocked_partial_peer_shut_rd,
}};

// --- Other states and calls ---------------------------------------------------------------------

void unconnected(Trace& trace) {
  const Fd fd = unix_socket(SOCK_STREAM);
  look_around(trace, fd);
  trace.shutdown(fd, SHUT_WR);
  trace.send(fd);
}
const Register unconnected_entry{{
    .id = "unix/unix-stream-unconnected",
    .asks = "What does a stream that was never connected answer, before and after SHUT_WR?",
    .grounds = {stream_sendmsg, stream_recvmsg, unix_shutdown, unix_poll},
    .run = unconnected,
}};

void zero_length(Trace& trace) {
  Pair pair = unix_pair(SOCK_STREAM);
  trace.send(pair.a, 0);
  pair.b.close();
  trace.send(pair.a, 0);
  trace.write(pair.a, 0);
}
const Register zero_length_entry{{
    .id = "unix/unix-stream-zero-length",
    .asks = "Does sending nothing tell that the peer has closed?",
    .grounds = {stream_sendmsg, release_sock},
    .run = zero_length,
}};

void oob(Trace& trace) {
  Pair pair = unix_pair(SOCK_STREAM);
  trace.send(pair.a, 1, MSG_OOB);
  pair.b.close();
  trace.send(pair.a, 1, MSG_OOB);
  trace.send(pair.a);
  trace.recv(pair.a, 100, MSG_DONTWAIT);
}
const Register oob_entry{{
    .id = "unix/unix-stream-oob",
    .asks = "Can an AF_UNIX stream send urgent data, and what if the peer closes without it read?",
    .grounds = {stream_sendmsg, release_sock},
    .run = oob,
}};

void oob_consumed(Trace& trace) {
  Pair pair = unix_pair(SOCK_STREAM);
  trace.send(pair.a, 1, MSG_OOB);
  trace.on("peer").recv(pair.b, 1, MSG_OOB | MSG_DONTWAIT);
  pair.b.close();
  trace.poll(pair.a);
  trace.send(pair.a);
  trace.recv(pair.a, 100, MSG_DONTWAIT);
}
const Register oob_consumed_entry{{
    .id = "unix/unix-stream-oob-consumed",
    .asks = "What does a stream find whose peer read its urgent data and closed?",
    .grounds = {stream_sendmsg, stream_recvmsg, release_sock},
    .run = oob_consumed,
}};

void sendfile_and_splice(Trace& trace) {
  Pair pair = unix_pair(SOCK_STREAM);
  pair.b.close();
  call_sendfile(trace, pair.a);
  const Pipe pipe = pipe_holding(1);
  trace.call("splice", "pipe to socket, 1",
             [&] { return splice(pipe.reader, nullptr, pair.a, nullptr, 1, 0); });
  look_into(trace, pipe);
}
const Register sendfile_and_splice_entry{{
    .id = "unix/unix-stream-sendfile-splice",
    .asks = "What do sendfile(2) and splice(2) to a stream get whose peer has closed?",
    .grounds = {"net/core/sock.c:sock_no_sendpage", stream_sendmsg,
                "fs/splice.c:generic_splice_sendpage"},
    .run = sendfile_and_splice,
}};

void listener_closed(Trace& trace) {
  Listener listener = unix_listener(16);
  const Fd client = unix_socket(SOCK_STREAM);
  must("connect", connect(client, listener.address.data(), listener.address.length));
  listener.fd.close();
  trace.poll(client);
  trace.send(client);
  trace.send(client);
  trace.recv(client, 100, MSG_DONTWAIT);
  trace.recv(client, 100, MSG_DONTWAIT);
}
const Register listener_closed_entry{{
    .id = "unix/unix-stream-listener-closed-before-accept",
    .asks = "What does a client see of a listener that closes without having accepted it?",
    .grounds = {release_sock, stream_sendmsg, stream_recvmsg, unix_poll},
    .run = listener_closed,
}};

void seqpacket_listener_closed(Trace& trace) {
  Listener listener = unix_listener(16, SOCK_SEQPACKET);
  const Fd client = unix_socket(SOCK_SEQPACKET);
  must("connect", connect(client, listener.address.data(), listener.address.length));
  listener.fd.close();
  trace.poll(client);
  trace.recv(client, 100, MSG_DONTWAIT);
  trace.recv(client, 100, MSG_DONTWAIT);
  trace.send(client);
}
const Register seqpacket_listener_closed_entry{{
    .id = "unix/unix-seqpacket-listener-closed-before-accept",
    .asks = "What does a seqpacket client see of a listener that closes without having accepted "
            "it, receiving first?",
    .grounds = {release_sock, "net/unix/af_unix.c:unix_dgram_recvmsg", seqpacket_sendmsg,
                unix_poll},
    .run = seqpacket_listener_closed,
}};

void dgram_unconnected(Trace& trace) {
  const Fd fd = unix_socket(SOCK_DGRAM);
  trace.send(fd);
  trace.shutdown(fd, SHUT_WR);
  trace.send(fd);
}
const Register dgram_unconnected_entry{{
    .id = "unix/unix-dgram-unconnected-shut-wr",
    .asks = "A datagram socket has neither a peer nor the right to send: which does it report?",
    .grounds = {dgram_sendmsg, alloc_send},
    .run = dgram_unconnected,
}};

void dgram_named_peer_closed(Trace& trace) {
  Listener peer = named_socket(SOCK_DGRAM);
  const Fd fd = unix_socket(SOCK_DGRAM);
  must("connect", connect(fd, peer.address.data(), peer.address.length));
  peer.fd.close();
  trace.send(fd);
  trace.send(fd);
}
const Register dgram_named_peer_closed_entry{{
    .id = "unix/unix-dgram-named-peer-closed",
    .asks = "What does a datagram socket get that is connected to a name whose owner has closed?",
    .grounds = {dgram_sendmsg},
    .run = dgram_named_peer_closed,
}};

void call_connect(Trace& trace, const Fd& fd, const Listener& listener) {
  const Address& to = listener.address;
  trace.call("connect", "the listener", [&] { return connect(fd, to.data(), to.length); });
}

void connect_queue(Trace& trace) {
  const Listener listener = unix_listener(0);
  std::array<Fd, 4> clients;
  for (Fd& client : clients) client = unix_socket(SOCK_STREAM | SOCK_NONBLOCK);
  for (size_t i = 0; i < 3; ++i) call_connect(trace, clients.at(i), listener);
  trace.send(clients[0]);
  trace.send(clients[1]);
  trace.shutdown(listener.fd, SHUT_RD);
  call_connect(trace, clients[3], listener);
}
const Register connect_queue_entry{{
    .id = "unix/unix-stream-connect-queue",
    .asks = "What do clients get that do not wait while the listener's queue is full, and what "
            "after it has shut down?",
    .grounds = {"net/unix/af_unix.c:unix_stream_connect", stream_sendmsg},
    .run = connect_queue,
}};

}  // namespace
}  // namespace probe
