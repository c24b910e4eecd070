#include <sched.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

namespace probe {
namespace {

const Story story{
    "SIGPIPE itself: who gets it, what it says, and what becomes of it. What Linux 3.16 does "
    "follows from a few rules:",
    {("send_sig(SIGPIPE, current, 0) goes to the writing thread, not to its process; si_code is "
      "SI_USER, si_pid and si_uid are the writer's own (kernel/signal.c:do_send_sig_info, "
      ":__send_signal)."),
     ("A blocked signal is queued even if it is ignored; setting SIG_IGN again throws it away "
      "(kernel/signal.c:sig_ignored, :do_sigaction)."),
     ("What a thread has pending of its own only that thread can read from a signalfd "
      "(fs/signalfd.c:signalfd_dequeue)."),
     ("By default it kills the process, without a core dump "
      "(include/linux/signal.h:sig_kernel_coredump)."),
     ("The first process of a pid namespace does not get a signal from its own namespace that it "
      "has no handler for (kernel/signal.c:sig_task_ignored, SIGNAL_UNKILLABLE).")},
    "The write is a send after our own SHUT_WR, unless the scenario says otherwise."};

constexpr const char* send_signal = "kernel/signal.c:__send_signal";
constexpr const char* do_send_sig_info = "kernel/signal.c:do_send_sig_info";
constexpr const char* sig_ignored = "kernel/signal.c:sig_ignored";
constexpr const char* sk_stream_error = "net/core/stream.c:sk_stream_error";

Pair shut_down_pair() {
  Pair pair = tcp_pair();
  must_shutdown(pair.a, SHUT_WR);
  return pair;
}

sigset_t only_sigpipe() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

// For the calling thread alone.
void block_sigpipe() {
  const sigset_t set = only_sigpipe();
  errno = pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (errno != 0) throw Broken("pthread_sigmask: " + errno_name(errno));
}

Json siginfo_json(const siginfo_t& info) {
  return signal_json(info).set("uid", info.si_uid == getuid() ? "self" : "other");
}

void look_at_pending(Trace& trace) {
  sigset_t pending{};
  must("sigpending", sigpending(&pending));
  std::vector<std::string> names;
  if (sigismember(&pending, SIGPIPE) == 1) names.emplace_back("SIGPIPE");
  trace.look("sigpending", "sigpending", "", Json::object({{"pending", Json::strings(names)}}));
}

// What the handler below has got. The signal is this thread's own, so no call runs beside it.
struct Handled {
  std::atomic<int> count = 0;
  siginfo_t info{};
  struct sigaction next {};
};
Handled handled;

void handle(int signal, siginfo_t* info, void* context) {
  ++handled.count;
  handled.info = *info;
  handled.next.sa_sigaction(signal, info, context);
}

// A handler of the scenario's own, which passes the signal on to the one that notes it in a step.
void install_handler() {
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  must("sigaction(SIGPIPE)", sigaction(SIGPIPE, nullptr, &handled.next));
  must("sigaction(SIGPIPE)", sigaction(SIGPIPE, &action, nullptr));
}

void look_at_siginfo(Trace& trace) {
  if (handled.count == 0) {
    trace.look("siginfo", "siginfo", "", Json::object({{"siginfo", "none"}}));
  } else {
    trace.look("siginfo", "siginfo", "", Json::object({{"siginfo", siginfo_json(handled.info)}}));
  }
}

void siginfo_of_send(Trace& trace) {
  const Pair pair = shut_down_pair();
  install_handler();
  trace.send(pair.a);
  look_at_siginfo(trace);
}
const Register siginfo_of_send_entry{{
    .id = "sigpipe/sigpipe-siginfo",
    .asks = "Whom does the SIGPIPE of a failed send name as its sender?",
    .grounds = {sk_stream_error, do_send_sig_info, send_signal},
    .run = siginfo_of_send,
}};

void siginfo_of_pipe(Trace& trace) {
  Pipe ends = make_pipe();
  ends.reader.close();
  install_handler();
  trace.write(ends.writer);
  look_at_siginfo(trace);
}
const Register siginfo_of_pipe_entry{{
    .id = "sigpipe/sigpipe-siginfo-pipe",
    .asks = "Whom does the SIGPIPE of a write to a pipe without a reader name as its sender?",
    .grounds = {"fs/pipe.c:pipe_write", do_send_sig_info, send_signal},
    .run = siginfo_of_pipe,
}};

void blocked(Trace& trace) {
  const Pair pair = shut_down_pair();
  block_sigpipe();
  trace.send(pair.a);
  look_at_pending(trace);
  const sigset_t set = only_sigpipe();
  const timespec at_once{};
  siginfo_t info{};
  const Trace::Step step = trace.begin("sigtimedwait", "sigtimedwait", "SIGPIPE, 0 s");
  if (const int signal = sigtimedwait(&set, &info, &at_once); signal < 0) {
    trace.end(step, Json::object({{"returned", -1}, {"errno", errno_name(errno)}}));
  } else {
    trace.end(step,
              Json::object({{"returned", signal_name(signal)}, {"siginfo", siginfo_json(info)}}));
  }
  look_at_pending(trace);
}
const Register blocked_entry{{
    .id = "sigpipe/sigpipe-blocked",
    .asks = "Where is the SIGPIPE of a writer who blocks it, and can it be fetched?",
    .grounds = {send_signal, "kernel/signal.c:do_sigtimedwait"},
    .run = blocked,
}};

void blocked_and_ignored(Trace& trace) {
  const Pair pair = shut_down_pair();
  set_disposition(SIGPIPE, SIG_IGN);
  block_sigpipe();
  trace.send(pair.a);
  look_at_pending(trace);
  set_disposition(SIGPIPE, SIG_IGN);
  look_at_pending(trace);
}
const Register blocked_and_ignored_entry{{
    .id = "sigpipe/sigpipe-blocked-and-ignored",
    .asks = "Does a SIGPIPE that is both blocked and ignored stay pending, and until when?",
    .grounds = {sig_ignored, "kernel/signal.c:do_sigaction"},
    .run = blocked_and_ignored,
}};

void ignored(Trace& trace) {
  const Pair pair = shut_down_pair();
  set_disposition(SIGPIPE, SIG_IGN);
  trace.send(pair.a);
  look_at_pending(trace);
}
const Register ignored_entry{{
    .id = "sigpipe/sigpipe-ignored",
    .asks = "Does an ignored SIGPIPE leave anything behind but EPIPE?",
    .grounds = {sk_stream_error, sig_ignored},
    .run = ignored,
}};

Fd sigpipe_signalfd() {
  const sigset_t set = only_sigpipe();
  return Fd(must("signalfd", signalfd(-1, &set, SFD_NONBLOCK)));
}

void read_signalfd(Trace& trace, const Fd& fd) {
  signalfd_siginfo record{};
  const Trace::Step step = trace.begin("read", "read", "signalfd");
  const ssize_t length = read(fd, &record, sizeof record);
  if (length < 0) {
    trace.end(step, Json::object({{"returned", -1}, {"errno", errno_name(errno)}}));
    return;
  }
  siginfo_t info{};
  info.si_signo = static_cast<int>(record.ssi_signo);
  info.si_code = record.ssi_code;
  info.si_pid = static_cast<pid_t>(record.ssi_pid);
  info.si_uid = record.ssi_uid;
  trace.end(step, Json::object({{"returned", length}, {"siginfo", siginfo_json(info)}}));
}

void by_signalfd(Trace& trace) {
  const Pair pair = shut_down_pair();
  block_sigpipe();
  const Fd signals = sigpipe_signalfd();
  trace.send(pair.a);
  read_signalfd(trace, signals);
}
const Register by_signalfd_entry{{
    .id = "sigpipe/sigpipe-signalfd",
    .asks = "Can the writer read its SIGPIPE from a signalfd?",
    .grounds = {send_signal, "fs/signalfd.c:signalfd_dequeue"},
    .run = by_signalfd,
}};

void thread_directed(Trace& trace) {
  const Pair pair = shut_down_pair();
  const Fd signals = sigpipe_signalfd();
  install_handler();
  std::latch sent(1);
  std::latch looked(1);
  std::jthread sender([&] {
    Trace own = trace.on("sender");
    block_sigpipe();
    own.send(pair.a);
    sent.count_down();
    looked.wait();
    read_signalfd(own, signals);
  });
  sent.wait();
  trace.look("handled", "handled", "", Json::object({{"count", handled.count.load()}}));
  look_at_pending(trace);
  read_signalfd(trace, signals);
  looked.count_down();
}
const Register thread_directed_entry{{
    .id = "sigpipe/sigpipe-thread-directed",
    .asks = "One thread's send fails and it blocks SIGPIPE: can another thread of the process be "
            "interrupted by that signal, or fetch it?",
    .grounds = {do_send_sig_info, send_signal, "fs/signalfd.c:signalfd_dequeue"},
    .run = thread_directed,
}};

void at_default(Trace& trace) {
  const Pair pair = shut_down_pair();
  Child child([&] {
    allow_core_dumps();
    set_disposition(SIGPIPE, SIG_DFL);
    trace.on("child").send(pair.a);
    return 42;
  });
  trace.ended(child.wait());
}
const Register at_default_entry{{
    .id = "sigpipe/sigpipe-default",
    .asks = "What does a process die of that does nothing about SIGPIPE, and does it leave a core?",
    .grounds = {"kernel/signal.c:get_signal_to_deliver",
                "include/linux/signal.h:sig_kernel_coredump", sk_stream_error},
    .run = at_default,
}};

void at_default_as_pid1(Trace& trace) {
  const Pair pair = shut_down_pair();
  must("unshare(CLONE_NEWPID)", unshare(CLONE_NEWPID));
  Child child([&] {
    allow_core_dumps();
    set_disposition(SIGPIPE, SIG_DFL);
    trace.on("child").send(pair.a);
    return 42;
  });
  trace.ended(child.wait());
}
const Register at_default_as_pid1_entry{{
    .id = "sigpipe/sigpipe-default-pid1",
    .asks = "Does SIGPIPE at its default kill the first process of a pid namespace, a container's "
            "init?",
    .grounds = {"kernel/signal.c:sig_task_ignored", sk_stream_error},
    .needs = {"pid_namespace"},
    .run = at_default_as_pid1,
}};

}  // namespace
}  // namespace probe
