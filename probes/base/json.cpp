#include "probes/base/json.h"

#include <array>
#include <cstdio>

namespace probe {

Json::Json(std::string_view text) : text_("\"") {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned>(c));
      text_ += escaped.data();
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

Json Json::object(const Members& members) {
  Json object(true);
  object.text_ = "{}";
  for (const auto& [key, value] : members) object.set(key, value);
  return object;
}

Json Json::array(const std::vector<Json>& values) {
  Json array(true);
  array.text_ = "[";
  for (const Json& value : values) {
    if (array.text_.size() > 1) array.text_ += ',';
    array.text_ += value.text();
  }
  array.text_ += ']';
  return array;
}

Json Json::strings(const std::vector<std::string>& values) {
  return array(std::vector<Json>(values.begin(), values.end()));
}

Json Json::verbatim(std::string text) {
  Json json(true);
  json.text_ = std::move(text);
  return json;
}

Json& Json::set(std::string_view key, const Json& value) {
  text_.pop_back();
  if (text_.size() > 1) text_ += ',';
  text_ += Json(key).text() + ':' + value.text() + '}';
  return *this;
}

}  // namespace probe
