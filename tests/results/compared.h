#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "results/diff.h"
#include "tests/support/result_builder.h"

/// Results held against each other, in as few words as a test can be read in.
namespace brokenpipe {

inline const nlohmann::json one{{"returned", 1}};
inline const nlohmann::json broken_pipe{{"returned", -1}, {"errno", "EPIPE"}};
inline const nlohmann::json reset{{"returned", -1}, {"errno", "ECONNRESET"}};

inline RunResult reference_of(std::vector<Observation> observations) {
  RunResult reference = result("3.16.0", std::move(observations));
  reference.from_sources = true;
  return reference;
}

/// Of a distribution's package, whose version tells.
inline RunResult package(const std::string& version, std::vector<Observation> observations) {
  RunResult contender = result(version, std::move(observations));
  contender.kernel.package = "linux-image=" + version + "-1";
  return contender;
}

/// A package of 6.1 held against a reference.
inline Diff compare(std::vector<Observation> reference, std::vector<Observation> contender,
                    const Changes& changes = {}) {
  return diff(reference_of(std::move(reference)), package("6.1.0", std::move(contender)), changes);
}

/// The verdict of the only scenario.
inline ScenarioVerdict verdict(const Observation& reference, const Observation& contender,
                               const Changes& changes = {}) {
  return compare({reference}, {contender}, changes).scenarios.at(0);
}

inline std::map<std::string, Verdict> places(const ScenarioVerdict& scenario) {
  std::map<std::string, Verdict> all;
  for (const PlaceVerdict& place : scenario.places) all[place.place] = place.verdict;
  return all;
}

/// A change of 4.6 at one step of every scenario of TCP.
inline Change change(const std::string& step, const nlohmann::json& before,
                     const nlohmann::json& after) {
  Change change;
  change.id = "a-change";
  change.mainline = {4, 6, 0};
  change.moves = {{{"tcp/*"}, step, before, after}};
  return change;
}

}  // namespace brokenpipe
