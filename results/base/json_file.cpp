// Our JSON files, read and written.
#include "results/base/json_file.h"

#include <fmt/format.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/json_parse.h"
#include "results/base/text.h"

namespace brokenpipe {

void JsonPlace::fail(const std::string& why) const {
  throw Error("reading " + document_, path_.empty() ? why : path_ + ": " + why,
              "It was edited, or written by something else: make it anew, or name another.");
}

JsonPlace JsonPlace::at(const std::string& key) const {
  if (auto found = find(key)) return *found;
  fail(fmt::format("\"{}\" is missing", key));
}

std::optional<JsonPlace> JsonPlace::find(const std::string& key) const {
  if (!value_->is_object()) fail("not an object");
  const auto found = value_->find(key);
  if (found == value_->end()) return std::nullopt;
  return JsonPlace(*found, document_, path_.empty() ? key : path_ + "." + key);
}

std::vector<JsonPlace> JsonPlace::items() const {
  if (!value_->is_array()) fail("not a list");
  std::vector<JsonPlace> places;
  for (std::size_t i = 0; i < value_->size(); ++i)
    places.push_back(JsonPlace((*value_)[i], document_, fmt::format("{}[{}]", path_, i)));
  return places;
}

std::string JsonPlace::text() const {
  if (!value_->is_string()) fail("not a string");
  return value_->get<std::string>();
}

std::vector<std::string> JsonPlace::texts() const {
  std::vector<std::string> all;
  for (const JsonPlace& item : items()) all.push_back(item.text());
  return all;
}

double JsonPlace::number() const {
  if (!value_->is_number()) fail("not a number");
  return value_->get<double>();
}

bool JsonPlace::boolean() const {
  if (!value_->is_boolean()) fail("neither true nor false");
  return value_->get<bool>();
}

void JsonPlace::only(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object()) fail("not an object");
  for (const auto& [key, value] : value_->items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      fail(fmt::format("\"{}\" is not known here", key));
  }
}

nlohmann::json read_json(const std::filesystem::path& file, int schema) {
  const JsonLimits limits;
  // A byte more than the limit is enough to see that it is beyond it.
  auto parsed = parse_json(read_file(file, limits.bytes + 1), limits);
  if (const auto* fault = std::get_if<JsonFault>(&parsed))
    throw Error("reading " + file.string(),
                fault->truncated ? fmt::format("it is truncated: it ends after {} bytes, inside of "
                                               "a value",
                                               fault->byte)
                                 : fmt::format("{}, at byte {}", fault->what, fault->byte),
                "Make it anew, or name another file.");
  nlohmann::json document = std::get<nlohmann::json>(std::move(parsed));
  const JsonPlace root(document, file.string());
  const JsonPlace number = root.at("schema");
  if (number.number() != schema)
    throw Error("reading " + file.string(),
                fmt::format("it is of schema {}, and this program reads schema {}",
                            number.value().dump(), schema),
                "Use the version of brokenpipe that wrote it, or make it anew.");
  return document;
}

std::string json_text(const nlohmann::ordered_json& document) {
  return json_dump(document, 2) + "\n";
}

}  // namespace brokenpipe
