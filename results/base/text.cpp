#include "results/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/base/sha256.h"
#include "results/base/utf8.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

enum class Lines { kept, joined };

unsigned byte_of(char c) {
  return static_cast<unsigned char>(c);
}

/// Without what the locale or char's sign would have a say in.
bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_one_of(std::string_view characters, char c) {
  return characters.find(c) != std::string_view::npos;
}

bool is_break(char32_t character) {
  return character == U'\n' || character == U'\t';
}

std::string escape_of(char32_t character) {
  const auto number = static_cast<unsigned>(character);
  return number < 0x100 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{:04x}", number);
}

/// The policy of the header: misleading characters as their escapes, and no more than `longest`
/// bytes besides the words that say how much is missing.
std::string visible(std::string_view text, Lines lines, std::size_t longest) {
  std::string safe;
  for (std::size_t at = 0; at < text.size();) {
    if (safe.size() >= longest)
      return fmt::format("{}... (and {} bytes more)", safe, text.size() - at);
    const Character character = character_at(text, at);
    const std::string_view bytes = text.substr(at, character.length);
    at += character.length;
    if (lines == Lines::kept && bytes == "\r" && text.substr(at, 1) == "\n") continue;
    if (!character.valid)
      safe += escape_of(byte_of(bytes[0]));
    else if (is_break(character.code))
      safe += lines == Lines::kept ? bytes : " ";
    else if (is_misleading(character.code))
      safe += escape_of(character.code);
    else
      safe += bytes;
  }
  return safe;
}

/// What tells a name that was cut from all others.
std::string short_hash(std::string_view name) {
  return sha256(name).substr(0, 16);
}

/// Of one backtick after the other, the most.
std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

bool does_something_in_a_spreadsheet(std::string_view field) {
  if (field.empty() || !is_one_of("=@+-", field.front())) return false;
  if (is_one_of("=@", field.front())) return true;
  return !std::all_of(field.begin(), field.end(),
                      [](char c) { return is_alphanumeric(c) || is_one_of(" +-_", c); });
}

}  // namespace

std::string terminal_text(std::string_view text, std::size_t longest) {
  return visible(text, Lines::joined, longest);
}

std::string terminal_lines(std::string_view text, std::size_t longest) {
  return visible(text, Lines::kept, longest);
}

std::string xml_text(std::string_view text, std::size_t longest) {
  return visible(text, Lines::kept, longest);
}

std::string page_text(std::string_view text, std::size_t longest) {
  return visible(text, Lines::kept, longest);
}

Json page_json(const Json& document) {
  if (document.is_string()) return page_text(document.get_ref<const std::string&>(), unlimited);
  Json safe = document.is_structured() ? Json(document.type()) : document;
  if (document.is_object())
    for (const auto& [key, value] : document.items())
      safe[page_text(key, unlimited)] = page_json(value);
  if (document.is_array())
    for (const Json& item : document) safe.push_back(page_json(item));
  return safe;
}

std::string markdown_text(std::string_view text) {
  std::string safe;
  for (const char c : visible(text, Lines::joined, longest_words)) {
    if (is_one_of("\\`*_{}[]<>#|&~$", c)) safe += '\\';
    safe += c;
  }
  return safe;
}

std::string markdown_code(std::string_view text) {
  const std::string shown = visible(text, Lines::joined, longest_words);
  std::string safe;
  for (const char c : shown) {
    if (c == '|') safe += '\\';
    safe += c;
  }
  const std::size_t inside = longest_run_of_backticks(shown);
  if (inside == 0) return "`" + safe + "`";
  // A fence longer than all within (CommonMark, 6.1), and room for a backtick at its ends.
  const std::string fence(inside + 1, '`');
  return fmt::format("{} {} {}", fence, safe, fence);
}

std::string csv_field(std::string_view text) {
  std::string field = visible(text, Lines::joined, longest_words);
  if (does_something_in_a_spreadsheet(field)) field.insert(0, 1, '\'');
  if (field.find_first_of(",\"") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string tap_line(std::string_view text) {
  std::string safe;
  for (const char c : visible(text, Lines::joined, longest_words)) {
    if (c == '#' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string kcidb_text(std::string_view text, std::size_t longest) {
  return visible(text, Lines::kept, longest);
}

std::string kcidb_path(std::string_view id) {
  constexpr std::size_t longest = 256;
  std::string path;
  for (const char c : id.substr(0, longest)) {
    if (c == '/' && (path.empty() || path.back() == '.')) path += '_';
    const bool plain = is_alphanumeric(c) || c == '-' || c == '_';
    path += c == '/' ? '.' : plain ? c : '_';
  }
  if (path.empty() || path.back() == '.') path += '_';
  return id.size() <= longest ? path : path + "_" + short_hash(id);
}

std::string json_dump(const Json& document, int indent) {
  const std::string text = document.dump(indent, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  std::size_t told = 0;
  for (std::size_t at = 0; at < text.size();) {
    // All that dump() leaves of misleading characters is in strings, and most text has none.
    if (byte_of(text[at]) < 0x7f) {
      ++at;
      continue;
    }
    const Character character = character_at(text, at);
    if (is_misleading(character.code)) {
      safe.append(text, told, at - told);
      safe += fmt::format("\\u{:04x}", static_cast<unsigned>(character.code));
      told = at + character.length;
    }
    at += character.length;
  }
  return told == 0 ? text : safe + text.substr(told);
}

std::string path_part(std::string_view name) {
  // A file's name has up to 255 bytes (NAME_MAX), and a suffix is still to come.
  constexpr std::size_t longest = 160;
  std::string part;
  for (const char c : name) {
    const bool plain = is_alphanumeric(c) || is_one_of("-_+", c) || (c == '.' && !part.empty());
    part += plain ? std::string(1, c) : fmt::format("~{:02x}", byte_of(c));
    if (part.size() > longest) return part.substr(0, longest) + "~~" + short_hash(name);
  }
  return part.empty() ? "~" : part;
}

std::string uri_part(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = is_alphanumeric(c) || is_one_of("-._~", c);
    encoded += unreserved ? std::string(1, c) : fmt::format("%{:02X}", byte_of(c));
  }
  return encoded;
}

std::string shell_word(std::string_view word) {
  const auto plain = [](char c) { return is_alphanumeric(c) || is_one_of("-_./=,:+@%", c); };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string quoted = "'";
  for (std::size_t at = 0; at < word.size();) {
    const Character character = character_at(word, at);
    const std::string_view bytes = word.substr(at, character.length);
    at += character.length;
    if (bytes == "'") {
      quoted += "'\\''";
    } else if (character.valid && (is_break(character.code) || !is_misleading(character.code))) {
      quoted += bytes;
    } else {
      quoted += "'\"$(printf '";
      for (const char c : bytes) quoted += fmt::format("\\{:03o}", byte_of(c));
      quoted += "')\"'";
    }
  }
  return quoted + "'";
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string printable_ascii(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += c >= ' ' && c <= '~' ? c : '.';
  return text;
}

std::string_view fitting(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t used = 0; at < text.size();) {
    const Character character = character_at(text, at);
    used += character.code < 0x80 ? 1 : 2;
    if (used > columns) break;
    at += character.length;
  }
  return text.substr(0, at);
}

std::string TerminalLog::operator()(std::string_view piece) {
  rest_ += piece;
  std::size_t whole = rest_.size() - unfinished_bytes(rest_);
  if (whole > 0 && rest_[whole - 1] == '\r') --whole;
  std::string safe = terminal_lines(std::string_view(rest_).substr(0, whole));
  rest_.erase(0, whole);
  return safe;
}

}  // namespace brokenpipe
