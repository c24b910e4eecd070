#include "probes/frame/trace.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/base/tcp_state.h"
#include "probes/frame/trace_buffer.h"

namespace probe {
namespace {

// What the recording handler saw in this thread since its step began. SIGPIPE for a failed write
// is sent to the writing thread alone (Linux 3.16 kernel/signal.c:send_sig).
struct Seen {
  static constexpr size_t capacity = 8;
  std::array<siginfo_t, capacity> infos;
  size_t count;
};
thread_local Seen seen_signals;

void record_signal(int /*signal*/, siginfo_t* info, void* /*context*/) {
  if (seen_signals.count < Seen::capacity) seen_signals.infos.at(seen_signals.count) = *info;
  ++seen_signals.count;
}

std::string code_name(const siginfo_t& info) {
  switch (info.si_code) {
    case SI_USER:
      return "SI_USER";
    case SI_KERNEL:
      return "SI_KERNEL";
    case SI_QUEUE:
      return "SI_QUEUE";
    case SI_TKILL:
      return "SI_TKILL";
    default:
      return "si_code " + std::to_string(info.si_code);
  }
}

void copy_text(char* to, size_t size, const std::string& text) {
  // A step that does not fit is a mistake in a scenario, and must not become half a record.
  if (text.size() >= size) throw std::length_error("a step too long to note: " + text);
  std::memcpy(to, text.c_str(), text.size() + 1);
}

std::string members(const Json& object) {
  return object.text().substr(1, object.text().size() - 2);
}

std::string flag_words(size_t length, int flags) {
  struct Flag {
    int bit;
    const char* name;
  };
  static constexpr std::array<Flag, 10> known{{{MSG_OOB, "MSG_OOB"},
                                               {MSG_PEEK, "MSG_PEEK"},
                                               {MSG_TRUNC, "MSG_TRUNC"},
                                               {MSG_DONTWAIT, "MSG_DONTWAIT"},
                                               {MSG_WAITALL, "MSG_WAITALL"},
                                               {MSG_ERRQUEUE, "MSG_ERRQUEUE"},
                                               {MSG_NOSIGNAL, "MSG_NOSIGNAL"},
                                               {MSG_MORE, "MSG_MORE"},
                                               {MSG_ZEROCOPY, "MSG_ZEROCOPY"},
                                               {MSG_FASTOPEN, "MSG_FASTOPEN"}}};
  std::string words = std::to_string(length);
  std::string separator = ", ";
  for (const Flag& flag : known) {
    if ((flags & flag.bit) == 0) continue;
    words += separator + flag.name;
    separator = "|";
  }
  return words;
}

bool steps_are_marked = false;

void mark(const char* word, const char* step) {
  if (!steps_are_marked) return;
  std::array<char, 256> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s %s", word, step);
  // Of no interest, and the compiler wants to be told so.
  [[maybe_unused]] const ssize_t refused =
      ::write(-1, text.data(), std::min(static_cast<size_t>(length), text.size()));
}

// What is sent and where it is received: the bytes themselves never matter.
std::array<char, 65536> scratch;

}  // namespace

void mark_steps() {
  steps_are_marked = true;
}

void install_signal_recorder() {
  struct sigaction action {};
  action.sa_sigaction = record_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  must("sigaction(SIGPIPE)", sigaction(SIGPIPE, &action, nullptr));
}

Json signal_json(const siginfo_t& info) {
  return Json::object({{"signal", signal_name(info.si_signo)},
                       {"code", code_name(info)},
                       {"pid", info.si_pid == getpid() ? "self" : "other"}});
}

std::function<std::string(long)> share_of(long total) {
  return [total](long count) { return count == total ? "full" : count == 0 ? "none" : "partial"; };
}

Json returned_json(long returned, int error, const std::string& word) {
  Json seen = Json::object({{"returned", word.empty() ? Json(returned) : Json(word)}});
  if (returned < 0) seen.set("errno", errno_name(error));
  return seen;
}

std::vector<std::string> event_names(uint32_t events) {
  struct Event {
    uint32_t bit;
    const char* name;
  };
  static constexpr std::array<Event, 9> known{{{POLLIN, "POLLIN"},
                                               {POLLPRI, "POLLPRI"},
                                               {POLLOUT, "POLLOUT"},
                                               {POLLERR, "POLLERR"},
                                               {POLLHUP, "POLLHUP"},
                                               {POLLRDNORM, "POLLRDNORM"},
                                               {POLLWRNORM, "POLLWRNORM"},
                                               {POLLRDHUP, "POLLRDHUP"},
                                               {POLLNVAL, "POLLNVAL"}}};
  std::vector<std::string> names;
  for (const Event& event : known) {
    if ((events & event.bit) != 0) names.emplace_back(event.name);
  }
  return names;
}

std::string TraceBuffer::steps() const {
  std::string text = "[";
  for (size_t i = 0; i < used; ++i) {
    const Slot& slot = slots.at(i);
    if (i > 0) text += ",";
    text += "{" + std::string(slot.head.data());
    if (!slot.ended) {
      text += R"(,"returned":"never")";
    } else if (slot.seen.front() != '\0') {
      text += "," + std::string(slot.seen.data());
    }
    text += "}";
  }
  return text + "]";
}

Trace Trace::on(std::string who) const {
  Trace other(*buffer_);
  other.who_ = std::move(who);
  return other;
}

Trace::Step Trace::begin(std::string_view label, std::string_view name, std::string_view args) {
  note_stray_signals();
  return open(label, name, args);
}

void Trace::note_stray_signals() {
  if (seen_signals.count > 0)
    end(open("signals", "signals", "between two steps"), Json::object({}));
}

Trace::Step Trace::open(std::string_view label, std::string_view name, std::string_view args) {
  const std::string stem = (who_.empty() ? "" : who_ + ".") + std::string(label) + "#";
  const size_t used = buffer_->used;
  size_t nth = 1;
  for (size_t i = 0; i < used; ++i) {
    if (std::string_view(buffer_->slots.at(i).id.data()).starts_with(stem)) ++nth;
  }
  const std::string id = stem + std::to_string(nth);

  TraceBuffer::Slot& slot = buffer_->slots.at(used);
  copy_text(slot.id.data(), slot.id.size(), id);
  copy_text(slot.head.data(), slot.head.size(),
            members(Json::object({{"step", id}, {"call", name}, {"args", args}})));
  slot.ended = false;
  buffer_->used = used + 1;
  mark("begin", slot.id.data());
  return {used};
}

void Trace::end(Step step, Json seen) {
  mark("end", buffer_->slots.at(step.slot).id.data());
  if (seen_signals.count > 0) {
    std::vector<Json> signals;
    for (size_t i = 0; i < std::min(seen_signals.count, Seen::capacity); ++i) {
      signals.push_back(signal_json(seen_signals.infos.at(i)));
    }
    seen.set("signals", Json::array(signals));
    seen_signals.count = 0;
  }
  TraceBuffer::Slot& slot = buffer_->slots.at(step.slot);
  copy_text(slot.seen.data(), slot.seen.size(), members(seen));
  slot.ended = true;
}

void Trace::end_call(Step step, long returned, int error, const std::string& word) {
  end(step, returned_json(returned, error, word));
  errno = error;
}

void Trace::look(std::string_view label, std::string_view name, std::string_view args, Json seen) {
  const Step step = begin(label, name, args);
  end(step, std::move(seen));
}

long Trace::send(int fd, size_t length, int flags) {
  return call("send", flag_words(length, flags),
              [&] { return ::send(fd, scratch.data(), length, flags); });
}

long Trace::recv(int fd, size_t length, int flags) {
  return call("recv", flag_words(length, flags),
              [&] { return ::recv(fd, scratch.data(), length, flags); });
}

long Trace::write(int fd, size_t length) {
  return call("write", std::to_string(length), [&] { return ::write(fd, scratch.data(), length); });
}

long Trace::read(int fd, size_t length) {
  return call("read", std::to_string(length), [&] { return ::read(fd, scratch.data(), length); });
}

long Trace::shutdown(int fd, int how) {
  static constexpr std::array<const char*, 3> names{"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};
  return call("shutdown", names.at(static_cast<size_t>(how)), [&] { return ::shutdown(fd, how); });
}

long Trace::disconnect(int fd) {
  sockaddr_storage unspecified{};
  unspecified.ss_family = AF_UNSPEC;
  const auto* address = reinterpret_cast<const sockaddr*>(&unspecified);
  return call("connect", "AF_UNSPEC", [&] { return ::connect(fd, address, sizeof unspecified); });
}

long Trace::accept(int listener) {
  return call(
      "accept", "", [&] { return ::accept(listener, nullptr, nullptr); },
      [](long) { return "fd"; });
}

void Trace::poll(int fd) {
  const Step step = begin("poll", "poll", "");
  pollfd polled{.fd = fd, .events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP, .revents = 0};
  must("poll", ::poll(&polled, 1, 0));
  const auto revents = static_cast<uint32_t>(polled.revents);
  end(step, Json::object({{"revents", Json::strings(event_names(revents))}}));
}

void Trace::state(int fd) {
  const Step step = begin("state", "getsockopt", "TCP_INFO");
  end(step, Json::object({{"state", tcp_state(fd)}}));
}

void Trace::ended(int wait_status) {
  if (const std::string ours = not_the_kernels(wait_status); !ours.empty()) {
    throw Broken("of a forked child: " + ours);
  }
  look("waitpid", "waitpid", "",
       Json::object({{"status", status_words(wait_status)},
                     {"core_dumped", WIFSIGNALED(wait_status) && WCOREDUMP(wait_status)}}));
}

void Trace::so_error(int fd) {
  const Step step = begin("so_error", "getsockopt", "SO_ERROR");
  int error = 0;
  socklen_t size = sizeof error;
  must("getsockopt(SO_ERROR)", getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
  end(step, Json::object({{"so_error", error == 0 ? "0" : errno_name(error)}}));
}

}  // namespace probe
