#include "probes/tools/entry_point.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>

#include "probes/base/must.h"
#include "probes/tools/file_calls.h"
#include "probes/tools/io_uring.h"
#include "probes/tools/pipe.h"

namespace probe {
namespace {

constexpr size_t page_size = 4096;

char byte = 'x';

std::string with_flags(const std::string& args, int flags) {
  return flags == MSG_NOSIGNAL ? args + ", MSG_NOSIGNAL" : args;
}

// The address is ignored by a stream socket, but has to be one.
const Address& some_address() {
  static const Address discard = loopback(Over::ipv4, 9);
  return discard;
}

// --- The socket calls ---------------------------------------------------------------------------

void call_sendto(Trace& trace, int socket, size_t length, int flags) {
  const Address& to = some_address();
  trace.call("sendto", with_flags(std::to_string(length) + ", address", flags),
             [&] { return sendto(socket, &byte, length, flags, to.data(), to.length); });
}

void call_sendmsg(Trace& trace, int socket, int flags) {
  iovec piece{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  trace.call("sendmsg", with_flags("1", flags), [&] { return sendmsg(socket, &message, flags); });
}

void call_sendmmsg(Trace& trace, int socket, int flags) {
  iovec piece{.iov_base = &byte, .iov_len = 1};
  std::array<mmsghdr, 2> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &piece;
    message.msg_hdr.msg_iovlen = 1;
  }
  trace.call("sendmmsg", with_flags("2 messages of 1", flags),
             [&] { return sendmmsg(socket, messages.data(), messages.size(), flags); });
}

void enable_zerocopy(int socket) {
  set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1);
}

// Whether the kernel tells that it is done with the memory: 0 for a notice, EAGAIN for none.
void call_send_zerocopy(Trace& trace, int socket, int flags) {
  trace.send(socket, 1, MSG_ZEROCOPY | flags);
  settle();
  trace.recv(socket, 100, MSG_ERRQUEUE | MSG_DONTWAIT);
}

// --- From a pipe and by io_uring ----------------------------------------------------------------

void call_splice(Trace& trace, int socket) {
  const Pipe pipe = pipe_holding(1);
  trace.call("splice", "pipe to socket, 1",
             [&] { return splice(pipe.reader, nullptr, socket, nullptr, 1, 0); });
  look_into(trace, pipe);
}

void call_vmsplice_splice(Trace& trace, int socket) {
  const Pipe pipe = make_pipe();
  alignas(page_size) static std::array<char, page_size> page;
  const iovec gift{.iov_base = page.data(), .iov_len = page.size()};
  must("vmsplice", vmsplice(pipe.writer, &gift, 1, SPLICE_F_GIFT));
  trace.call("splice", "pipe to socket, a gifted page",
             [&] { return splice(pipe.reader, nullptr, socket, nullptr, page_size, 0); });
  look_into(trace, pipe);
}

void call_io_uring_send(Trace& trace, int socket, int flags) {
  IoUring ring;
  ring.require(IORING_OP_SEND, "IORING_OP_SEND");
  io_uring_sqe entry = io_uring_entry(IORING_OP_SEND, socket);
  entry.msg_flags = static_cast<__u32>(flags);
  submit(trace, ring, entry, with_flags("IORING_OP_SEND, 1", flags));
}

void call_io_uring_sendmsg(Trace& trace, int socket, int flags) {
  IoUring ring;
  ring.require(IORING_OP_SENDMSG, "IORING_OP_SENDMSG");
  iovec piece{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  io_uring_sqe entry = io_uring_entry(IORING_OP_SENDMSG, socket);
  entry.addr = reinterpret_cast<__u64>(&message);
  entry.msg_flags = static_cast<__u32>(flags);
  submit(trace, ring, entry, with_flags("IORING_OP_SENDMSG, 1", flags));
}

void call_io_uring_send_zc(Trace& trace, int socket, int flags) {
  IoUring ring;
  ring.require(IORING_OP_SEND_ZC, "IORING_OP_SEND_ZC");
  io_uring_sqe entry = io_uring_entry(IORING_OP_SEND_ZC, socket);
  entry.msg_flags = static_cast<__u32>(flags);
  submit(trace, ring, entry, with_flags("IORING_OP_SEND_ZC, 1", flags));
}

void call_io_uring_splice(Trace& trace, int socket) {
  IoUring ring;
  ring.require(IORING_OP_SPLICE, "IORING_OP_SPLICE");
  const Pipe pipe = pipe_holding(1);
  constexpr auto no_offset = static_cast<__u64>(-1);
  io_uring_sqe entry{};
  entry.opcode = IORING_OP_SPLICE;
  entry.splice_fd_in = pipe.reader;
  entry.splice_off_in = no_offset;
  entry.fd = socket;
  entry.off = no_offset;
  entry.len = 1;
  submit(trace, ring, entry, "IORING_OP_SPLICE, pipe to socket, 1");
  look_into(trace, pipe);
}

void call_io_uring_sqpoll_write(Trace& trace, int socket) {
  IoUring ring(IORING_SETUP_SQPOLL);
  ring.require(IORING_OP_WRITE, "IORING_OP_WRITE");
  ring.register_file(socket);  // before 5.11, SQPOLL takes no others
  io_uring_sqe entry = io_uring_entry(IORING_OP_WRITE, 0);
  entry.flags = IOSQE_FIXED_FILE;
  // The kernel's thread may submit before we enter, so the step begins with the queue.
  const Trace::Step step = trace.begin("io_uring", "io_uring_enter", "IORING_OP_WRITE, 1, SQPOLL");
  ring.queue(entry);
  const int completion = await_completion(ring, IORING_ENTER_SQ_WAKEUP);
  trace.end(step, Json::object({{"completion", completion_json(completion)}}));
}

// --- The table ----------------------------------------------------------------------------------

using Grounds = std::vector<std::string>;

Grounds operator+(Grounds some, const std::string& more) {
  some.push_back(more);
  return some;
}

std::vector<EntryPoint> make_entry_points() {
  const Grounds by_sendmsg{"net/socket.c:sock_sendmsg", "net/ipv4/tcp.c:tcp_sendmsg"};
  const Grounds by_write{"net/socket.c:sock_aio_write", "net/ipv4/tcp.c:tcp_sendmsg"};
  const Grounds by_sendpage{"net/socket.c:sock_sendpage", "net/ipv4/tcp.c:do_tcp_sendpages"};
  // A number beyond the table of system calls: ENOSYS.
  const Grounds by_nothing{"arch/x86/kernel/entry_64.S:system_call"};
  // The place of the flags is a reserved one that must be 0: EINVAL before the file is looked at.
  const Grounds by_aio_with_flags{"fs/aio.c:io_submit_one"};
  return {
      {.name = "send",
       .words = "send(2)",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket, int flags) { trace.send(socket, 1, flags); }},
      {.name = "sendto",
       .words = "sendto(2) with an address",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket, int flags) { call_sendto(trace, socket, 1, flags); }},
      {.name = "sendmsg",
       .words = "sendmsg(2)",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = call_sendmsg},
      {.name = "sendmmsg",
       .words = "sendmmsg(2) of two messages",
       .grounds = by_sendmsg + "net/socket.c:__sys_sendmmsg",
       .takes_flags = true,
       .call = call_sendmmsg},
      {.name = "write",
       .words = "write(2)",
       .grounds = by_write,
       .call = [](Trace& trace, int socket, int) { trace.write(socket); }},
      {.name = "writev",
       .words = "writev(2)",
       .grounds = by_write,
       .call = [](Trace& trace, int socket, int) { call_writev(trace, socket, 1); }},
      {.name = "pwritev2",
       .words = "pwritev2(2) without flags",
       .grounds = by_nothing,
       .call = [](Trace& trace, int socket, int) { call_pwritev2(trace, socket, 0, "0"); }},
      {.name = "pwritev2-nowait",
       .words = "pwritev2(2) with RWF_NOWAIT",
       .grounds = by_nothing,
       .call = [](Trace& trace, int socket,
                  int) { call_pwritev2(trace, socket, RWF_NOWAIT, "RWF_NOWAIT"); }},
      {.name = "pwritev2-nosignal",
       .words = "pwritev2(2) with RWF_NOSIGNAL",
       .grounds = by_nothing,
       .call = [](Trace& trace, int socket,
                  int) { call_pwritev2(trace, socket, rwf_nosignal, "RWF_NOSIGNAL"); }},
      {.name = "sendfile",
       .words = "sendfile(2)",
       .grounds = by_sendpage + "fs/splice.c:splice_direct_to_actor",
       .call = [](Trace& trace, int socket, int) { call_sendfile(trace, socket); }},
      {.name = "splice",
       .words = "splice(2) from a pipe",
       .grounds = by_sendpage + "fs/splice.c:generic_splice_sendpage",
       .call = [](Trace& trace, int socket, int) { call_splice(trace, socket); }},
      {.name = "vmsplice-splice",
       .words = "splice(2) of a page that vmsplice(2) gave to a pipe",
       .grounds = by_sendpage + "fs/splice.c:generic_splice_sendpage",
       .call = [](Trace& trace, int socket, int) { call_vmsplice_splice(trace, socket); }},
      {.name = "send-msg-zerocopy",
       .words = "send(2) with MSG_ZEROCOPY but without SO_ZEROCOPY",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket,
                  int flags) { trace.send(socket, 1, MSG_ZEROCOPY | flags); }},
      {.name = "send-zerocopy",
       .words = "send(2) with MSG_ZEROCOPY",
       .grounds = by_sendmsg,
       .needs = {"so_zerocopy"},
       .takes_flags = true,
       .prepare = enable_zerocopy,
       .call = call_send_zerocopy},
      {.name = "send-len0",
       .words = "send(2) of no bytes",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket, int flags) { trace.send(socket, 0, flags); }},
      {.name = "sendto-len0",
       .words = "sendto(2) of no bytes with an address",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket, int flags) { call_sendto(trace, socket, 0, flags); }},
      {.name = "write-len0",
       .words = "write(2) of no bytes",
       .grounds = by_write,
       .call = [](Trace& trace, int socket, int) { trace.write(socket, 0); }},
      {.name = "writev-len0",
       .words = "writev(2) of no bytes",
       .grounds = {"fs/read_write.c:do_readv_writev"},
       .call = [](Trace& trace, int socket, int) { call_writev(trace, socket, 0); }},
      {.name = "send-oob",
       .words = "send(2) with MSG_OOB",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket, int flags) { trace.send(socket, 1, MSG_OOB | flags); }},
      {.name = "send-more",
       .words = "send(2) with MSG_MORE",
       .grounds = by_sendmsg,
       .takes_flags = true,
       .call = [](Trace& trace, int socket,
                  int flags) { trace.send(socket, 1, MSG_MORE | flags); }},
      {.name = "aio",
       .words = "io_submit(2) of an IOCB_CMD_PWRITE",
       // A BUG_ON: 3.16 oopses in the caller.
       .grounds = {"net/socket.c:alloc_sock_iocb"},
       .needs = {"aio"},
       .last = true,
       .call = [](Trace& trace, int socket, int) { call_aio(trace, socket); }},
      {.name = "aio-nowait",
       .words = "io_submit(2) of an IOCB_CMD_PWRITE with RWF_NOWAIT",
       .grounds = by_aio_with_flags,
       .needs = {"aio"},
       .call = [](Trace& trace, int socket,
                  int) { call_aio(trace, socket, RWF_NOWAIT, ", RWF_NOWAIT"); }},
      {.name = "aio-nosignal",
       .words = "io_submit(2) of an IOCB_CMD_PWRITE with RWF_NOSIGNAL",
       .grounds = by_aio_with_flags,
       .needs = {"aio"},
       .call = [](Trace& trace, int socket,
                  int) { call_aio(trace, socket, rwf_nosignal, ", RWF_NOSIGNAL"); }},
      {.name = "io-uring-send",
       .words = "IORING_OP_SEND",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .takes_flags = true,
       .call = call_io_uring_send},
      {.name = "io-uring-sendmsg",
       .words = "IORING_OP_SENDMSG",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .takes_flags = true,
       .call = call_io_uring_sendmsg},
      {.name = "io-uring-send-zc",
       .words = "IORING_OP_SEND_ZC",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .takes_flags = true,
       .call = call_io_uring_send_zc},
      {.name = "io-uring-write",
       .words = "IORING_OP_WRITE",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .call = [](Trace& trace, int socket,
                  int) { call_io_uring_write(trace, socket, 0, "IORING_OP_WRITE, 1"); }},
      {.name = "io-uring-write-nowait",
       .words = "IORING_OP_WRITE with RWF_NOWAIT",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .call =
           [](Trace& trace, int socket, int) {
             call_io_uring_write(trace, socket, 0, "IORING_OP_WRITE, 1, RWF_NOWAIT", RWF_NOWAIT);
           }},
      {.name = "io-uring-write-nosignal",
       .words = "IORING_OP_WRITE with RWF_NOSIGNAL",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .call =
           [](Trace& trace, int socket, int) {
             call_io_uring_write(trace, socket, 0, "IORING_OP_WRITE, 1, RWF_NOSIGNAL",
                                 rwf_nosignal);
           }},
      {.name = "io-uring-write-async",
       .words = "IORING_OP_WRITE with IOSQE_ASYNC",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .call =
           [](Trace& trace, int socket, int) {
             call_io_uring_write(trace, socket, IOSQE_ASYNC, "IORING_OP_WRITE, 1, IOSQE_ASYNC");
           }},
      {.name = "io-uring-splice",
       .words = "IORING_OP_SPLICE from a pipe",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .call = [](Trace& trace, int socket, int) { call_io_uring_splice(trace, socket); }},
      {.name = "io-uring-sqpoll-write",
       .words = "IORING_OP_WRITE on a ring with SQPOLL",
       .grounds = by_nothing,
       .needs = {"io_uring"},
       .call = [](Trace& trace, int socket, int) { call_io_uring_sqpoll_write(trace, socket); }},
  };
}

}  // namespace

const std::vector<EntryPoint>& entry_points() {
  static const std::vector<EntryPoint> all = make_entry_points();
  return all;
}

}  // namespace probe
