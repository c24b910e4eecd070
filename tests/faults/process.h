#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

/// A program of a test in the background: what it says, what it takes, and which processes it has.
namespace brokenpipe::testing {

class Process {
 public:
  /// Starts it with the variables (`TMPDIR=/x`) besides this process's own.
  Process(const std::vector<std::string>& words, const std::vector<std::string>& environment);
  /// Ends it by SIGKILL where it has not ended.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&&) = delete;
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  /// Waits until it has said the words on stderr; false where it ended, or a minute passed, before.
  bool until(const std::string& words);
  bool runs() const;
  /// Waits for its end: its exit code, or 128 and the number of the signal that ended it.
  int wait();
  std::string out();
  std::string err();
  /// The most memory that it, its child or its grandchild had, in MB, of those called brokenpipe,
  /// as far as looks at them, twenty milliseconds apart, have seen.
  long megabytes() const { return kilobytes_ / 1024; }

 private:
  void listen(const std::stop_token& stop, int out, int err);
  void look() const;

  pid_t pid_ = -1;
  int exit_code_ = -1;
  std::mutex mutex_;
  std::condition_variable said_more_;
  std::string out_;
  std::string err_;
  bool silent_ = false;  ///< it has closed both
  mutable std::atomic<long> kilobytes_ = 0;
  std::jthread listener_;
};

/// Waits for a state of other processes, of which nobody tells: looks until it is there, and says
/// whether it came in this time.
bool await(const std::function<bool()>& state, std::chrono::seconds at_most);

/// A process of /proc.
struct ProcessWords {
  pid_t pid = -1;
  pid_t parent = -1;
  std::string name;      ///< comm
  std::string words;     ///< the command line, blanks between words
  std::string environs;  ///< the environment, where we may see it
};

/// All that have not ended.
std::vector<ProcessWords> processes();

/// How many descendants of a process have ended and were not waited for.
long zombies_below(pid_t ancestor);

/// The descendants of a process, children before grandchildren.
std::vector<ProcessWords> descendants(pid_t ancestor);

}  // namespace brokenpipe::testing
