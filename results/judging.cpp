#include "results/judging.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

/// What was seen at a place, null where the step was not made.
Json seen_at(const Observation& observation, const std::string& place) {
  if (place == ending_place) return ending_step(observation).seen;
  const Step* step = step_of(observation, place);
  return step == nullptr ? Json() : step->seen;
}

}  // namespace

bool no_answer(const Observation& observation) {
  return observation.ending == ScenarioEnding::broken ||
         observation.ending == ScenarioEnding::timed_out;
}

bool unsupported(const Observation& observation) {
  return observation.ending == ScenarioEnding::unsupported;
}

bool selected(const std::vector<std::string>& selection, const std::string& scenario) {
  return selection.empty() || std::any_of(selection.begin(), selection.end(),
                                          [&](const auto& g) { return matches(g, scenario); });
}

bool repeats_disagree(const Observation& observation, const std::string& place) {
  const Json seen = seen_at(observation, place);
  return std::any_of(observation.disagreeing.begin(), observation.disagreeing.end(),
                     [&](const Observation& other) { return seen_at(other, place) != seen; });
}

bool lacks_by_evidence(const RunResult& result, const Observation& observation) {
  return !observation.proof.empty() || result.lacks.contains(observation.feature);
}

nlohmann::json seen_of(const std::optional<Step>& step) {
  return step ? step->seen : Json();
}

std::string why(const Observation& observation) {
  return observation.reason.empty()
             ? std::string(to_string(observation.ending))
             : fmt::format("{}: {}", to_string(observation.ending), observation.reason);
}

bool lacks_by_version(const Changes& changes, const std::optional<KernelVersion>& version,
                      const std::string& scenario) {
  if (!version) return false;
  return std::any_of(changes.changes.begin(), changes.changes.end(), [&](const Change& change) {
    const bool brings =
        std::any_of(change.introduces.begin(), change.introduces.end(),
                    [&](const Introduction& one) { return one.answer.scenario == scenario; });
    const bool takes =
        std::any_of(change.removes.begin(), change.removes.end(),
                    [&](const std::string& glob) { return matches(glob, scenario); });
    return (brings || takes) && in_effect(change, *version) == takes;
  });
}

bool unheard(const RunResult& result, const std::string& place) {
  return !result.guest.kernel_log && place.starts_with("kernel#");
}

bool knows_not(const RunResult& result) {
  return result.from_sources || vouches_for_all(result.guest.ending);
}

std::string why_unreached(const GuestRun& guest) {
  return fmt::format("the guest did not get to it ({})",
                     guest.reason.empty()
                         ? std::string(to_string(guest.ending))
                         : fmt::format("{}: {}", to_string(guest.ending), guest.reason));
}

ScenarioVerdict whole(ScenarioVerdict scenario, Verdict verdict, Standing standing,
                      std::string reason) {
  scenario.verdict = verdict;
  scenario.standing = standing;
  scenario.reason = std::move(reason);
  for (PlaceVerdict& place : scenario.places) {
    place.verdict = verdict;
    place.standing = standing;
  }
  return scenario;
}

void sum_up(ScenarioVerdict& scenario) {
  const auto any = [&](Verdict verdict) {
    return std::any_of(scenario.places.begin(), scenario.places.end(),
                       [&](const PlaceVerdict& place) { return place.verdict == verdict; });
  };
  for (const Verdict verdict :
       {Verdict::flaky, Verdict::differs, Verdict::unreferenced, Verdict::added}) {
    if (!any(verdict)) continue;
    scenario.verdict = verdict;
    break;
  }
  for (const PlaceVerdict& place : scenario.places)
    if (place.verdict != Verdict::not_asked)
      scenario.standing = std::max(scenario.standing, place.standing);
}

}  // namespace brokenpipe
