#pragma once

#include <stop_token>
#include <thread>

/// Being told to stop, by Ctrl-C or a service manager, without losing what was done.
namespace brokenpipe {

/// While it lives, SIGINT, SIGTERM and SIGHUP ask for a stop instead of ending the program, so
/// that what was done can be kept. Make it before other threads, which inherit the signal mask.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  InterruptWatch(InterruptWatch&&) = delete;
  InterruptWatch& operator=(InterruptWatch&&) = delete;

  std::stop_token token() const { return interrupted_.get_token(); }
  bool interrupted() const { return interrupted_.stop_requested(); }

 private:
  std::stop_source interrupted_;
  std::jthread watcher_;
};

}  // namespace brokenpipe
