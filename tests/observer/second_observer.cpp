#include "tests/observer/second_observer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <regex>

#include "results/vocabulary.h"

namespace brokenpipe::testing {
namespace {

using nlohmann::json;
using Kind = StraceEvent::Kind;

bool is_unseen(const std::string& call, const std::string& name) {
  return !why_unseen(call, name).empty();
}

// By which libc makes a step's call.
std::string system_call(const json& step) {
  return std::string(call_named(step.at("call").get_ref<const std::string&>()).system_call);
}

// Some calls are made before the step that tells of them: they consume nothing.
bool is_told_afterwards(const json& step) {
  return call_named(step.at("call").get_ref<const std::string&>()).made_before ||
         (step.contains("state") && step.contains("elapsed"));
}

bool is_mark(const StraceEvent& event, const std::string& text) {
  return event.kind == Kind::call && event.name == "write" && event.arguments.size() == 3 &&
         event.arguments[0] == "-1" && event.arguments[1] == '"' + text + '"';
}

// Where in a scenario's events a step lies.
struct Place {
  const StraceEvent* begin = nullptr;            ///< the mark
  const StraceEvent* end = nullptr;              ///< the mark; none where it never came to it
  std::vector<const StraceEvent*> calls = {};    ///< between the two, of the thread that ended it
  std::vector<const StraceEvent*> signals = {};  ///< SIGPIPEs whose handler ran, as `calls`
  const StraceEvent* call = nullptr;             ///< the one under test
};

bool runs_handler(const std::vector<StraceEvent>& events, const StraceEvent& signal) {
  const auto next = std::find_if(events.begin(), events.end(), [&](const StraceEvent& event) {
    return event.begun > signal.begun && event.thread == signal.thread &&
           event.kind != Kind::signal;
  });
  return next != events.end() && next->name == "rt_sigreturn";
}

bool is_handled_sigpipe(const std::vector<StraceEvent>& events, const StraceEvent& event) {
  return event.kind == Kind::signal && event.name == "SIGPIPE" && runs_handler(events, event);
}

// What a step of its own tells, for it came between two others of the thread.
std::vector<const StraceEvent*> signals_since_last_step(const ScenarioLog& log,
                                                        const StraceEvent& begin) {
  std::vector<const StraceEvent*> signals;
  for (const StraceEvent& event : log.events) {
    if (event.thread != begin.thread || event.begun >= begin.begun) continue;
    if (is_handled_sigpipe(log.events, event)) signals.push_back(&event);
    const bool is_end_of_step = event.kind == Kind::call && event.name == "write" &&
                                event.arguments.at(0) == "-1" &&
                                event.arguments.at(1).starts_with("\"end ");
    if (is_end_of_step) signals.clear();
  }
  return signals;
}

Place find_step(const ScenarioLog& log, const json& step) {
  const auto& id = step.at("step").get_ref<const std::string&>();
  const std::string name = system_call(step);
  Place place;
  for (const StraceEvent& event : log.events) {
    if (is_mark(event, "begin " + id)) place.begin = &event;
    if (is_mark(event, "end " + id)) place.end = &event;
  }
  if (place.begin == nullptr) return place;

  const pid_t thread = (place.end != nullptr ? place.end : place.begin)->thread;
  if (step.at("call") == "signals") {
    place.signals = signals_since_last_step(log, *place.begin);
    return place;
  }
  const StraceEvent* before = nullptr;
  for (const StraceEvent& event : log.events) {
    if (event.thread != thread || (place.end != nullptr && event.begun >= place.end->begun))
      continue;
    const bool is_call = event.kind == Kind::call && event.name != "rt_sigreturn" &&
                         event.name != "restart_syscall" && !is_restarted(event);
    if (event.begun <= place.begin->begun) {
      if (is_call && event.name == name) before = &event;
    } else if (is_call) {
      place.calls.push_back(&event);
      if (event.name == name) place.call = &event;
    } else if (is_handled_sigpipe(log.events, event)) {
      place.signals.push_back(&event);
    }
  }
  if (place.call == nullptr && is_told_afterwards(step)) place.call = before;
  return place;
}

// --- What strace printed, in the probe's words --------------------------------------------------

json sorted(json names) {
  std::sort(names.begin(), names.end());
  return names;
}

// `POLLIN|POLLOUT`, `EPOLLIN|EPOLLOUT`.
json events_in(const std::string& printed) {
  json names = json::array();
  static const std::regex name("POLL[A-Z]+");
  for (std::sregex_iterator it(printed.begin(), printed.end(), name), end; it != end; ++it) {
    names.push_back(it->str());
  }
  return sorted(names);
}

// Asked until there are no more.
json events_of_epoll(const Place& place) {
  json all = json::array();
  for (const StraceEvent* call : place.calls) {
    if (call->name != place.call->name) continue;
    const std::string& printed = call->arguments.at(1);
    static const std::regex events("events=([A-Z|]+)");
    for (std::sregex_iterator it(printed.begin(), printed.end(), events), end; it != end; ++it) {
      all.push_back(events_in((*it)[1]));
    }
  }
  return all;
}

json signal_in(const ScenarioLog& log, const StraceEvent& event, const std::string& siginfo) {
  const std::string self = std::to_string(log.processes.at(event.thread));
  return {{"signal", member(siginfo, "si_signo")},
          {"code", member(siginfo, "si_code")},
          {"pid", member(siginfo, "si_pid") == self ? "self" : "other"}};
}

// The guest's programs are root's.
json signal_and_user(const ScenarioLog& log, const StraceEvent& event, const std::string& siginfo) {
  json seen = signal_in(log, event, siginfo);
  seen["uid"] = member(siginfo, "si_uid") == "0" ? "self" : "other";
  return seen;
}

// A struct signalfd_siginfo (include/uapi/linux/signalfd.h) in the bytes that were read.
json signal_read(const ScenarioLog& log, const StraceEvent& call) {
  const std::string bytes = unescaped(call.arguments.at(1));
  signalfd_siginfo info{};
  if (bytes.size() != sizeof info) return {};
  std::memcpy(&info, bytes.data(), sizeof info);
  const bool is_self = static_cast<pid_t>(info.ssi_pid) == log.processes.at(call.thread);
  return {{"signal", info.ssi_signo == SIGPIPE ? "SIGPIPE" : "another"},
          {"code", info.ssi_code == SI_USER ? "SI_USER" : "another"},
          {"pid", is_self ? "self" : "other"},
          {"uid", info.ssi_uid == 0 ? "self" : "other"}};
}

long requested(const StraceEvent& call) {
  static const std::map<std::string, std::size_t> position{
      {"write", 2}, {"sendto", 2}, {"sendfile", 3}, {"splice", 4}};
  if (const auto at = position.find(call.name); at != position.end()) {
    return std::stol(call.arguments.at(at->second));
  }
  const std::string& message = call.arguments.at(1);
  static const std::regex length("iov_len=([0-9]+)");
  long total = 0;
  for (std::sregex_iterator it(message.begin(), message.end(), length), end; it != end; ++it) {
    total += std::stol((*it)[1]);
  }
  return total;
}

json returned(const StraceEvent& call, const json& recorded) {
  const auto number = returned_number(call);
  if (!number) return call.result;
  if (recorded.is_number() || *number < 0) return *number;
  if (recorded == "fd") return "fd";
  if (recorded == "SIGPIPE")
    return call.result.find("(SIGPIPE)") == std::string::npos ? "" : "SIGPIPE";
  return *number == requested(call) ? "full" : *number == 0 ? "none" : "partial";
}

// include/net/tcp_states.h; tcpi_state is the first byte of struct tcp_info.
json state_in(const std::string& tcp_info) {
  static constexpr std::array<const char*, 13> names{
      "0",     "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
      "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};
  const std::string bytes = unescaped(tcp_info);
  return bytes.empty() ? "" : names.at(static_cast<unsigned char>(bytes.front()));
}

// `[EPIPE]` of an argument that is a pointer.
std::string pointed_at(const std::string& printed) {
  return printed.size() < 2 ? printed : printed.substr(1, printed.size() - 2);
}

json completion(const Place& place) {
  for (const StraceEvent* call : place.calls) {
    if (call->name != "io_getevents") continue;
    const long result = std::stol(member(call->arguments.at(3), "res"));
    if (result >= 0) return {{"returned", result}};
    return {{"returned", -1}, {"errno", strerrorname_np(static_cast<int>(-result))}};
  }
  return {};
}

json status_in(const std::string& printed) {
  std::smatch match;
  static const std::regex exited(R"(WEXITSTATUS\(s\) == (\d+))");
  static const std::regex killed(R"(WTERMSIG\(s\) == (\w+))");
  if (std::regex_search(printed, match, exited)) return "exited " + match[1].str();
  if (std::regex_search(printed, match, killed)) return "killed by " + match[1].str();
  return printed;
}

json pending_in(const std::string& printed) {
  json names = json::array();
  static const std::regex name("[A-Z]+");
  for (std::sregex_iterator it(printed.begin(), printed.end(), name), end; it != end; ++it) {
    names.push_back("SIG" + it->str());
  }
  return names;
}

// The thread went no further: its last event is its end, and the call before that is this one.
json came_back_never(const ScenarioLog& log, const Place& place) {
  if (place.end != nullptr || place.calls.size() != 1 || place.calls.front() != place.call)
    return {};
  const auto last = std::find_if(log.events.rbegin(), log.events.rend(), [&](const auto& event) {
    return event.thread == place.begin->thread;
  });
  return last->kind == Kind::end ? json("never") : json();
}

// Another thread was in this call, and was still in it when the step was ended without it.
json still_waits(const ScenarioLog& log, const Place& place, const std::string& name) {
  return place.end != nullptr &&
         std::any_of(log.events.begin(), log.events.end(), [&](const StraceEvent& event) {
           return event.kind == Kind::call && event.name == name &&
                  event.begun > place.begin->begun && event.begun < place.end->begun &&
                  (event.returned == 0 || event.returned > place.end->begun);
         });
}

json last_signal_before(const ScenarioLog& log, const Place& place) {
  json seen;
  for (const StraceEvent& event : log.events) {
    if (event.kind == Kind::signal && event.name == "SIGPIPE" && event.begun < place.begin->begun) {
      seen = signal_and_user(log, event, event.arguments.front());
    }
  }
  return seen;
}

json signals(const ScenarioLog& log, const Place& place) {
  json seen = json::array();
  for (const StraceEvent* signal : place.signals) {
    seen.push_back(signal_in(log, *signal, signal->arguments.front()));
  }
  return seen;
}

// Null: strace saw nothing of the kind.
json seen_by_strace(const ScenarioLog& log, const Place& place, const json& step,
                    const std::string& name) {
  if (name == "signals") return signals(log, place);
  if (name == "blocked") return still_waits(log, place, system_call(step));
  if (name == "returned" && step.at(name) == "never") return came_back_never(log, place);
  if (name == "siginfo" && step.at("call") == "siginfo") return last_signal_before(log, place);
  if (place.call == nullptr) return {};
  const StraceEvent& call = *place.call;
  const auto argument = [&](std::size_t at) {
    return at < call.arguments.size() ? call.arguments[at] : std::string();
  };
  if (name == "returned") return returned(call, step.at(name));
  if (name == "errno") return error_name(call);
  if (name == "revents") return events_in(member(call.result, "revents"));
  if (name == "events") return events_of_epoll(place);
  if (name == "state") return state_in(argument(3));
  if (name == "so_error") return pointed_at(argument(3));
  if (name == "value") return std::stol(pointed_at(argument(2)));
  if (name == "completion") return completion(place);
  if (name == "siginfo" && call.name == "read") return signal_read(log, call);
  if (name == "siginfo") return signal_and_user(log, call, argument(1));
  if (name == "pending") return pending_in(argument(0));
  if (name == "status") return status_in(argument(1));
  if (name == "core_dumped") return argument(1).find("WCOREDUMP(s)") != std::string::npos;
  return {};
}

// --- The comparison -----------------------------------------------------------------------------

// Events are sets.
json in_any_order(const std::string& name, json value) {
  if (name == "revents") return sorted(value);
  if (name == "events") {
    for (json& events : value) events = sorted(events);
  }
  return value;
}

// What the step says, with what it says by leaving it out.
json members_of(const json& step) {
  json members = step;
  for (const char* word : {"step", "call", "args"}) members.erase(word);
  const bool is_over = step.value("returned", json()) != "never" && !step.contains("blocked");
  if (is_over && !members.contains("signals")) members["signals"] = json::array();
  return members;
}

// Nothing but the naked call stands between a step's marks, where the step tells of one call.
bool is_one_call(const json& step, const Place& place) {
  const std::string call = step.at("call");
  return step.contains("returned") && !step.contains("elapsed") && !step.contains("completion") &&
         !step.contains("siginfo") && !is_unseen(call, "returned") && place.end != nullptr &&
         place.begin->thread == place.end->thread;
}

std::vector<std::string> names_of(const std::vector<const StraceEvent*>& calls) {
  std::vector<std::string> names;
  names.reserve(calls.size());
  for (const StraceEvent* call : calls) names.push_back(call->name);
  return names;
}

}  // namespace

std::map<std::string, ScenarioLog> by_scenario(const StraceLog& log) {
  std::map<std::string, ScenarioLog> logs;
  ScenarioLog* current = nullptr;
  for (const StraceEvent& event : log.events) {
    static const std::string label = R"({"record":"begin","scenario":")";
    if (event.kind == Kind::call && event.name == "write" && event.arguments.at(0) == "1") {
      const std::string text = unescaped(event.arguments.at(1));
      if (text.starts_with(label)) {
        const std::size_t end = text.find('"', label.size());
        current = &logs[text.substr(label.size(), end - label.size())];
        current->processes = log.processes;
      }
    }
    if (current != nullptr) current->events.push_back(event);
  }
  return logs;
}

void compare(const json& observation, const ScenarioLog& log, Comparison& comparison) {
  const std::string scenario = observation.at("scenario");
  const std::string family = scenario.substr(0, scenario.find('/'));
  for (const json& step : observation.at("steps")) {
    const auto disagree = [&](const std::string& what) {
      comparison.disagreements.push_back(
          fmt::format("{} {}: {}", scenario, step.at("step").get<std::string>(), what));
    };
    const Place place = find_step(log, step);
    if (place.begin == nullptr) {
      disagree("strace saw no such step");
      continue;
    }
    if (is_one_call(step, place) && place.calls.size() != 1) {
      disagree(fmt::format("one call is under test, and strace saw {}",
                           fmt::join(names_of(place.calls), ", ")));
    }
    const std::string call = step.at("call");
    const json members = members_of(step);
    for (const auto& [name, value] : members.items()) {
      if (is_unseen(call, name)) {
        ++comparison.unseen[fmt::format("{}: {}", call, name)];
        continue;
      }
      const json seen = seen_by_strace(log, place, step, name);
      ++comparison.compared[family];
      if (seen != in_any_order(name, value)) {
        disagree(fmt::format("the probe recorded {} {}, strace saw {}", name, value.dump(),
                             seen.dump()));
      }
    }
  }
}

}  // namespace brokenpipe::testing
