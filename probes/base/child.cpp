#include "probes/base/child.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <utility>

#include "probes/base/must.h"

namespace probe {
namespace {

constexpr int failed_status = 70;  // sysexits.h: EX_SOFTWARE

}  // namespace

Child::Child(const std::function<int()>& body) : pid_(must("fork", fork())) {
  if (pid_ != 0) return;
  int status = failed_status;
  try {
    // What its parent did not live to kill would be left on somebody's host.
    must("prctl(PR_SET_PDEATHSIG)", prctl(PR_SET_PDEATHSIG, SIGKILL));
    status = body();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "in a forked child: %s\n", failure.what());
  } catch (...) {
    std::fprintf(stderr, "in a forked child: something that is no exception was thrown\n");
  }
  // Not exit(): the parent's buffers and atexit handlers are the parent's.
  _exit(status);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::kill(int signal) const {
  must("kill", ::kill(pid_, signal));
}

int Child::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw Broken("waitpid: " + errno_name(errno));
  }
  pid_ = -1;
  return status;
}

std::string status_words(int status) {
  if (WIFSIGNALED(status)) return "killed by " + signal_name(WTERMSIG(status));
  return "exited " + std::to_string(WEXITSTATUS(status));
}

std::string not_the_kernels(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == failed_status) return "the probe failed in it";
  if (!WIFSIGNALED(status)) return {};
  if (WTERMSIG(status) == SIGABRT) return "the probe aborted";
  if (WTERMSIG(status) == SIGKILL)
    return "killed by SIGKILL, which we did not send: out of memory?";
  return {};
}

void set_disposition(int signal, sighandler_t disposition) {
  struct sigaction action {};
  action.sa_handler = disposition;
  must("sigaction", sigaction(signal, &action, nullptr));
}

void allow_core_dumps() {
  rlimit limit{};
  must("getrlimit(RLIMIT_CORE)", getrlimit(RLIMIT_CORE, &limit));
  limit.rlim_cur = limit.rlim_max;
  must("setrlimit(RLIMIT_CORE)", setrlimit(RLIMIT_CORE, &limit));
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

}  // namespace probe
