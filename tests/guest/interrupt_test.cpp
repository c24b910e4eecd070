#include "orchestrator/guest/interrupt.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <future>
#include <stop_token>
#include <string>

#include "results/base/unique_fd.h"

/// What signals do to the program, before anybody heeds them and while somebody does.
using namespace brokenpipe;

namespace {

struct Ended {
  int code = -1;
  std::string said;
};

/// A child process that takes its signals as the program does. It raises what it gets itself, for
/// then nobody has to wait until it is ready.
Ended run(const std::function<int()>& body) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    dup2(writer.get(), STDERR_FILENO);
    const Interrupts interrupts;
    _exit(body());
  }
  writer.reset();
  Ended ended;
  std::array<char, 256> buffer{};
  for (ssize_t got = 0; (got = read(reader.get(), buffer.data(), buffer.size())) > 0;)
    ended.said.append(buffer.data(), static_cast<std::size_t>(got));
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  return ended;
}

int wait_for_ever() {
  for (;;) pause();
}

int wait_for_stop(const InterruptWatch& watch) {
  std::promise<void> stop;
  const std::stop_callback told(watch.token(), [&] { stop.set_value(); });
  stop.get_future().wait();
  return 7;
}

}  // namespace

TEST(Interrupts, EndTheProgramWithAWordWhereNobodyHeedsThem) {
  const std::array<std::pair<int, const char*>, 3> signals{
      {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}}};
  for (const auto& [signal, name] : signals) {
    const Ended ended = run([signal = signal] {
      kill(getpid(), signal);
      return wait_for_ever();
    });
    EXPECT_EQ(ended.code, 130) << name;
    EXPECT_EQ(ended.said, std::string("brokenpipe: interrupted by ") + name + "\n");
  }
}

TEST(Interrupts, AskForAStopWhereSomebodyHeedsThem) {
  const Ended ended = run([] {
    const InterruptWatch watch;
    const HeedInterrupts heed;
    kill(getpid(), SIGTERM);
    return wait_for_stop(watch);
  });
  EXPECT_EQ(ended.code, 7);
  EXPECT_EQ(ended.said, "");
}

TEST(Interrupts, EndTheProgramAfterNobodyHeedsThemAnyMore) {
  const Ended ended = run([] {
    const InterruptWatch watch;
    { const HeedInterrupts heed; }
    kill(getpid(), SIGTERM);
    return wait_for_ever();
  });
  EXPECT_EQ(ended.code, 130);
}

TEST(Interrupts, LeaveAHangupIgnoredWhereItIs) {
  std::signal(SIGHUP, SIG_IGN);
  const Ended ended = run([] {
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGTERM);
    return wait_for_ever();
  });
  std::signal(SIGHUP, SIG_DFL);
  EXPECT_EQ(ended.said, "brokenpipe: interrupted by SIGTERM\n");
}
