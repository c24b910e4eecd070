#include "orchestrator/campaign/question.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "results/base/error.h"
#include "results/describe.h"
#include "results/diff.h"
#include "results/judging.h"
#include "results/predict.h"

namespace brokenpipe {
namespace {

std::string ending_of(const Observation& seen) {
  const std::string& why = seen.signal.empty() ? seen.reason : seen.signal;
  return fmt::format("{}{}{}", to_string(seen.ending), why.empty() ? "" : ": ", why);
}

/// Nothing where nobody knows what the kernel answers.
std::optional<PredictedScenario> predicted_for(const RunResult& result, const std::string& scenario,
                                               const Expectations& expected) {
  const Prediction prediction =
      predict(expected.reference, expected.changes, version_of(result.kernel));
  const auto found = prediction.find(scenario);
  return found == prediction.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Question question_of(const std::string& words, const std::filesystem::path& probe) {
  const size_t hash = words.find('#');
  const std::string id = words.substr(0, hash);
  const auto scenarios = select_scenarios(list_scenarios(probe), {id});
  if (scenarios.size() != 1) {
    throw UsageError(fmt::format("'{}' is {} scenarios: one has to decide", id, scenarios.size()));
  }
  return {scenarios.front(), hash == std::string::npos ? "" : words.substr(hash + 1)};
}

std::optional<std::string> why_not_asked(const RunResult& result, const Question& question,
                                         const Expectations& expected) {
  const Observation* seen = observation_of(result, question.scenario.id);
  if (seen == nullptr || seen->ending != ScenarioEnding::unsupported) return std::nullopt;
  if (lacks_by_evidence(result, *seen)) return std::nullopt;
  const auto predicted = predicted_for(result, question.scenario.id, expected);
  if (predicted && predicted->lacks) return std::nullopt;
  return fmt::format("it could not be asked: {}", seen->reason);
}

std::optional<std::string> answer_in(const RunResult& result, const Question& question,
                                     const Expectations& expected) {
  const Observation* seen = observation_of(result, question.scenario.id);
  if (seen == nullptr || seen->ending == ScenarioEnding::broken ||
      seen->ending == ScenarioEnding::timed_out || !seen->disagreeing.empty() ||
      why_not_asked(result, question, expected)) {
    return std::nullopt;
  }
  nlohmann::json all = nlohmann::json::array();
  for (const Step& step : seen->steps) {
    if (question.step.empty() || step.id == question.step) all.push_back({step.id, step.seen});
  }
  if (question.step.empty() || all.empty()) {
    all.push_back({std::string(to_string(seen->ending)), seen->signal});
  }
  return all.dump();
}

std::set<std::string> places_that_vary(const std::vector<const Observation*>& answers) {
  std::set<std::string> places;
  for (const Observation* answer : answers) {
    for (const Observation* other : answers) {
      for (const Step& step : answer->steps) {
        const Step* same = step_of(*other, step.id);
        if (same == nullptr || same->seen != step.seen) places.insert(step.id);
      }
      if (std::tie(answer->ending, answer->signal) != std::tie(other->ending, other->signal)) {
        places.emplace(ending_place);
      }
    }
  }
  return places;
}

std::string told(const Observation& seen, const Question& question,
                 const std::set<std::string>& places) {
  const auto is_told = [&](const std::string& place) {
    return question.step.empty() ? places.empty() || places.contains(place)
                                 : place == question.step;
  };
  std::vector<std::string> parts;
  for (const Step& step : seen.steps) {
    if (is_told(step.id)) parts.push_back(describe(step));
  }
  if (parts.empty() ||
      (is_told(std::string(ending_place)) && seen.ending != ScenarioEnding::completed)) {
    parts.push_back(ending_of(seen));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

Explanation explain(const RunResult& older, const RunResult& newer, const Question& question,
                    const Expectations& expected) {
  Explanation explanation;
  const auto known_by = [&](const std::string& id) -> Explanation::Known& {
    auto& known = explanation.known;
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.change == id; });
    return found == known.end() ? known.emplace_back(Explanation::Known{id, {}}) : *found;
  };
  const Diff compared = diff(older, newer, expected.changes);
  const ScenarioVerdict* verdict = verdict_of(compared, question.scenario.id);
  if (verdict == nullptr) return explanation;
  const bool lacking = verdict->verdict == Verdict::added || verdict->verdict == Verdict::gone ||
                       verdict->verdict == Verdict::not_asked;
  if (lacking) {
    const auto predicted = predicted_for(newer, question.scenario.id, expected);
    if (predicted && !predicted->change.empty()) {
      explanation.known.push_back({predicted->change, {std::string(ending_place)}});
    } else {
      explanation.unexplained.emplace_back(ending_place);
    }
    return explanation;
  }
  for (const PlaceVerdict& place : verdict->places) {
    if (place.verdict == Verdict::same) continue;
    if (!question.step.empty() && place.place != question.step) continue;
    for (const std::string& id : place.changes) known_by(id).places.push_back(place.place);
    if (place.changes.empty()) explanation.unexplained.push_back(place.place);
  }
  return explanation;
}

}  // namespace brokenpipe
