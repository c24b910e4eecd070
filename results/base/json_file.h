#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Our JSON files: read so that every error says which file, which place in it and what is wrong
/// there; written so that the same content is the same bytes.
namespace brokenpipe {

/// The words that stand for an enumeration's values in a file.
template <typename Enum, std::size_t N>
using Words = std::array<std::pair<Enum, std::string_view>, N>;

/// The word for a value.
template <typename Enum, std::size_t N>
std::string_view word_for(const Words<Enum, N>& words, Enum value) {
  return std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == value; })
      ->second;
}

/// A value in a JSON document and the way to it. Every accessor throws Error where the value is
/// not what is asked for. Refers to the document: it must outlive this.
class JsonPlace {
 public:
  /// `document` names it in errors: a file's name, as a rule.
  JsonPlace(const nlohmann::json& value, std::string document)
      : value_(&value), document_(std::move(document)) {}

  const nlohmann::json& value() const { return *value_; }
  JsonPlace at(const std::string& key) const;
  std::optional<JsonPlace> find(const std::string& key) const;
  std::vector<JsonPlace> items() const;
  std::string text() const;
  std::vector<std::string> texts() const;
  double number() const;
  bool boolean() const;
  /// An object, with no other keys than these.
  void only(std::initializer_list<std::string_view> keys) const;

  template <typename Enum, std::size_t N>
  Enum one_of(const Words<Enum, N>& words) const {
    const std::string word = text();
    std::string known;
    for (const auto& [value, name] : words) {
      if (name == word) return value;
      known.append(known.empty() ? "" : ", ").append(name);
    }
    fail("\"" + word + "\" is none of " + known);
  }

  [[noreturn]] void fail(const std::string& why) const;

 private:
  JsonPlace(const nlohmann::json& value, std::string document, std::string path)
      : value_(&value), document_(std::move(document)), path_(std::move(path)) {}

  const nlohmann::json* value_;
  std::string document_;
  std::string path_;
};

/// Reads a JSON file of ours, an object whose `schema` is the one number we know. Throws Error
/// where the file is unreadable, truncated, no JSON, or of another schema.
nlohmann::json read_json(const std::filesystem::path& file, int schema);

/// The text of a file of ours: an indent of two spaces, a newline at the end. A byte that is not
/// UTF-8 (a kernel's word, a file's name) becomes a replacement character.
std::string json_text(const nlohmann::ordered_json& document);

}  // namespace brokenpipe
