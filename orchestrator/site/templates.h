#pragma once

#include <filesystem>
#include <kainjow/mustache.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

/// The markup of pages, from templates/ and their data.
namespace brokenpipe {

/// The mustache templates of one folder, each read and parsed once.
class Templates {
 public:
  explicit Templates(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// `name`.mustache, filled: `{{key}}` is escaped, `{{{key}}}` is not and is for markup of ours
  /// alone. An empty text, null and false are false to a section. Throws Error where there is no
  /// such template or it is none.
  std::string render(const std::string& name, const nlohmann::ordered_json& data);

 private:
  kainjow::mustache::mustache& parsed(const std::string& name);

  std::filesystem::path folder_;
  std::map<std::string, kainjow::mustache::mustache> parsed_;
};

}  // namespace brokenpipe
