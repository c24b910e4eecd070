#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What `strace -f -x -o FILE` prints, as data.
namespace brokenpipe::testing {

/// A system call of a thread, or a signal that it got, or its end. A call that other threads'
/// lines part (`<unfinished ...>`, `<... resumed>`) is one event.
struct StraceEvent {
  enum class Kind { call, signal, end };

  Kind kind = Kind::call;
  pid_t thread = 0;
  std::string name;                    ///< `sendto`; `SIGPIPE`; empty for an end
  std::vector<std::string> arguments;  ///< as printed; of a signal one, its siginfo_t
  std::string result;                  ///< `-1 EPIPE (Broken pipe)`; empty: it never came back
  std::size_t begun = 0;               ///< number of the line
  std::size_t returned = 0;            ///< number of the line; 0: it never came back
};

struct StraceLog {
  std::vector<StraceEvent> events;   ///< in the order of their beginning
  std::map<pid_t, pid_t> processes;  ///< of each thread
};

/// Throws std::runtime_error with the line that it does not understand.
StraceLog read_strace(const std::string& text);

/// The return value; nothing where there is none (`?`) or it is no number.
std::optional<long> returned_number(const StraceEvent& call);

/// `EPIPE` of a result `-1 EPIPE (Broken pipe)`; otherwise empty. What restarts a call
/// (`? ERESTARTSYS`) is none.
std::string error_name(const StraceEvent& call);

/// Whether the call was broken off by a signal, to be made again by the kernel.
bool is_restarted(const StraceEvent& call);

/// `3` of `{si_signo=SIGPIPE, si_pid=3}` for `si_pid`; empty where there is no such member.
std::string member(const std::string& printed, const std::string& name);

/// A string as it is printed with -x, in its bytes; empty of what is no string.
std::string unescaped(const std::string& printed);

}  // namespace brokenpipe::testing
