// SIGINT, SIGTERM and SIGHUP, taken by a thread of their own.
#include "orchestrator/guest/interrupt.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>

namespace brokenpipe {
namespace {

struct Listeners {
  std::mutex mutex;
  std::stop_source* watch = nullptr;
  unsigned heeding = 0;
};

Listeners& listeners() {
  static Listeners one;
  return one;
}

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&set, signal);
  struct sigaction hangup {};
  // Once it is blocked, it would be taken although it is ignored (signal(7)).
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaddset(&set, SIGHUP);
  return set;
}

void handle(int signal) {
  Listeners& all = listeners();
  const std::lock_guard lock(all.mutex);
  if (all.watch != nullptr && all.heeding > 0) {
    all.watch->request_stop();
  } else {
    // No destructors: other threads are at work. supervise() sees to what is left.
    _exit(say_interrupted_by(signal));
  }
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  watcher_ = std::jthread([set](const std::stop_token& stop) {
    constexpr timespec a_while{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!stop.stop_requested()) {
      if (const int signal = sigtimedwait(&set, nullptr, &a_while); signal > 0) handle(signal);
    }
  });
}

Interrupts::~Interrupts() {
  watcher_.request_stop();
  watcher_.join();
}

InterruptWatch::InterruptWatch() {
  const std::lock_guard lock(listeners().mutex);
  listeners().watch = &interrupted_;
}

InterruptWatch::~InterruptWatch() {
  const std::lock_guard lock(listeners().mutex);
  listeners().watch = nullptr;
}

HeedInterrupts::HeedInterrupts() {
  const std::lock_guard lock(listeners().mutex);
  ++listeners().heeding;
}

HeedInterrupts::~HeedInterrupts() {
  const std::lock_guard lock(listeners().mutex);
  --listeners().heeding;
}

int say_interrupted_by(int signal) {
  const std::string words = fmt::format("brokenpipe: interrupted by SIG{}\n", sigabbrev_np(signal));
  // What cannot be said here can be said nowhere.
  [[maybe_unused]] const ssize_t said = write(STDERR_FILENO, words.data(), words.size());
  return 128 + SIGINT;
}

}  // namespace brokenpipe
