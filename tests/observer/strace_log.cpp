#include "tests/observer/strace_log.h"

#include <charconv>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace brokenpipe::testing {
namespace {

using Kind = StraceEvent::Kind;

// Cuts a list at the commas that stand in no string and no brackets.
std::vector<std::string> arguments_in(const std::string& text) {
  std::vector<std::string> arguments;
  std::string current;
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      current += text.substr(at++, 2);
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted) {
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      if (c == ',' && depth == 0) {
        arguments.push_back(std::exchange(current, {}));
        continue;
      }
    }
    if (c != ' ' || !current.empty()) current += c;
  }
  if (!current.empty()) arguments.push_back(current);
  return arguments;
}

class Reader {
 public:
  void read_line(const std::string& line) {
    ++number_;
    pid_t thread = 0;
    const char* const line_end = line.data() + line.size();
    const auto [number_end, error] = std::from_chars(line.data(), line_end, thread);
    const std::size_t begins =
        line.find_first_not_of(' ', static_cast<std::size_t>(number_end - line.data()));
    if (error != std::errc() || begins == std::string::npos) throw not_understood(line);
    log_.processes.try_emplace(thread, thread);
    const std::string what = line.substr(begins);
    if (what.starts_with("--- ")) {
      read_signal(thread, what);
    } else if (what.starts_with("+++ ")) {
      add(Kind::end, thread);
    } else if (what.starts_with("<... ")) {
      resume(thread, what);
    } else {
      begin(thread, what);
    }
  }

  StraceLog finish() {
    find_processes();
    return std::move(log_);
  }

 private:
  static std::runtime_error not_understood(const std::string& line) {
    return std::runtime_error("not understood in what strace printed: " + line);
  }

  StraceEvent& add(Kind kind, pid_t thread) {
    StraceEvent& event = log_.events.emplace_back();
    event.kind = kind;
    event.thread = thread;
    event.begun = number_;
    return event;
  }

  // --- SIGPIPE {si_signo=SIGPIPE, ...} ---, --- stopped by SIGSTOP ---
  void read_signal(pid_t thread, const std::string& what) {
    static const std::regex form(R"(--- (SIG\w+) (\{.*\}) ---)");
    std::smatch match;
    if (!std::regex_match(what, match, form)) return;
    StraceEvent& event = add(Kind::signal, thread);
    event.name = match[1];
    event.arguments = {match[2]};
  }

  // NAME(ARGUMENTS) = RESULT, NAME(ARGUMENTS <unfinished ...>
  void begin(pid_t thread, const std::string& what) {
    const std::size_t open = what.find('(');
    if (open == std::string::npos) throw not_understood(what);
    StraceEvent& event = add(Kind::call, thread);
    event.name = what.substr(0, open);
    const std::string rest = what.substr(open + 1);
    static const std::string unfinished = "<unfinished ...>";
    if (const std::size_t cut = rest.rfind(unfinished);
        cut != std::string::npos && (rest.ends_with(unfinished) || rest.ends_with(") = ?"))) {
      pending_[thread] = {log_.events.size() - 1, rest.substr(0, cut)};
      event.arguments = arguments_in(rest.substr(0, cut));
    } else {
      complete(event, rest);
    }
  }

  // <... NAME resumed>ARGUMENTS) = RESULT
  void resume(pid_t thread, const std::string& what) {
    const auto pending = pending_.find(thread);
    const std::size_t close = what.find(" resumed>");
    if (pending == pending_.end() || close == std::string::npos) throw not_understood(what);
    complete(log_.events.at(pending->second.event),
             pending->second.arguments + what.substr(close + std::string(" resumed>").size()));
    pending_.erase(pending);
  }

  void complete(StraceEvent& event, const std::string& rest) const {
    static const std::string equals = " = ";
    const std::size_t at = rest.rfind(equals);
    const std::size_t close = at == std::string::npos ? at : rest.find_last_not_of(' ', at);
    if (close == std::string::npos || rest[close] != ')') {
      throw not_understood(event.name + "(" + rest);
    }
    event.arguments = arguments_in(rest.substr(0, close));
    event.result = rest.substr(at + equals.size());
    // What a process that was killed did not live to see.
    if (event.result != "?") event.returned = number_;
  }

  void find_processes() {
    for (const StraceEvent& event : log_.events) {
      if (event.kind != Kind::call || !event.name.starts_with("clone")) continue;
      const auto child = returned_number(event);
      if (!child) continue;
      bool shares_process = false;
      for (const std::string& argument : event.arguments) {
        shares_process = shares_process || argument.find("CLONE_THREAD") != std::string::npos;
      }
      if (shares_process) {
        log_.processes[static_cast<pid_t>(*child)] = log_.processes.at(event.thread);
      }
    }
  }

  struct Pending {
    std::size_t event = 0;
    std::string arguments;
  };

  StraceLog log_;
  std::map<pid_t, Pending> pending_;
  std::size_t number_ = 0;
};

}  // namespace

StraceLog read_strace(const std::string& text) {
  Reader reader;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) reader.read_line(line);
  return reader.finish();
}

std::optional<long> returned_number(const StraceEvent& call) {
  long number = 0;
  const char* begin = call.result.data();
  const auto [end, error] = std::from_chars(begin, begin + call.result.size(), number);
  return error == std::errc() && end != begin ? std::optional(number) : std::nullopt;
}

std::string error_name(const StraceEvent& call) {
  static const std::regex form(R"(-1 (E\w+) \(.*)");
  std::smatch match;
  return std::regex_match(call.result, match, form) ? match[1].str() : std::string();
}

bool is_restarted(const StraceEvent& call) {
  return call.result.starts_with("? ERESTART");
}

std::string member(const std::string& printed, const std::string& name) {
  const std::regex form("[{ ]" + name + "=([^,}]*)");
  std::smatch match;
  return std::regex_search(printed, match, form) ? match[1].str() : std::string();
}

std::string unescaped(const std::string& printed) {
  const std::size_t first = printed.find('"');
  const std::size_t last = printed.rfind('"');
  std::string bytes;
  if (first == std::string::npos) return bytes;
  for (std::size_t at = first + 1; at < last; ++at) {
    if (printed[at] != '\\') {
      bytes += printed[at];
    } else if (printed[at + 1] == 'x') {
      bytes += static_cast<char>(std::stoi(printed.substr(at + 2, 2), nullptr, 16));
      at += 3;
    } else {
      static const std::string letters = "nrtvf";
      static const std::string values = "\n\r\t\v\f";
      const std::size_t which = letters.find(printed[++at]);
      bytes += which == std::string::npos ? printed[at] : values[which];
    }
  }
  return bytes;
}

}  // namespace brokenpipe::testing
