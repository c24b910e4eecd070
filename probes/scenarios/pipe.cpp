#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "probes/base/file.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/blocked.h"
#include "probes/tools/epoll.h"
#include "probes/tools/file_calls.h"
#include "probes/tools/mount.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

namespace probe {
namespace {

const Story story{
    "Pipes and FIFOs. What Linux 3.16 answers follows from a few rules:",
    {("A write of no bytes succeeds before anybody asks for readers; any other write to a pipe "
      "that has none raises SIGPIPE and fails with EPIPE (fs/pipe.c:pipe_write)."),
     ("A writer that sleeps for room asks for readers again when it wakes: SIGPIPE even where it "
      "has written something and returns how much (fs/pipe.c:pipe_write)."),
     ("splice(2), sendfile(2) and vmsplice(2) fetch their data first and ask for readers when they "
      "put it in: no data, no EPIPE (fs/splice.c:splice_to_pipe)."),
     ("tee(2) and splice(2) from pipe to pipe wait for their input first, but an input that has no "
      "writer is no obstacle (fs/splice.c:ipipe_prep, :link_pipe, :splice_pipe_to_pipe)."),
     "A writer polls POLLERR as long as there is no reader (fs/pipe.c:pipe_poll).",
     ("A FIFO is a pipe whose readers come and go by open(2) and close(2); without one, O_NONBLOCK "
      "for writing is ENXIO (fs/pipe.c:fifo_open).")}};

constexpr const char* pipe_write = "fs/pipe.c:pipe_write";
constexpr const char* pipe_release = "fs/pipe.c:pipe_release";
constexpr const char* pipe_poll = "fs/pipe.c:pipe_poll";
constexpr const char* fifo_open = "fs/pipe.c:fifo_open";
constexpr const char* splice_to_pipe = "fs/splice.c:splice_to_pipe";

char byte = 'x';

Pipe pipe_without_reader() {
  Pipe pipe = make_pipe();
  pipe.reader.close();
  return pipe;
}

// A folder of the scenario's own, which goes with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() = default;
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    for (const std::string& file : files_) unlink(file.c_str());
  }

  std::string file(const std::string& name) {
    files_.push_back(folder_.path() + "/" + name);
    return files_.back();
  }

 private:
  TemporaryFolder folder_;
  std::vector<std::string> files_;
};

Fd file_at_its_end() {
  Fd file = file_to_send(100);
  must("lseek", lseek(file, 0, SEEK_END));
  return file;
}

void no_reader(Trace& trace) {
  const Pipe pipe = pipe_without_reader();
  trace.poll(pipe.writer);
  trace.write(pipe.writer);
  trace.write(pipe.writer, 0);
  call_writev(trace, pipe.writer, 1);
  call_writev(trace, pipe.writer, 0);
  call_pwritev2(trace, pipe.writer, rwf_nosignal, "RWF_NOSIGNAL");
  call_pwritev2(trace, pipe.writer, RWF_NOWAIT, "RWF_NOWAIT");
}
const Register no_reader_entry{{
    .id = "pipe/pipe-no-reader",
    .asks = "What does each way to write to a pipe get when nobody can read it any more?",
    .grounds = {pipe_release, pipe_poll, pipe_write, "fs/read_write.c:do_readv_writev"},
    .run = no_reader,
}};

void full_then_no_reader(Trace& trace) {
  Pipe pipe = full_pipe(O_NONBLOCK);
  trace.write(pipe.writer);
  trace.poll(pipe.writer);
  pipe.reader.close();
  trace.poll(pipe.writer);
  trace.write(pipe.writer);
}
const Register full_then_no_reader_entry{{
    .id = "pipe/pipe-full-then-no-reader",
    .asks = "What changes for the writer of a full pipe, not blocking, when its reader closes?",
    .grounds = {pipe_write, pipe_release, pipe_poll},
    .run = full_then_no_reader,
}};

BlockedCall blocked_write(Trace& trace, const Pipe& pipe, const std::vector<char>& bytes) {
  return {trace, "write", std::to_string(bytes.size()),
          [&] { return write(pipe.writer, bytes.data(), bytes.size()); },
          share_of(static_cast<long>(bytes.size()))};
}

void blocked_partial(Trace& trace) {
  Pipe pipe = make_pipe();
  const std::vector<char> bytes(size_t{1} << 20);
  BlockedCall writing = blocked_write(trace, pipe, bytes);
  writing.await_blocked();
  pipe.reader.close();
  writing.join();
  trace.write(pipe.writer);
}
const Register blocked_partial_entry{{
    .id = "pipe/pipe-blocked-partial",
    .asks = "A write has put a part of its bytes into a pipe and waits for room when the reader "
            "closes: does it return the part, an error, or a signal?",
    .grounds = {pipe_write, pipe_release},
    .run = blocked_partial,
}};

void blocked_nothing_written(Trace& trace) {
  Pipe pipe = full_pipe();
  const std::vector<char> bytes(1);
  BlockedCall writing = blocked_write(trace, pipe, bytes);
  writing.await_blocked();
  pipe.reader.close();
  writing.join();
  trace.write(pipe.writer);
}
const Register blocked_nothing_written_entry{{
    .id = "pipe/pipe-blocked-nothing-written",
    .asks = "What does a writer get that waits for room in a full pipe when the reader closes?",
    .grounds = {pipe_write, pipe_release},
    .run = blocked_nothing_written,
}};

void splice_file(Trace& trace, const Pipe& pipe, const Fd& file, const std::string& what,
                 size_t length) {
  trace.call("splice", what + " to pipe, " + std::to_string(length),
             [&] { return splice(file, nullptr, pipe.writer, nullptr, length, 0); });
}

void file_to_pipe(Trace& trace) {
  ScratchFolder folder;
  const Pipe pipe = pipe_without_reader();
  const Fd empty(must("open", open(folder.file("empty").c_str(), O_RDONLY | O_CREAT, 0600)));
  splice_file(trace, pipe, file_to_send(100), "file", 100);
  splice_file(trace, pipe, file_at_its_end(), "file at its end", 100);
  splice_file(trace, pipe, empty, "empty file", 100);
  splice_file(trace, pipe, file_to_send(100), "file", 0);
}
const Register file_to_pipe_entry{{
    .id = "pipe/splice-file-to-pipe-no-reader",
    .asks = "Does splice(2) from a file tell that the pipe has no reader when the file has "
            "nothing to give?",
    .grounds = {"fs/splice.c:do_splice", "fs/splice.c:__generic_file_splice_read", splice_to_pipe},
    .run = file_to_pipe,
}};

void sendfile_to_pipe(Trace& trace) {
  const Pipe pipe = pipe_without_reader();
  const Fd file = file_to_send(100);
  const Fd at_end = file_at_its_end();
  trace.call("sendfile", "100", [&] { return sendfile(pipe.writer, file, nullptr, 100); });
  trace.call("sendfile", "100, file at its end",
             [&] { return sendfile(pipe.writer, at_end, nullptr, 100); });
  trace.call("sendfile", "0", [&] { return sendfile(pipe.writer, file, nullptr, 0); });
}
const Register sendfile_to_pipe_entry{{
    .id = "pipe/sendfile-to-pipe-no-reader",
    .asks = "What does sendfile(2) to a pipe without a reader get, with data and without?",
    .grounds = {"fs/splice.c:splice_direct_to_actor", "fs/splice.c:default_file_splice_write",
                pipe_write},
    .run = sendfile_to_pipe,
}};

void vmsplice_to(Trace& trace, const Pipe& pipe, size_t length, unsigned flags, const char* args) {
  const iovec piece{.iov_base = &byte, .iov_len = length};
  trace.call("vmsplice", args, [&] { return vmsplice(pipe.writer, &piece, 1, flags); });
}

void by_vmsplice(Trace& trace) {
  const Pipe pipe = pipe_without_reader();
  vmsplice_to(trace, pipe, 1, 0, "1");
  vmsplice_to(trace, pipe, 0, 0, "0");
  vmsplice_to(trace, pipe, 1, SPLICE_F_NONBLOCK, "1, SPLICE_F_NONBLOCK");
}
const Register by_vmsplice_entry{{
    .id = "pipe/vmsplice-no-reader",
    .asks = "What does vmsplice(2) to a pipe without a reader get?",
    .grounds = {"fs/splice.c:vmsplice_to_pipe", splice_to_pipe},
    .run = by_vmsplice,
}};

void tee_and_splice(Trace& trace, const Pipe& from, const Pipe& to, unsigned flags) {
  const std::string args =
      flags == SPLICE_F_NONBLOCK ? "pipe to pipe, 3, SPLICE_F_NONBLOCK" : "pipe to pipe, 3";
  trace.call("tee", args, [&] { return tee(from.reader, to.writer, 3, flags); });
  trace.call("splice", args,
             [&] { return splice(from.reader, nullptr, to.writer, nullptr, 3, flags); });
}

void pipe_to_pipe(Trace& trace) {
  Pipe from = pipe_holding(3);
  const Pipe to = pipe_without_reader();
  tee_and_splice(trace, from, to, 0);
  look_into(trace, from);
  std::array<char, 3> bytes{};
  must("read", read(from.reader, bytes.data(), bytes.size()));
  tee_and_splice(trace, from, to, SPLICE_F_NONBLOCK);
  from.writer.close();
  tee_and_splice(trace, from, to, 0);
}
const Register pipe_to_pipe_entry{{
    .id = "pipe/tee-and-pipe-to-pipe-no-reader",
    .asks = "What do tee(2) and splice(2) to a pipe without a reader get: from a pipe with data, "
            "an empty one, and one at its end?",
    .grounds = {"fs/splice.c:ipipe_prep", "fs/splice.c:opipe_prep", "fs/splice.c:link_pipe",
                "fs/splice.c:splice_pipe_to_pipe"},
    .run = pipe_to_pipe,
}};

// In a thread of its own, for it may stay blocked.
void splice_socket(Trace& trace, const Fd& socket, const Pipe& pipe) {
  BlockedCall(trace, "splice", "socket to pipe, 100, SPLICE_F_NONBLOCK", [&] {
    return splice(socket, nullptr, pipe.writer, nullptr, 100, SPLICE_F_NONBLOCK);
  }).join();
}

void socket_to_pipe(Trace& trace) {
  const Pair blocking = tcp_pair();
  const Pipe pipe = pipe_without_reader();
  splice_socket(trace, blocking.a, pipe);

  const Pair pair = tcp_pair();
  const Pipe other_pipe = pipe_without_reader();
  must("fcntl(F_SETFL)", fcntl(pair.a, F_SETFL, O_NONBLOCK));
  splice_socket(trace, pair.a, other_pipe);
  must_send(pair.b, 3);
  settle();
  splice_socket(trace, pair.a, other_pipe);
  trace.recv(pair.a);
}
const Register socket_to_pipe_entry{{
    .id = "pipe/splice-empty-socket-to-pipe-no-reader",
    .asks = "Does splice(2) from a socket that has nothing to read tell that the pipe has no "
            "reader, or does it wait?",
    .grounds = {"fs/splice.c:do_splice_to", "net/ipv4/tcp.c:tcp_splice_read", splice_to_pipe},
    .run = socket_to_pipe,
}};

void by_aio(Trace& trace) {
  const Pipe pipe = pipe_without_reader();
  call_aio(trace, pipe.writer);
  call_aio(trace, pipe.writer, rwf_nosignal, ", RWF_NOSIGNAL");
}
const Register by_aio_entry{{
    .id = "pipe/aio-pipe-no-reader",
    .asks = "Whom does a write by io_submit(2) to a pipe without a reader tell, and does "
            "RWF_NOSIGNAL keep the signal away?",
    .grounds = {"fs/aio.c:io_submit_one", pipe_write},
    .needs = {"aio"},
    .run = by_aio,
}};

void by_io_uring(Trace& trace) {
  const Pipe pipe = pipe_without_reader();
  call_io_uring_write(trace, pipe.writer, 0, "IORING_OP_WRITE, 1");
  call_io_uring_write(trace, pipe.writer, 0, "IORING_OP_WRITE, 1, RWF_NOSIGNAL", rwf_nosignal);
  call_io_uring_write(trace, pipe.writer, IOSQE_ASYNC, "IORING_OP_WRITE, 1, IOSQE_ASYNC");
}
const Register by_io_uring_entry{{
    .id = "pipe/io-uring-pipe-no-reader",
    .asks = "Does a write by io_uring to a pipe without a reader raise SIGPIPE?",
    .grounds = {"arch/x86/kernel/entry_64.S:system_call"},
    .needs = {"io_uring"},
    .run = by_io_uring,
}};

void reader_comes_and_goes(Trace& trace) {
  ScratchFolder folder;
  const std::string path = folder.file("fifo");
  must("mkfifo", mkfifo(path.c_str(), 0600));
  Fd both(must("open(O_RDWR)", open(path.c_str(), O_RDWR)));
  const Fd writer(must("open(O_WRONLY)", open(path.c_str(), O_WRONLY | O_NONBLOCK)));
  trace.write(writer);
  both.close();
  trace.write(writer);
  Fd reader(must("open(O_RDONLY)", open(path.c_str(), O_RDONLY | O_NONBLOCK)));
  trace.write(writer);
  reader.close();
  trace.write(writer);
  const Fd another(static_cast<int>(trace.call(
      "open", "O_WRONLY|O_NONBLOCK", [&] { return open(path.c_str(), O_WRONLY | O_NONBLOCK); },
      [](long) { return "fd"; })));
}
const Register reader_comes_and_goes_entry{{
    .id = "pipe/fifo-reader-comes-and-goes",
    .asks = "Can a FIFO's writer go on when a new reader comes after EPIPE?",
    .grounds = {fifo_open, pipe_release, pipe_write},
    .run = reader_comes_and_goes,
}};

void edge_triggered(Trace& trace) {
  Pipe pipe = make_pipe();
  const EdgeTriggeredEpoll epoll(pipe.writer);
  pipe.reader.close();
  epoll.look(trace);
}
const Register edge_triggered_entry{{
    .id = "pipe/epoll-et-pipe-reader-closes",
    .asks = "Which edge-triggered events tell the writer of a pipe that its reader has closed?",
    .grounds = {pipe_release, pipe_poll, "fs/eventpoll.c:ep_poll_callback"},
    .run = edge_triggered,
}};

// A file system of which nobody serves the first request, FUSE_INIT.
class UnservedFuse {
 public:
  int device() const { return device_; }

 private:
  Fd device_ = Fd(must("open(/dev/fuse)", open("/dev/fuse", O_RDWR | O_CLOEXEC)));
  Mount mount_ =
      Mount("fuse", "fd=" + std::to_string(device_) + ",rootmode=40000,user_id=0,group_id=0");
};

void fuse_to_pipe(Trace& trace) {
  const UnservedFuse fuse;
  const Pipe pipe = pipe_without_reader();
  constexpr size_t length = size_t{128} << 10;
  trace.call("splice", "/dev/fuse to pipe, 131072",
             [&] { return splice(fuse.device(), nullptr, pipe.writer, nullptr, length, 0); });
}
const Register fuse_to_pipe_entry{{
    .id = "pipe/fuse-splice-no-reader",
    .asks = "Does splice(2) of a file system's request from /dev/fuse raise SIGPIPE when the pipe "
            "has no reader?",
    .grounds = {"fs/fuse/dev.c:fuse_dev_splice_read"},
    .needs = {"fuse"},
    .run = fuse_to_pipe,
}};

}  // namespace
}  // namespace probe
