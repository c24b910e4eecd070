#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// JSON, in which the probe writes its records and its list.
namespace probe {

/// Writes JSON; the probe reads none. A value is its text: what goes in comes out, in order.
class Json {
 public:
  Json(std::string_view text);                                     // NOLINT: a string
  Json(const char* text) : Json(std::string_view(text)) {}         // NOLINT
  Json(const std::string& text) : Json(std::string_view(text)) {}  // NOLINT
  Json(bool truth) : text_(truth ? "true" : "false") {}            // NOLINT
  Json(long number) : text_(std::to_string(number)) {}             // NOLINT
  Json(int number) : Json(static_cast<long>(number)) {}            // NOLINT

  using Members = std::vector<std::pair<std::string, Json>>;
  static Json object(const Members& members = {});
  static Json array(const std::vector<Json>& values = {});
  static Json strings(const std::vector<std::string>& values);
  /// What is JSON already.
  static Json verbatim(std::string text);

  /// An object with one more member.
  Json& set(std::string_view key, const Json& value);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace probe
