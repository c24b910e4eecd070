#include "images/catalogue.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "images/files.h"
#include "results/error.h"

namespace brokenpipe {
namespace {

using nlohmann::json;

const std::set<std::string> known_fields = {"id",       "series", "flavour", "suites",
                                            "packages", "role",   "archive", "in_default_matrix"};
const std::set<std::string> known_flavours = {"cloud", "plain", "rt"};

CatalogueEntry read_entry(const json& value) {
  for (const auto& item : value.items()) {
    if (!known_fields.contains(item.key())) {
      throw std::invalid_argument(fmt::format("unknown field \"{}\"", item.key()));
    }
  }
  CatalogueEntry entry;
  value.at("id").get_to(entry.id);
  value.at("series").get_to(entry.series);
  value.at("flavour").get_to(entry.flavour);
  value.at("suites").get_to(entry.suites);
  value.at("packages").get_to(entry.packages);
  value.at("role").get_to(entry.role);
  entry.archive = value.value("archive", false);
  entry.in_default_matrix = value.value("in_default_matrix", false);
  if (!known_flavours.contains(entry.flavour)) {
    throw std::invalid_argument(fmt::format("unknown flavour \"{}\"", entry.flavour));
  }
  if (entry.suites.empty() || entry.packages.empty()) {
    throw std::invalid_argument("no suite or no package");
  }
  for (const std::string& pattern : entry.packages) {
    const std::regex compiles(pattern);
  }
  return entry;
}

}  // namespace

Catalogue read_catalogue(const std::filesystem::path& file) {
  std::string place = "at its top";
  try {
    const json document = json::parse(read_file(file));
    if (document.at("schema") != Catalogue::schema) {
      throw std::invalid_argument(fmt::format("its schema is not {}", Catalogue::schema));
    }
    Catalogue catalogue;
    std::set<std::string> ids;
    for (const json& value : document.at("kernels")) {
      place = fmt::format("in kernel {}", catalogue.entries.size());
      if (const auto id = value.find("id"); id != value.end()) {
        place += " " + id->dump();
      }
      const CatalogueEntry& entry = catalogue.entries.emplace_back(read_entry(value));
      if (!ids.insert(entry.id).second) {
        throw std::invalid_argument("a second one of this id");
      }
    }
    return catalogue;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(fmt::format("reading {}", file.string()),
                fmt::format("{}: {}", place, error.what()));
  }
}

}  // namespace brokenpipe
