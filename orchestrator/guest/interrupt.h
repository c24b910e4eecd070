#pragma once

#include <stop_token>
#include <thread>

/// Being told to stop, by Ctrl-C or a service manager, without losing what was done.
namespace brokenpipe {

/// From here on SIGINT, SIGTERM and SIGHUP end this process with a word why and exit code 130, and
/// where somebody heeds an InterruptWatch ask for a stop instead. A SIGHUP that is ignored
/// (nohup(1)) stays so. One for a process; make it before other threads, which inherit the signal
/// mask.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  Interrupts(Interrupts&&) = delete;
  Interrupts& operator=(Interrupts&&) = delete;

 private:
  std::jthread watcher_;
};

/// Says whether such a signal came. One at a time.
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
};

/// While it lives the token of the InterruptWatch is looked at, so that what is at work comes to an
/// end of its own. Elsewhere (in a download of minutes) nobody does.
class HeedInterrupts {
 public:
  HeedInterrupts();
  ~HeedInterrupts();
  HeedInterrupts(const HeedInterrupts&) = delete;
  HeedInterrupts& operator=(const HeedInterrupts&) = delete;
  HeedInterrupts(HeedInterrupts&&) = delete;
  HeedInterrupts& operator=(HeedInterrupts&&) = delete;
};

/// Says on stderr that this signal ended the program; the exit code for that.
int say_interrupted_by(int signal);

}  // namespace brokenpipe
