#include "orchestrator/guest/supervisor.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "results/base/error.h"
#include "results/base/process_limit.h"

namespace brokenpipe {
namespace {

Error failed(const char* call) {
  const int error = errno;
  return {"starting the process that looks after the guests",
          fmt::format("{}: {}", call, std::strerror(error)),
          error == EAGAIN || error == ENOMEM ? process_limit_remedy : ""};
}

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

/// proc(5): /proc/PID/task/TID/children. All children of a single-threaded process.
std::vector<pid_t> children() {
  std::ifstream file(fmt::format("/proc/self/task/{}/children", getpid()));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

/// Ends all descendants: those of a process that dies become children of this subreaper.
void end_descendants() {
  for (auto pids = children(); !pids.empty(); pids = children()) {
    for (const pid_t pid : pids) kill(pid, SIGKILL);
    waitpid(-1, nullptr, 0);
  }
}

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Reaps what has ended; the exit code of `child` if it was among them.
std::optional<int> reap(pid_t child) {
  std::optional<int> code;
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return code;
    if (pid == child) code = exit_code(status);
  }
}

/// Until `child` has ended, or `parent`, without which there is nobody to work for. `signals`
/// must be blocked.
int look_after(pid_t child, pid_t parent, const sigset_t& signals) {
  std::optional<int> code;
  while (!code) {
    siginfo_t info{};
    const int signal = sigwaitinfo(&signals, &info);
    if (parent != 0 && getppid() != parent) code = 128 + SIGKILL;
    // The terminal's signals (SI_KERNEL) have gone to the whole process group, the worker included.
    if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL) kill(child, signal);
    if (!code) code = reap(child);
  }
  end_descendants();
  return *code;
}

/// A child that gets `signal` when its parent dies; 0 in the child.
pid_t fork_bound(int signal) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw failed("fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, signal);
    if (getppid() != parent) _exit(128 + SIGKILL);
  }
  return child;
}

}  // namespace

int supervise(const std::function<int()>& run) {
  // Where a parent left it ignored, exit codes would be lost.
  std::signal(SIGCHLD, SIG_DFL);
  const auto signals = set_of({SIGCHLD, SIGINT, SIGTERM, SIGHUP});
  sigset_t before;
  if (sigprocmask(SIG_BLOCK, &signals, &before) != 0) throw failed("sigprocmask");
  const auto become_subreaper = [] {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw failed("prctl(PR_SET_CHILD_SUBREAPER)");
  };

  become_subreaper();
  const pid_t caller = getpid();
  // SIGTERM only wakes it: look_after() sees that the parent has gone.
  const pid_t guard = fork_bound(SIGTERM);
  if (guard > 0) {
    const int code = look_after(guard, 0, signals);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return code;
  }
  become_subreaper();
  const pid_t worker = fork_bound(SIGKILL);
  if (worker > 0) {
    setsid();
    _exit(look_after(worker, caller, signals));
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return run();
}

}  // namespace brokenpipe
