#pragma once

#include <sys/types.h>

#include <csignal>
#include <functional>
#include <string>

/// Processes that a scenario forks: how they end, and what signals do to them.
namespace probe {

/// A forked process of a scenario. Killed and reaped when it goes out of scope, and killed when
/// the thread that forked it ends.
class Child {
 public:
  /// Runs `body` in a fork; its return value is the exit status. What is thrown in it exits with 70
  /// after noting the reason on stderr.
  explicit Child(const std::function<int()>& body);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  /// Sends a signal.
  void kill(int signal) const;
  /// Waits for its end; the wait status of waitpid(2).
  int wait();

 private:
  pid_t pid_ = -1;
};

/// A wait status in words: `exited 42`, `killed by SIGPIPE`.
std::string status_words(int status);

/// Why a process that ended like this, and that we have not killed, was ended by the probe or the
/// machine rather than by the kernel's answer; empty where it was not. No call under test raises
/// these signals: by abort(3) the probe itself fails, and SIGKILL comes from somebody else, in a
/// guest from the out-of-memory killer.
std::string not_the_kernels(int status);

/// What a signal does to this process from now on: SIG_DFL or SIG_IGN.
void set_disposition(int signal, sighandler_t disposition);

/// Raises this process's soft limit of core files to the hard one: only then is it the signal that
/// decides whether there is a core dump (fs/coredump.c:do_coredump gives up at a limit of 0).
void allow_core_dumps();

/// `SIGPIPE`, `SIGSEGV`...
std::string signal_name(int signal);

}  // namespace probe
