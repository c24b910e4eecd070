#include "orchestrator/campaign/releases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "images/debian_version.h"
#include "results/base/error.h"

namespace brokenpipe {
namespace {

bool older(const std::string& a, const std::string& b) {
  return compare_debian_versions(a, b) < 0;
}

void add_to(std::vector<std::string>& releases, const std::string& release) {
  const auto place = std::lower_bound(releases.begin(), releases.end(), release, older);
  if (place == releases.end() || *place != release) releases.insert(place, release);
}

}  // namespace

Releases::Releases(const std::vector<CatalogueEntry>& entries,
                   const std::vector<std::vector<Offer>>& offers) {
  for (size_t i = 0; i < entries.size(); ++i) {
    Series& series = all_.emplace_back(Series{entries[i], {}});
    for (const Offer& offer : offers[i]) add_to(series.releases, offer.point_release);
  }
  std::sort(all_.begin(), all_.end(),
            [](const Series& a, const Series& b) { return older(a.entry.series, b.entry.series); });
}

void Releases::add(const CatalogueEntry& entry, const std::string& point_release) {
  for (Series& series : all_) {
    if (series.entry.id == entry.id) add_to(series.releases, point_release);
  }
}

const Releases::Series& Releases::series_of(const CatalogueEntry& entry) const {
  return *std::find_if(all_.begin(), all_.end(),
                       [&](const Series& series) { return series.entry.id == entry.id; });
}

KernelChoice Releases::named(const KernelChoice& choice) const {
  const auto& releases = series_of(*choice.entry).releases;
  const bool newest = choice.point_release.empty() && !releases.empty();
  const std::string release = newest ? releases.back() : choice.point_release;
  if (std::find(releases.begin(), releases.end(), release) == releases.end()) {
    throw Error("looking for " + choice.id, not_offered_because(*choice.entry),
                releases.empty() ? "" : fmt::format("There are: {}.", fmt::join(releases, ", ")));
  }
  return point_release_of(*choice.entry, release);
}

std::vector<KernelChoice> Releases::within(const KernelChoice& from, const KernelChoice& to) const {
  std::vector<KernelChoice> chain{from};
  for (const std::string& release : series_of(*to.entry).releases) {
    if (older(from.point_release, release) && older(release, to.point_release)) {
      chain.push_back(point_release_of(*to.entry, release));
    }
  }
  chain.push_back(to);
  return chain;
}

std::vector<KernelChoice> Releases::across(const KernelChoice& from, const KernelChoice& to) const {
  std::vector<KernelChoice> chain{from};
  for (const Series& series : all_) {
    if (series.releases.empty() || older(series.entry.series, from.entry->series) ||
        !older(series.entry.series, to.entry->series) ||
        series.releases.back() == from.point_release) {
      continue;
    }
    chain.push_back(point_release_of(series.entry, series.releases.back()));
  }
  chain.push_back(to);
  return chain;
}

bool is_older(const KernelChoice& a, const KernelChoice& b) {
  return older(a.point_release, b.point_release);
}

}  // namespace brokenpipe
