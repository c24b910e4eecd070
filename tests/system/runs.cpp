#include "tests/system/runs.h"

#include <stdexcept>

#include "results/base/file.h"

namespace brokenpipe::testing {
namespace {

using nlohmann::json;

std::vector<std::string> default_matrix() {
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : catalogue().entries) {
    if (entry.in_default_matrix) ids.push_back(entry.id);
  }
  return ids;
}

}  // namespace

const Catalogue& catalogue() {
  static const Catalogue all = read_catalogue(PROJECT_FILES "/images/kernels.json");
  return all;
}

const std::string& oldest() {
  static const std::string id = default_matrix().front();
  return id;
}

const std::string& newest() {
  static const std::string id = default_matrix().back();
  return id;
}

std::string test_probe(const std::string& kind) {
  return std::string(TEST_PROBES) + "/" + kind + "-probe";
}

std::filesystem::path results_of(const CommandResult& run) {
  const std::string label = "Results: ";
  const size_t at = run.out.find(label);
  if (at == std::string::npos) throw std::runtime_error("no results: " + run.out + run.err);
  const size_t begin = at + label.size();
  return run.out.substr(begin, run.out.find('\n', begin) - begin);
}

json result_of(const CommandResult& run, const std::string& kernel) {
  return json::parse(read_file(results_of(run) / (kernel + ".json")));
}

json report_of(const Cli& cli, const CommandResult& run) {
  return json::parse(cli({"report", results_of(run).string(), "--format", "json"}).out);
}

std::vector<std::string> unexplained(const json& report) {
  std::vector<std::string> found;
  for (const json& kernel : report.at("kernels")) {
    for (const json& scenario : kernel.at("diff").at("scenarios")) {
      for (const json& place : scenario.at("places")) {
        if (place.at("standing") != "unexplained") continue;
        found.push_back(scenario.at("scenario").get<std::string>() + "#" +
                        place.at("place").get<std::string>());
      }
    }
  }
  return found;
}

}  // namespace brokenpipe::testing
