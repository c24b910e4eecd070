#include "probes/frame/feature.h"

#include <algorithm>
#include <utility>

#include "probes/base/must.h"

namespace probe {
namespace {

// A function's static, because registration runs before main() in no known order.
std::vector<Feature>& registry() {
  static std::vector<Feature> all;
  return all;
}

}  // namespace

RegisterFeature::RegisterFeature(Feature feature) {
  registry().push_back(std::move(feature));
}

const std::vector<Feature>& features() {
  static const std::vector<Feature> sorted = [] {
    std::vector<Feature> all = std::move(registry());
    std::sort(all.begin(), all.end(),
              [](const Feature& one, const Feature& other) { return one.name < other.name; });
    return all;
  }();
  return sorted;
}

void require_feature(const std::string& name) {
  const auto& all = features();
  const auto feature = std::find_if(all.begin(), all.end(),
                                    [&](const Feature& known) { return known.name == name; });
  if (feature == all.end()) throw Broken("needs " + name + ", which no feature is called");
  const Missing missing = feature->missing();
  if (!missing.why.empty())
    throw Unsupported("no " + name + ": " + missing.why, name, missing.proof);
}

}  // namespace probe
