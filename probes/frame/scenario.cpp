#include "probes/frame/scenario.h"

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

std::map<std::string, Story>& story_registry() {
  static std::map<std::string, Story> all;
  return all;
}

/// `tcp_reset` of `probes/scenarios/tcp_reset.cpp`.
std::string stem_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  const size_t begin = slash == std::string::npos ? 0 : slash + 1;
  return file.substr(begin, file.rfind('.') - begin);
}

bool runs_before(const Scenario& one, const Scenario& other) {
  return std::pair(one.last, one.id) < std::pair(other.last, other.id);
}

}  // namespace

Story::Story(std::string opening_text, std::vector<std::string> rule_texts,
             std::string closing_text, const char* file)
    : opening(std::move(opening_text)),
      rules(std::move(rule_texts)),
      closing(std::move(closing_text)) {
  story_registry().emplace(stem_of(file), *this);
}

const std::map<std::string, Story>& stories() {
  return story_registry();
}

Register::Register(Scenario scenario, const char* file) {
  scenario.file = stem_of(file);
  registry().push_back(std::move(scenario));
}

Register::Register(std::vector<Scenario> many, const char* file) {
  for (Scenario& scenario : many) {
    scenario.file = stem_of(file);
    registry().push_back(std::move(scenario));
  }
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
