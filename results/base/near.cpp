#include "results/base/near.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace brokenpipe {
namespace {

// Levenshtein's distance: how many letters somebody mistyped.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> near(const std::string& typed,
                              const std::vector<std::string>& candidates) {
  std::vector<std::pair<size_t, std::string>> ranked;
  ranked.reserve(candidates.size());
  for (const std::string& candidate : candidates) {
    ranked.emplace_back(distance(typed, candidate), candidate);
  }
  // Who mistypes more than every third letter means something else.
  std::erase_if(ranked, [&](const auto& one) { return one.first * 3 > typed.size(); });
  std::sort(ranked.begin(), ranked.end());
  constexpr size_t most = 3;
  ranked.resize(std::min(ranked.size(), most));
  std::vector<std::string> names;
  names.reserve(ranked.size());
  for (auto& [letters, name] : ranked) names.push_back(std::move(name));
  return names;
}

std::string where_to_look(const std::string& typed, const std::vector<std::string>& candidates,
                          const std::string& verb) {
  const std::vector<std::string> names = near(typed, candidates);
  return fmt::format(
      "{}`brokenpipe {}` lists them all.",
      names.empty() ? std::string() : fmt::format("Near: {}. ", fmt::join(names, ", ")), verb);
}

}  // namespace brokenpipe
