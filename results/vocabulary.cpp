#include "results/vocabulary.h"

#include <algorithm>

namespace brokenpipe {
namespace {

/// The system call of what is none: the probe looks at something, or tells what it knows itself.
constexpr std::string_view none;

}  // namespace

const std::vector<Call>& all_calls() {
  using enum Counts;
  static const std::vector<Call> calls{
      // name, whether it writes, what it counts, system call, what is unseen, made before
      {"send", true, bytes, "sendto"},
      {"sendto", true, bytes, "sendto"},
      {"sendmsg", true, bytes, "sendmsg"},
      {"sendmmsg", true, messages, "sendmmsg"},
      {"write", true, bytes, "write"},
      {"writev", true, bytes, "writev"},
      {"pwrite", true, bytes, "pwrite64"},
      {"pwritev", true, bytes, "pwritev"},
      {"pwritev2", true, bytes, "pwritev2"},
      {"sendfile", true, bytes, "sendfile"},
      {"splice", true, bytes, "splice"},
      {"vmsplice", true, bytes, "vmsplice"},
      {"tee", true, bytes, "tee"},
      {"io_submit", true, bytes, "io_submit"},
      {"io_uring_enter", true, bytes, "io_uring_enter", {{"completion", "in shared memory"}}},
      {"recv", false, bytes, "recvfrom"},
      {"read", false, bytes, "read"},
      {"accept", false, nothing, "accept"},
      {"close", false, nothing, "close"},
      {"connect", false, nothing, "connect"},
      {"epoll_wait", false, nothing, "epoll_wait"},
      {"getpeername", false, nothing, "getpeername"},
      {"getsockopt", false, nothing, "getsockopt"},
      {"ioctl", false, nothing, "ioctl", {}, true},
      {"mount", false, nothing, "mount"},
      {"open", false, nothing, "openat"},
      {"poll", false, nothing, "poll"},
      {"setsockopt", false, nothing, "setsockopt"},
      {"shutdown", false, nothing, "shutdown"},
      {"sigpending", false, nothing, "rt_sigpending", {}, true},
      {"sigtimedwait", false, nothing, "rt_sigtimedwait", {{"queued", "what several calls told"}}},
      {"waitpid", false, nothing, "wait4", {}, true},
      {"/proc/net/tcp", false, nothing, none, {{"state", "a line of a text"}}},
      {"/proc/sys", false, nothing, none, {{"value", "a line of a text"}}},
      {"destroy", false, nothing, none, {{"returned", "by netlink"}, {"errno", "by netlink"}}},
      {"handled", false, nothing, none, {{"count", "the scenario's own counting"}}},
      {"kernel", false, nothing, none, {{"report", "out of the kernel's log"}}},
      {"packets", false, nothing, none, {{"segments", "out of a packet socket's buffers"}}},
      {"siginfo", false, nothing, none},
      {"signals", false, nothing, none},
  };
  return calls;
}

const std::vector<StepMember>& all_step_members() {
  static const std::vector<StepMember> members{
      {"returned"}, {"errno"},       {"signals"},
      {"blocked"},  {"completion"},  {"elapsed", "a class of times, not a value"},
      {"events"},   {"revents"},     {"pending"},
      {"queued"},   {"report"},      {"segments"},
      {"siginfo"},  {"so_error"},    {"state"},
      {"status"},   {"core_dumped"}, {"count"},
      {"value"},
  };
  return members;
}

Call call_named(std::string_view name) {
  const std::vector<Call>& calls = all_calls();
  const auto found =
      std::find_if(calls.begin(), calls.end(), [&](const Call& call) { return call.name == name; });
  return found == calls.end() ? Call{name, false, Counts::nothing, name} : *found;
}

std::string_view why_unseen(std::string_view call, std::string_view member) {
  for (const StepMember& known : all_step_members())
    if (known.name == member && !known.unseen.empty()) return known.unseen;
  for (const UnseenMember& unseen : call_named(call).unseen)
    if (unseen.name == member) return unseen.why;
  return {};
}

}  // namespace brokenpipe
