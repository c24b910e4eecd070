#include "orchestrator/site/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/base/text.h"
#include "results/describe.h"
#include "results/judging.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

/// `lacks`: that it is unsupported is an answer, for there is evidence of it.
Json trace_json(const Observation& observation, bool lacks) {
  Json steps = Json::array();
  for (const Step& step : observation.steps)
    steps.push_back(Json::array({step.id, describe_seen(step.seen)}));
  Json trace{{"ending", to_string(observation.ending)},
             {"told", describe_seen(ending_step(observation).seen)},
             {"reason", observation.reason},
             {"steps", std::move(steps)}};
  if (lacks) trace["lacks"] = true;
  if (!observation.disagreeing.empty()) {
    trace["disagreeing"] = Json::array();
    for (const Observation& other : observation.disagreeing)
      trace["disagreeing"].push_back(trace_json(other, false));
  }
  return trace;
}

Json number_json(const KernelVersion& version) {
  return Json::array({version.major, version.minor, version.patch});
}

Json numbers_json(const std::vector<KernelVersion>& versions) {
  Json numbers = Json::array();
  for (const KernelVersion& version : versions) numbers.push_back(number_json(version));
  return numbers;
}

bool is_about(const Move& move, const std::string& scenario) {
  return std::any_of(move.scenarios.begin(), move.scenarios.end(),
                     [&](const std::string& glob) { return matches(glob, scenario); });
}

/// Every move in a scenario: change, place, and what it was and became.
Json moves_json(const Changes& changes, const std::string& scenario) {
  Json moves = Json::array();
  for (std::size_t i = 0; i < changes.changes.size(); ++i)
    for (const Move& move : changes.changes[i].moves)
      if (is_about(move, scenario))
        moves.push_back(
            Json::array({i, move.step, describe_seen(move.before), describe_seen(move.after)}));
  return moves;
}

}  // namespace

void Comparable::add(const RunResult& result, const std::string& run, const std::string& started) {
  Result kept{run, started, result.kernel, result.probe, knows_not(result), result.guest.kernel_log,
              {}};
  const auto version = version_of(result.kernel);
  for (const Observation& observation : result.observations) {
    // Whatever a guest said, what is written is UTF-8.
    const bool lacks =
        unsupported(observation) && (lacks_by_evidence(result, observation) ||
                                     lacks_by_version(*changes_, version, observation.scenario));
    const std::string trace = json_dump(trace_json(observation, lacks));
    std::vector<std::string>& known = traces_[observation.scenario];
    const auto found = std::find(known.begin(), known.end(), trace);
    kept.traces[observation.scenario] = static_cast<std::size_t>(found - known.begin());
    if (found == known.end()) known.push_back(trace);
  }
  results_.push_back(std::move(kept));
}

Json Comparable::json(const SiteModel& model) const {
  Json json;
  const std::vector<Change>& changes = changes_->changes;
  json["changes"] = Json::array();
  for (const Change& change : changes)
    json["changes"].push_back({{"id", change.id},
                               {"commit", commit_of(change)},
                               {"subject", change.subject},
                               {"mainline", number_json(change.mainline)},
                               {"stable", numbers_json(change.stable)},
                               {"until", change.until ? number_json(*change.until) : Json()},
                               {"until_stable", numbers_json(change.until_stable)}});
  json["results"] = Json::array();
  for (const Result& result : results_) {
    Json item{{"run", result.run},
              {"started", result.started},
              {"kernel", result.kernel.id},
              {"release", result.kernel.release},
              {"version", version_text(result.kernel)},
              {"probe", result.probe.sha256},
              {"whole", result.whole},
              {"kernel_log", result.kernel_log}};
    item["number"] = nullptr;
    item["changes"] = Json::array();
    if (const auto version = version_of(result.kernel)) {
      item["number"] = number_json(*version);
      for (std::size_t i = 0; i < changes.size(); ++i)
        if (in_effect(changes[i], *version)) item["changes"].push_back(i);
    }
    // By scenario, in their order: the trace, -1 for none, -2 where it was not asked for.
    item["traces"] = Json::array();
    for (const ScenarioInfo& scenario : model.scenarios) {
      const auto trace = result.traces.find(scenario.id);
      const int none = selected(result.probe.selection, scenario.id) ? -1 : -2;
      item["traces"].push_back(trace == result.traces.end() ? none
                                                            : static_cast<int>(trace->second));
    }
    json["results"].push_back(std::move(item));
  }
  json["scenarios"] = Json::array();
  for (const ScenarioInfo& scenario : model.scenarios) {
    Json item{{"id", scenario.id}, {"page", scenario_page(scenario.id)}};
    item["traces"] = Json::array();
    if (const auto traces = traces_.find(scenario.id); traces != traces_.end())
      for (const std::string& trace : traces->second) item["traces"].push_back(Json::parse(trace));
    item["moves"] = moves_json(*changes_, scenario.id);
    json["scenarios"].push_back(std::move(item));
  }
  return json;
}

}  // namespace brokenpipe
