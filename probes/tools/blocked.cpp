#include "probes/tools/blocked.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <thread>
#include <utility>

#include "probes/base/must.h"
#include "probes/tools/net.h"

namespace probe {

// Outlives the BlockedCall where the call stays blocked: the thread may yet come back to it.
struct BlockedCall::Shared {
  Shared(Trace own_trace, Trace::Step own_step, Look own_look)
      : trace(std::move(own_trace)), step(own_step), look(std::move(own_look)) {}

  Trace trace;
  Trace::Step step;
  Look look;
  std::atomic<pid_t> thread = 0;
  std::atomic<bool> returned = false;
  std::string failure;                   ///< why there is no result; written before `returned`
  std::atomic<bool> step_taken = false;  ///< by whom the step is ended
};

namespace {

// How a sleeping thread looks from outside: its state and how often it has gone to sleep.
struct Sleep {
  char state = '?';
  long times = 0;
  bool operator==(const Sleep&) const = default;
};

Sleep look_at(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  Sleep seen;
  for (std::string key; status >> key;) {
    if (key == "State:") status >> seen.state;
    if (key == "voluntary_ctxt_switches:") status >> seen.times;
    status.ignore(1000, '\n');
  }
  return seen;
}

// Asleep, and not only until something arrives that is already on its way.
bool sleeps_for_long(pid_t thread) {
  const Sleep before = look_at(thread);
  if (before.state != 'S') return false;
  settle();
  return look_at(thread) == before;
}

}  // namespace

BlockedCall::BlockedCall(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
  // Not joined as a thread is: one that stays blocked ends with the process.
  std::thread([shared = shared_] {
    shared->thread = gettid();
    try {
      const Json seen = shared->look();
      if (!shared->step_taken.exchange(true)) shared->trace.end(shared->step, seen);
    } catch (const std::exception& failure) {
      // Left alone it would end the process by SIGABRT, as if the kernel had killed it.
      shared->failure = failure.what();
    }
    shared->returned = true;
  }).detach();
}

BlockedCall::BlockedCall(Trace& trace, std::string_view name, std::string_view args, Call call,
                         Word word)
    : BlockedCall(std::make_shared<Shared>(
          trace, trace.begin(name, name, args), [call = std::move(call), word = std::move(word)] {
            errno = 0;
            const long returned = call();
            const int error = errno;
            const bool worded = word && returned >= 0;
            return returned_json(returned, error, worded ? word(returned) : std::string());
          })) {}

BlockedCall BlockedCall::looking(Trace& trace, std::string_view name, std::string_view args,
                                 Look look) {
  return BlockedCall(
      std::make_shared<Shared>(trace, trace.begin(name, name, args), std::move(look)));
}

void BlockedCall::await_blocked() const {
  await("a call to block", [&] {
    if (shared_->returned) throw Broken("a call that was to block came back at once");
    return shared_->thread != 0 && sleeps_for_long(shared_->thread);
  });
}

bool BlockedCall::join(std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!shared_->returned) {
    // A thread that wants to run, on a busy machine, is not blocked however long it takes.
    const bool too_late = std::chrono::steady_clock::now() > deadline;
    if (too_late && sleeps_for_long(shared_->thread) && !shared_->step_taken.exchange(true)) {
      shared_->trace.end(shared_->step, Json::object({{"blocked", true}}));
      return false;
    }
    ::poll(nullptr, 0, 1);
  }
  if (!shared_->failure.empty()) throw Broken("in a blocked call: " + shared_->failure);
  return true;
}

}  // namespace probe
