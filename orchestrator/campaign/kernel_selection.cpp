#include "orchestrator/campaign/kernel_selection.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <regex>

#include "results/base/error.h"
#include "results/base/near.h"
#include "results/scenario_list.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

// `debian-6.12.107-rt` asks for point release 6.12.107 of the entry `debian-6.12-rt`, and
// `debian-7.3~rc7` for a candidate of 7.3.
std::optional<KernelChoice> point_release(const CatalogueEntry& entry, const std::string& word) {
  const size_t series = entry.id.find(entry.series);
  if (series == std::string::npos) return std::nullopt;
  const std::string before = entry.id.substr(0, series + entry.series.size());
  const std::string after = entry.id.substr(series + entry.series.size());
  if (!word.starts_with(before) || !word.ends_with(after) ||
      word.size() <= before.size() + after.size()) {
    return std::nullopt;
  }
  const std::string patch = word.substr(before.size(), word.size() - before.size() - after.size());
  static const std::regex format(R"(\.[0-9]+|~rc[0-9]+)");
  if (!std::regex_match(patch, format)) return std::nullopt;
  return point_release_of(entry, entry.series + patch);
}

std::vector<KernelChoice> meant_by(const Catalogue& catalogue, const std::string& word) {
  if (word == "host") return {KernelChoice{word, std::nullopt, {}, {}}};
  std::vector<KernelChoice> requests;
  for (const CatalogueEntry& entry : catalogue.entries) {
    if (fnmatch(word.c_str(), entry.id.c_str(), 0) == 0) {
      requests.push_back({entry.id, entry, {}, {}});
    }
  }
  if (!requests.empty()) return requests;
  for (const CatalogueEntry& entry : catalogue.entries) {
    if (auto request = point_release(entry, word)) return {*request};
  }
  if (word.find('/') != std::string::npos || fs::exists(word)) {
    return {KernelChoice{fs::path(word).filename().string(), std::nullopt, word, {}}};
  }
  std::vector<std::string> ids{"host"};
  for (const CatalogueEntry& entry : catalogue.entries) ids.push_back(entry.id);
  throw UsageError(fmt::format(
      "no kernel '{}': neither an id of the catalogue, nor a glob that matches one, nor a file.\n"
      "  {}",
      word, where_to_look(word, ids, "kernels")));
}

}  // namespace

KernelChoice point_release_of(const CatalogueEntry& entry, const std::string& point_release) {
  std::string id = entry.id;
  const size_t series = id.find(entry.series);
  if (series == std::string::npos) {
    id += "-" + point_release;
  } else {
    id.replace(series, entry.series.size(), point_release);
  }
  return {id, entry, {}, point_release};
}

std::vector<KernelChoice> select_kernels(const Catalogue& catalogue,
                                         const std::vector<std::string>& words) {
  std::vector<KernelChoice> requests;
  if (words.empty()) {
    for (const CatalogueEntry& entry : catalogue.entries) {
      if (entry.in_default_matrix) requests.push_back({entry.id, entry, {}, {}});
    }
    return requests;
  }
  for (const std::string& word : words) {
    for (KernelChoice& request : meant_by(catalogue, word)) {
      const auto same_id = [&](const KernelChoice& other) { return other.id == request.id; };
      const auto other = std::find_if(requests.begin(), requests.end(), same_id);
      if (other != requests.end() && other->file == request.file) continue;
      // Every kernel that one builds is called bzImage.
      const std::string name = request.id;
      for (int nth = 2; std::any_of(requests.begin(), requests.end(), same_id); ++nth) {
        request.id = fmt::format("{}-{}", name, nth);
      }
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

std::vector<std::string> ids_of(const std::vector<KernelChoice>& choices) {
  std::vector<std::string> ids;
  ids.reserve(choices.size());
  for (const KernelChoice& choice : choices) ids.push_back(choice.id);
  return ids;
}

std::string not_offered_because(const CatalogueEntry& entry) {
  return entry.archive ? "only Debian's archive has it: name a mirror of it by --mirror"
                       : "the mirror does not have it (any more)";
}

}  // namespace brokenpipe
