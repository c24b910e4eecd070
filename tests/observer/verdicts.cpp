#include "tests/observer/verdicts.h"

#include <fmt/format.h>

#include <regex>
#include <sstream>

namespace brokenpipe::testing {
namespace {

using nlohmann::json;

// The step that a claim is of; null where the probe has not come to it.
json step_of(const Claim& claim, const std::map<std::string, json>& observations) {
  const auto observation = observations.find(claim.scenario);
  if (observation == observations.end()) return {};
  for (const json& step : observation->second.at("steps")) {
    if (step.at("step") == claim.step) return step;
  }
  return {};
}

bool has_members(const json& step, const json& members) {
  if (step.is_null()) return false;
  json patched = step;
  patched.update(members);
  return patched == step;
}

}  // namespace

Verdicts go_verdicts(const std::string& output) {
  Verdicts verdicts;
  static const std::regex line_form(R"(--- (PASS|FAIL): (\w+) \(.*)");
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, line_form)) verdicts[match[2]] = match[1] == "PASS";
  }
  return verdicts;
}

Verdicts tap_verdicts(const std::string& output) {
  Verdicts verdicts;
  static const std::regex line_form(R"((not )?ok [0-9]+ (\S+)( # (SKIP|XFAIL).*)?)");
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, line_form) && !match[3].matched) {
      verdicts[match[2]] = !match[1].matched;
    }
  }
  return verdicts;
}

std::vector<std::string> disagreements(const Verdicts& verdicts, const std::vector<Claim>& claims,
                                       const std::map<std::string, json>& observations) {
  // For each test what the probe has seen otherwise; empty where it has seen all.
  std::map<std::string, std::string> otherwise;
  for (const Claim& claim : claims) {
    std::string& words = otherwise[claim.test];
    const json step = step_of(claim, observations);
    if (!has_members(step, claim.members)) {
      words += fmt::format(" {} {} is not {};", claim.scenario, step.dump(), claim.members.dump());
    }
  }
  std::vector<std::string> found;
  for (const auto& [test, words] : otherwise) {
    const auto verdict = verdicts.find(test);
    if (verdict == verdicts.end()) {
      found.push_back(test + " was not run");
    } else if (verdict->second && !words.empty()) {
      found.push_back(fmt::format("{} passed, but the probe:{}", test, words));
    } else if (!verdict->second && words.empty()) {
      found.push_back(test + " failed, but the probe has seen all that it claims");
    }
  }
  return found;
}

}  // namespace brokenpipe::testing
