#include "results/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

/// A string without its quotes; anything else as JSON has it.
std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string joined(const Json& names) {
  if (!names.is_array()) return names.dump();
  if (names.empty()) return "none";
  std::vector<std::string> words;
  for (const Json& name : names) words.push_back(plain(name));
  return fmt::format("{}", fmt::join(words, "|"));
}

std::string describe_signals(const Json& signals) {
  if (!signals.is_array()) return "+" + signals.dump();
  std::vector<std::string> words;
  for (const Json& signal : signals) {
    Json rest = signal;
    std::string word = "+";
    if (signal.is_object() && signal.contains("signal")) {
      word += plain(signal["signal"]);
      rest.erase("signal");
    }
    if (rest != Json{{"code", "SI_USER"}, {"pid", "self"}}) word += rest.dump();
    words.push_back(word);
  }
  return fmt::format("{}", fmt::join(words, " "));
}

/// What a call did comes in this order; keys that are not named follow as key=value.
std::vector<std::string> parts_of(const Json& seen) {
  std::vector<std::string> parts;
  Json rest = seen;
  const auto take = [&](const char* key, auto&& words) {
    const auto found = rest.find(key);
    if (found == rest.end()) return;
    parts.push_back(words(*found));
    rest.erase(found);
  };
  take("ending", plain);
  take("signal", [](const Json& v) { return "by " + plain(v); });
  take("returned", plain);
  take("errno", plain);
  take("revents", joined);
  take("state", plain);
  take("so_error", plain);
  take("value", plain);
  take("pending", joined);
  take("status", plain);
  take("report", plain);
  take("blocked", [](const Json& v) { return v == true ? "blocked" : "blocked=" + v.dump(); });
  take("completion", [](const Json& v) { return "completion(" + describe_seen(v) + ")"; });
  take("elapsed", [](const Json& v) { return "after " + plain(v); });
  Json signals;
  if (const auto found = rest.find("signals"); found != rest.end()) {
    signals = *found;
    rest.erase(found);
  }
  for (const auto& [key, value] : rest.items())
    parts.push_back(fmt::format("{}={}", key, plain(value)));
  if (!signals.is_null()) parts.push_back(describe_signals(signals));
  return parts;
}

}  // namespace

std::string describe_seen(const Json& seen) {
  if (seen.is_null()) return "not made";
  if (!seen.is_object()) return seen.dump();
  const std::vector<std::string> parts = parts_of(seen);
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, " "));
}

std::string describe(const Step& step) {
  std::string head = step.id.substr(0, step.id.find('#'));
  const auto has = [&](const char* key) { return step.seen.contains(key); };
  if (head == "so_error") head = "SO_ERROR";
  // What only looks on is named by its label alone; a call is told with its arguments.
  if (has("returned") || has("blocked") || has("completion"))
    head += fmt::format("({})", step.args);
  return fmt::format("{} = {}", head, describe_seen(step.seen));
}

}  // namespace brokenpipe
