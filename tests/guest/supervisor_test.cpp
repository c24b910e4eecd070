#include "orchestrator/guest/supervisor.h"
#include "results/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>

/// That nothing is left of a supervised program, however it ends.
using namespace brokenpipe;

namespace {

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

Pipe make_pipe() {
  std::array<int, 2> fds{};
  EXPECT_EQ(pipe2(fds.data(), O_CLOEXEC), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// A process that calls supervise(). All that it starts hold the writing end of `alive`: the
/// reading end says so when the last of them has gone.
class Supervised {
 public:
  /// `run` gets a descriptor on which it says a pid when it is ready.
  explicit Supervised(const std::function<int(int say)>& run) {
    said_ = make_pipe();
    alive_ = make_pipe();
    caller_ = fork();
    if (caller_ == 0) {
      setpgid(0, 0);
      _exit(supervise([&] { return run(said_.writer.get()); }));
    }
    alive_.writer = UniqueFd();
    said_.writer = UniqueFd();
  }
  ~Supervised() {
    if (!waited_) {
      kill(caller_, SIGKILL);
      waitpid(caller_, nullptr, 0);
    }
  }
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;
  Supervised(Supervised&&) = delete;
  Supervised& operator=(Supervised&&) = delete;

  pid_t caller() const { return caller_; }

  /// The next pid that the worker says; 0 where it says no more.
  pid_t heard() const {
    pid_t pid = 0;
    return read(said_.reader.get(), &pid, sizeof pid) == sizeof pid ? pid : 0;
  }

  int exit_code() {
    int status = 0;
    EXPECT_EQ(waitpid(caller_, &status, 0), caller_);
    waited_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  /// Waits until nothing of it is left; the limit only keeps a failing test from hanging.
  bool all_gone() const {
    pollfd end{.fd = alive_.reader.get(), .events = 0, .revents = 0};
    return poll(&end, 1, 20'000) == 1 && (end.revents & POLLHUP) != 0;
  }

 private:
  Pipe said_;
  Pipe alive_;
  pid_t caller_ = -1;
  bool waited_ = false;
};

void say(int fd, pid_t pid) {
  if (write(fd, &pid, sizeof pid) != sizeof pid) _exit(99);
}

/// What libvirt does with QEMU: a process in a session of its own whose parent has gone.
void start_daemon() {
  const pid_t middle = fork();
  if (middle == 0) {
    setsid();
    if (fork() == 0)
      for (;;) pause();
    _exit(0);
  }
  waitpid(middle, nullptr, 0);
}

int start_daemon_and_wait(int fd) {
  start_daemon();
  say(fd, getppid());
  for (;;) pause();
}

}  // namespace

TEST(Supervisor, ReturnsTheWorkersExitCode) {
  EXPECT_EQ(Supervised([](int) { return 0; }).exit_code(), 0);
  EXPECT_EQ(Supervised([](int) { return 130; }).exit_code(), 130);
}

TEST(Supervisor, ReturnsTheSignalThatKilledTheWorker) {
  Supervised supervised([](int) { return raise(SIGKILL); });
  EXPECT_EQ(supervised.exit_code(), 128 + SIGKILL);
}

TEST(Supervisor, EndsWhatAWorkerThatWasKilledLeftBehind) {
  Supervised supervised([](int) {
    start_daemon();
    return raise(SIGKILL);
  });
  EXPECT_EQ(supervised.exit_code(), 128 + SIGKILL);
  EXPECT_TRUE(supervised.all_gone());
}

TEST(Supervisor, EndsWhatAWorkerThatReturnedLeftBehind) {
  Supervised supervised([](int) {
    start_daemon();
    return 0;
  });
  EXPECT_EQ(supervised.exit_code(), 0);
  EXPECT_TRUE(supervised.all_gone());
}

TEST(Supervisor, LeavesNothingWhenTheCallerIsKilled) {
  const Supervised supervised(start_daemon_and_wait);
  ASSERT_NE(supervised.heard(), 0);
  kill(supervised.caller(), SIGKILL);
  EXPECT_TRUE(supervised.all_gone());
}

TEST(Supervisor, LeavesNothingWhenTheGuardIsKilled) {
  Supervised supervised(start_daemon_and_wait);
  const pid_t guard = supervised.heard();
  ASSERT_NE(guard, 0);
  kill(guard, SIGKILL);
  EXPECT_EQ(supervised.exit_code(), 128 + SIGKILL);
  EXPECT_TRUE(supervised.all_gone());
}

TEST(Supervisor, LeavesNothingWhenTheWholeProcessGroupIsKilled) {
  const Supervised supervised(start_daemon_and_wait);
  ASSERT_NE(supervised.heard(), 0);
  kill(-supervised.caller(), SIGKILL);
  EXPECT_TRUE(supervised.all_gone());
}

TEST(Supervisor, PassesSignalsOnAndWaitsForTheWorkersAnswer) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Supervised supervised([signal](int fd) {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, signal);
      sigprocmask(SIG_BLOCK, &set, nullptr);
      say(fd, getpid());
      int got = 0;
      sigwait(&set, &got);
      return got + 10;
    });
    ASSERT_NE(supervised.heard(), 0);
    kill(supervised.caller(), signal);
    EXPECT_EQ(supervised.exit_code(), signal + 10);
  }
}

TEST(Supervisor, LeavesTheSignalsDefaultActionsToTheWorker) {
  Supervised supervised([](int fd) {
    say(fd, getpid());
    for (;;) pause();
    return 0;
  });
  ASSERT_NE(supervised.heard(), 0);
  kill(supervised.caller(), SIGTERM);
  EXPECT_EQ(supervised.exit_code(), 128 + SIGTERM);
}

TEST(Supervisor, ReapsDaemonsWhileTheWorkerRuns) {
  // The guard is the parent of a daemon, and its zombie is gone as soon as it has died.
  Supervised supervised([](int) {
    const Pipe pipe = make_pipe();
    const pid_t middle = fork();
    if (middle == 0) {
      if (fork() == 0) {
        say(pipe.writer.get(), getpid());
        _exit(0);
      }
      _exit(0);
    }
    waitpid(middle, nullptr, 0);
    pid_t daemon = 0;
    if (read(pipe.reader.get(), &daemon, sizeof daemon) != sizeof daemon) return 1;
    while (kill(daemon, 0) == 0) sched_yield();
    return 0;
  });
  EXPECT_EQ(supervised.exit_code(), 0);
}
