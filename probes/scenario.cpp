#include "probes/scenario.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace probe {
namespace {

// A function's static, because registration runs before main() in no known order.
std::vector<Scenario>& registry() {
  static std::vector<Scenario> all;
  return all;
}

bool runs_before(const Scenario& one, const Scenario& other) {
  return std::pair(one.last, one.id) < std::pair(other.last, other.id);
}

}  // namespace

Register::Register(Scenario scenario) {
  registry().push_back(std::move(scenario));
}

Register::Register(std::vector<Scenario> many) {
  std::move(many.begin(), many.end(), std::back_inserter(registry()));
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> sorted = [] {
    std::vector<Scenario> all = std::move(registry());
    std::sort(all.begin(), all.end(), runs_before);
    const auto twice = std::adjacent_find(
        all.begin(), all.end(),
        [](const Scenario& one, const Scenario& other) { return one.id == other.id; });
    if (twice != all.end()) throw std::logic_error("two scenarios are called " + twice->id);
    return all;
  }();
  return sorted;
}

}  // namespace probe
