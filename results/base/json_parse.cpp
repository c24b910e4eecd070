// JSON from outside becomes a value, or a fault that is named.
#include "results/base/json_parse.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace brokenpipe {
namespace {

using nlohmann::json;

/// How far a text has been read.
struct Position {
  const char* at;
  std::size_t taken = 0;  ///< characters that the parser got
};

bool breaks_line(char c) {
  return c == '\n' || c == '\r' || c == '\t';
}

/// Reads a text and says how far it has come, which the parser tells its handler only at errors of
/// its own. Of whitespace that begins with a line break the parser gets one character: in its
/// error, which it makes also where nobody asks, it writes each as eight (a break within a string
/// is an error, so that nothing is lost there).
class Reading {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading(const char* at, const char* end, Position& position)
      : at_(at), end_(end), position_(&position) {}
  const char& operator*() const { return *at_; }
  Reading& operator++() {
    const bool was_break = breaks_line(*at_);
    ++at_;
    while (was_break && at_ != end_ && (breaks_line(*at_) || *at_ == ' ')) ++at_;
    position_->at = at_;
    ++position_->taken;
    return *this;
  }
  bool operator==(const Reading& other) const { return at_ == other.at_; }
  bool operator!=(const Reading& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char* end_;
  Position* position_;
};

/// Some of a text that may be of any length.
std::string beginning(const std::string& text) {
  constexpr std::size_t quoted = 60;
  if (text.size() <= quoted) return text;
  std::size_t end = quoted;
  // Not in the middle of a character of UTF-8.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

/// Of the parser's message the part that is the same for all texts; what it quotes can be long.
std::string plain(const std::string& message) {
  const auto from = message.find("syntax error");
  const auto to = message.find("; last read");
  if (from == std::string::npos) return message.substr(0, to);
  return message.substr(from, to == std::string::npos ? to : to - from);
}

/// Builds the value (nlohmann's SAX interface, whose names these are).
class Builder {
 public:
  Builder(std::string_view text, const JsonLimits& limits)
      : text_(text), limits_(limits), position_{text.data()} {}

  Position& position() { return position_; }
  JsonFault fault() { return std::move(fault_); }
  json value() { return std::move(root_); }

  bool null() { return put(nullptr) != nullptr; }
  bool boolean(bool value) { return put(value) != nullptr; }
  bool number_integer(json::number_integer_t value) { return put(value) != nullptr; }
  bool number_unsigned(json::number_unsigned_t value) { return put(value) != nullptr; }
  bool number_float(json::number_float_t value, const std::string& digits) {
    // The parser makes a double of an integer that is too long for it.
    if (digits.find_first_of(".eE") == std::string::npos)
      return refuse("an integer of more than 64 bits");
    return put(value) != nullptr;
  }
  bool string(std::string& value) { return put(std::move(value)) != nullptr; }
  bool binary(json::binary_t& /*value*/) { return refuse("binary data"); }

  bool start_object(std::size_t /*elements*/) { return open(json::object()); }
  bool start_array(std::size_t /*elements*/) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& key) {
    const auto [at, is_new] = open_.back()->get_ref<json::object_t&>().try_emplace(std::move(key));
    // try_emplace() moves nothing where the key is there.
    if (!is_new) return refuse(fmt::format("\"{}\" is twice in one object", beginning(at->first)));
    member_ = &at->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const json::exception& e) {
    if (dynamic_cast<const json::out_of_range*>(&e) != nullptr)
      return refuse("a number beyond a double's range");
    refuse("no JSON: " + plain(e.what()));
    // It has met the end, which it counts as a character.
    fault_.truncated = position > position_.taken;
    return false;
  }

 private:
  bool refuse(std::string what) {
    fault_ = {std::move(what), static_cast<std::size_t>(position_.at - text_.data()), false};
    return false;
  }

  /// Where the value now is; null where it is one too many.
  template <typename Value>
  json* put(Value&& value) {
    if (++values_ > limits_.values) {
      refuse(fmt::format("more than {} values", limits_.values));
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::forward<Value>(value));
    if (!open_.back()->is_array()) return &(*member_ = std::forward<Value>(value));
    return &open_.back()->get_ref<json::array_t&>().emplace_back(std::forward<Value>(value));
  }

  bool open(json&& container) {
    if (open_.size() >= limits_.depth)
      return refuse(fmt::format("deeper than {} levels", limits_.depth));
    json* const at = put(std::move(container));
    if (at == nullptr) return false;
    open_.push_back(at);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const JsonLimits& limits_;
  Position position_;
  json root_;
  std::vector<json*> open_;  ///< objects and lists that have begun, each within the one before
  json* member_ = nullptr;   ///< the innermost object's, whose value comes next
  std::size_t values_ = 0;
  JsonFault fault_;
};

}  // namespace

std::variant<json, JsonFault> parse_json(std::string_view text, const JsonLimits& limits) {
  using Parsed = std::variant<json, JsonFault>;
  if (text.size() > limits.bytes)
    return JsonFault{fmt::format("longer than {} bytes", limits.bytes), limits.bytes, false};
  // For the parser a NUL is the end of the text, whatever follows it.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return JsonFault{"no JSON: a NUL byte", nul + 1, false};
  Builder builder(text, limits);
  const char* const end = text.data() + text.size();
  const bool good = json::sax_parse(Reading(text.data(), end, builder.position()),
                                    Reading(end, end, builder.position()), &builder);
  if (!good) return Parsed(std::in_place_type<JsonFault>, builder.fault());
  return Parsed(std::in_place_type<json>, builder.value());
}

}  // namespace brokenpipe
