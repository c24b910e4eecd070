// images/kernels.json, read and checked.
#include "images/catalogue.h"

#include <fmt/format.h>

#include <cstddef>
#include <regex>
#include <set>

#include "results/base/json_file.h"

namespace brokenpipe {
namespace {

bool optional_flag(const JsonPlace& place, const std::string& key) {
  const std::optional<JsonPlace> flag = place.find(key);
  return flag && flag->boolean();
}

std::vector<std::string> some_texts(const JsonPlace& place) {
  std::vector<std::string> texts = place.texts();
  if (texts.empty()) {
    place.fail("it is empty");
  }
  return texts;
}

std::vector<std::string> patterns(const JsonPlace& place) {
  // libstdc++ compiles a regular expression by recursion, a level a character: a stack of 8 MiB
  // ends before 100 000. Debian's names of packages have 60 at most.
  constexpr std::size_t longest = 200;
  std::vector<std::string> expressions = some_texts(place);
  for (const std::string& expression : expressions) {
    if (expression.size() > longest) {
      place.fail(fmt::format("a regular expression of {} characters, of {} at most",
                             expression.size(), longest));
    }
    try {
      const std::regex compiles(expression);
    } catch (const std::regex_error& error) {
      place.fail(fmt::format("\"{}\" is no regular expression: {}", expression, error.what()));
    }
  }
  return expressions;
}

CatalogueEntry read_entry(const JsonPlace& place) {
  place.only(
      {"id", "series", "flavour", "suites", "packages", "role", "archive", "in_default_matrix"});
  CatalogueEntry entry;
  entry.id = place.at("id").text();
  entry.series = place.at("series").text();
  entry.flavour = place.at("flavour").text();
  entry.suites = some_texts(place.at("suites"));
  entry.packages = patterns(place.at("packages"));
  entry.role = place.at("role").text();
  entry.archive = optional_flag(place, "archive");
  entry.in_default_matrix = optional_flag(place, "in_default_matrix");
  if (entry.flavour != "cloud" && entry.flavour != "plain" && entry.flavour != "rt") {
    place.at("flavour").fail("it is none of cloud, plain, rt");
  }
  return entry;
}

}  // namespace

Catalogue read_catalogue(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file, Catalogue::schema);
  const JsonPlace top(document, file.string());
  top.only({"schema", "kernels"});
  Catalogue catalogue;
  std::set<std::string> ids;
  for (const JsonPlace& place : top.at("kernels").items()) {
    const CatalogueEntry& entry = catalogue.entries.emplace_back(read_entry(place));
    if (!ids.insert(entry.id).second) {
      place.at("id").fail(fmt::format("a second \"{}\"", entry.id));
    }
  }
  return catalogue;
}

}  // namespace brokenpipe
