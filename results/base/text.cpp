#include "results/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

/// Without what the locale or char's sign would have a say in.
bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_one_of(std::string_view characters, char c) {
  return characters.find(c) != std::string_view::npos;
}

std::string valid_utf8(std::string_view text) {
  return Json::parse(json_dump(Json(text))).get<std::string>();
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string safe;
  for (const char c : text) safe += is_control(c) && c != '\n' && c != '\t' ? '?' : c;
  return safe;
}

std::string page_text(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string safe;
  safe.reserve(valid.size());
  for (const char c : valid) {
    const bool shown = (!is_control(c) || c == '\n' || c == '\t') && c != 0x7f;
    safe += shown ? std::string(1, c) : "\xef\xbf\xbd";
  }
  return safe;
}

std::string markdown_text(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (is_one_of("\\`*_{}[]<>#|&", c)) safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

std::string markdown_code(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|') safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  // A fence longer than a backtick, and room for one at its ends.
  return is_one_of(text, '`') ? "`` " + safe + " ``" : "`" + safe + "`";
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string tap_line(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '#' || c == '\\') safe += '\\';
    safe += is_control(c) ? ' ' : c;
  }
  return safe;
}

std::string kcidb_text(std::string_view text) {
  std::string safe(text);
  std::replace(safe.begin(), safe.end(), '\0', '?');
  return safe;
}

std::string kcidb_path(std::string_view id) {
  std::string path;
  for (const char c : id) {
    const bool plain = is_alphanumeric(c) || c == '-' || c == '_';
    path += c == '/' ? '.' : plain ? c : '_';
  }
  return path;
}

std::string json_dump(const Json& document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string path_part(std::string_view name) {
  std::string part;
  for (const char c : name) {
    const bool plain = is_alphanumeric(c) || is_one_of("-_+", c) || (c == '.' && !part.empty());
    part += plain ? std::string(1, c) : fmt::format("~{:02x}", static_cast<unsigned char>(c));
  }
  return part.empty() ? "~" : part;
}

std::string uri_part(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = is_alphanumeric(c) || is_one_of("-._~", c);
    encoded +=
        unreserved ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string shell_word(std::string_view word) {
  const auto plain = [](char c) { return is_alphanumeric(c) || is_one_of("-_./=,:+@%", c); };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
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

}  // namespace brokenpipe
