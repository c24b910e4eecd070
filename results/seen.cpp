#include "results/seen.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

bool is_text(const Json& value) {
  return value.is_string();
}

bool is_flag(const Json& value) {
  return value.is_boolean();
}

/// What a system call can return: code that reads it takes it for 64 bits with a sign.
bool is_count(const Json& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() ||
          value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max());
}

bool is_count_or_word(const Json& value) {
  return is_count(value) || is_text(value);
}

bool are_words(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), is_text);
}

/// An object in which these keys are text or not there.
bool has_texts(const Json& value, std::initializer_list<const char*> keys) {
  return value.is_object() && std::all_of(keys.begin(), keys.end(), [&](const char* key) {
           const auto found = value.find(key);
           return found == value.end() || is_text(*found);
         });
}

bool are_lists_of_words(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), are_words);
}

bool is_siginfo(const Json& value) {
  return has_texts(value, {"signal", "code", "pid", "uid"}) && value.contains("signal") &&
         (!value.contains("band") || are_words(value["band"]));
}

bool are_signals(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), is_siginfo);
}

bool is_completion(const Json& value) {
  return has_texts(value, {"errno"}) &&
         (!value.contains("returned") || is_count_or_word(value["returned"]));
}

struct Known {
  const char* key;
  bool (*fits)(const Json& value);
  const char* otherwise;
};

constexpr std::array known_keys{
    Known{"returned", is_count_or_word, "neither a whole number nor a string"},
    Known{"errno", is_text, "not a string"},
    Known{"signals", are_signals, "not a list of objects that name a \"signal\""},
    Known{"revents", are_words, "not a list of strings"},
    Known{"events", are_lists_of_words, "not a list of lists of strings"},
    Known{"state", is_text, "not a string"},
    Known{"so_error", is_text, "not a string"},
    Known{"status", is_text, "not a string"},
    Known{"blocked", is_flag, "neither true nor false"},
    Known{"completion", is_completion, "not an object of what the call returned"},
    Known{"elapsed", is_text, "not a string"},
    Known{"value", is_count_or_word, "neither a whole number nor a string"},
    Known{"count", is_count, "not a whole number"},
    Known{"pending", are_words, "not a list of strings"},
    Known{"siginfo", is_siginfo, "not an object that names a \"signal\""},
    Known{"queued", are_signals, "not a list of objects that name a \"signal\""},
    Known{"core_dumped", is_flag, "neither true nor false"},
    Known{"segments", are_words, "not a list of strings"},
    Known{"report", is_text, "not a string"},
};

}  // namespace

void check_seen(const JsonPlace& seen) {
  for (const Known& known : known_keys) {
    const auto found = seen.value().find(known.key);
    if (found != seen.value().end() && !known.fits(*found))
      seen.at(known.key).fail(known.otherwise);
  }
}

}  // namespace brokenpipe
