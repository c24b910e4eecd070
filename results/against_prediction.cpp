#include <algorithm>
#include <utility>

#include "results/judging.h"

/// The rule for a kernel that is held against a reference: green is what was predicted.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

const Move* move_at(const Change& change, const std::string& scenario, const std::string& place,
                    const Json Move::*side, const Json& value) {
  const auto found = std::find_if(change.moves.begin(), change.moves.end(), [&](const Move& move) {
    return move.step == place && move.*side == value &&
           std::any_of(move.scenarios.begin(), move.scenarios.end(),
                       [&](const std::string& glob) { return matches(glob, scenario); });
  });
  return found == change.moves.end() ? nullptr : &*found;
}

/// The changes that must be taken back from what is predicted to come to what was seen; none where
/// that does not lead there.
std::vector<std::string> changes_back(const Changes& changes, const std::string& scenario,
                                      const PredictedPlace& predicted, const Json& got) {
  std::vector<std::string> taken_back;
  Json value = predicted.seen();
  for (auto id = predicted.changes.rbegin(); id != predicted.changes.rend(); ++id) {
    const auto change = std::find_if(changes.changes.begin(), changes.changes.end(),
                                     [&](const Change& c) { return c.id == *id; });
    const Move* move = move_at(*change, scenario, predicted.place, &Move::after, value);
    if (move == nullptr) return {};
    taken_back.insert(taken_back.begin(), *id);
    value = move->before;
    if (value == got) return taken_back;
  }
  return {};
}

/// The changes that the version does not have and that lead on from what is predicted to what was
/// seen; none where none do.
std::vector<std::string> changes_on(const Changes& changes, const std::string& scenario,
                                    const PredictedPlace& predicted,
                                    const std::optional<KernelVersion>& version, const Json& got) {
  std::vector<std::string> added;
  Json value = predicted.seen();
  for (const Change& change : changes.changes) {
    if (version && in_effect(change, *version)) continue;
    const Move* move = move_at(change, scenario, predicted.place, &Move::before, value);
    if (move == nullptr) continue;
    added.push_back(change.id);
    value = move->after;
    if (value == got) return added;
  }
  return {};
}

/// A change has moved it, after the reference or the introduction.
bool was_moved(const PredictedPlace& place, const PredictedScenario& scenario) {
  return !place.changes.empty() && place.changes.back() != scenario.change;
}

/// What a predicted step rests on: a move stands on the source that made the change, as a
/// derivation does.
std::optional<Basis> basis_of(const PredictedPlace& place, const PredictedScenario& scenario) {
  return was_moved(place, scenario) ? Basis::derived : place.step.basis;
}

void add_what_only_is_predicted(ScenarioVerdict& scenario, const PredictedScenario& predicted) {
  for (const PredictedPlace& place : predicted.places) {
    const bool known =
        std::any_of(scenario.places.begin(), scenario.places.end(),
                    [&](const PlaceVerdict& other) { return other.place == place.place; });
    if (!known && place.made)
      scenario.places.push_back({place.place, Verdict::same, std::nullopt, std::nullopt, {}});
  }
}

}  // namespace

AgainstPrediction::AgainstPrediction(const RunResult& reference, const RunResult& contender,
                                     const Changes& changes)
    : changes_(&changes),
      contender_(&contender),
      version_(version_of(contender.kernel)),
      same_probe_(!reference.from_sources && reference.probe.sha256 == contender.probe.sha256),
      prediction_(predict(reference, changes, version_)) {}

ScenarioVerdict AgainstPrediction::judge(ScenarioVerdict scenario, const Observation* reference,
                                         const Observation& contender) const {
  const auto known = prediction_.find(scenario.scenario);
  const PredictedScenario* predicted = known == prediction_.end() ? nullptr : &known->second;
  const bool new_to_reference = reference == nullptr || unsupported(*reference);
  const bool alike = contender.disagreeing.empty();
  if (!alike && (unsupported(contender) || predicted == nullptr || predicted->lacks))
    return whole(std::move(scenario), Verdict::flaky, Standing::unjudged, {});
  if (unsupported(contender)) {
    const bool lacks =
        (predicted != nullptr && predicted->lacks) || lacks_by_evidence(*contender_, contender);
    if (!lacks)
      return whole(std::move(scenario), Verdict::not_asked, Standing::unjudged, contender.reason);
    return whole(std::move(scenario), new_to_reference ? Verdict::absent : Verdict::gone,
                 Standing::predicted, contender.reason);
  }
  if (predicted == nullptr)
    return whole(std::move(scenario), Verdict::unreferenced, Standing::unjudged, {});
  if (predicted->lacks) {
    scenario = whole(std::move(scenario), new_to_reference ? Verdict::added : Verdict::differs,
                     Standing::unexplained, "nobody before it has this");
    if (!predicted->change.empty())
      for (PlaceVerdict& place : scenario.places) place.predicted_by = {predicted->change};
    return scenario;
  }
  if (new_to_reference && reference != nullptr) scenario.reason = reference->reason;
  add_what_only_is_predicted(scenario, *predicted);
  for (PlaceVerdict& place : scenario.places)
    judge_place(place, scenario.scenario, new_to_reference, *predicted, contender);
  sum_up(scenario);
  return scenario;
}

void AgainstPrediction::judge_place(PlaceVerdict& place, const std::string& scenario,
                                    bool new_to_reference, const PredictedScenario& predicted,
                                    const Observation& contender) const {
  if (repeats_disagree(contender, place.place)) {
    place.verdict = Verdict::flaky;
    place.standing = Standing::unjudged;
    return;
  }
  if (!place.got && unheard(*contender_, place.place)) {
    place.verdict = Verdict::not_asked;
    place.standing = Standing::unjudged;
    return;
  }
  const Json got = seen_of(place.got);
  if (new_to_reference) {
    place.verdict = Verdict::added;
  } else {
    place.verdict = seen_of(place.expected) == got ? Verdict::same : Verdict::differs;
  }
  const PredictedPlace* expected = place_of(predicted, place.place);
  if (expected == nullptr) {
    // What the kernel itself reports is predicted, or it is a finding.
    const bool report = place.got && place.got->call == "kernel";
    if (same_probe_ || report) {
      place.standing = Standing::unexplained;
    } else {
      place.verdict = Verdict::unreferenced;
      place.standing = Standing::unjudged;
    }
    return;
  }
  place.basis = basis_of(*expected, predicted);
  if (expected->seen() == got) {
    if (place.verdict != Verdict::same) place.changes = expected->changes;
    const bool as_recorded = predicted.recorded_on.has_value() && expected->changes.size() == 1;
    if (as_recorded && version_ == predicted.recorded_on) place.standing = Standing::recorded_here;
    return;
  }
  if (expected->made) {
    place.predicted = expected->step;
    // Why the reference answers as it does says nothing of what a change has made of it.
    if (was_moved(*expected, predicted)) {
      place.predicted->basis = place.basis;
      place.predicted->lines.clear();
    }
  }
  if (version_tells(contender_->kernel)) {
    place.standing = Standing::unexplained;
  } else {
    place.standing = off_the_version(place, scenario, *expected, got);
  }
  if (place.unexplained()) place.predicted_by = expected->changes;
}

/// Whether it is an answer that the changes know from elsewhere, which the place then names.
Standing AgainstPrediction::off_the_version(PlaceVerdict& place, const std::string& scenario,
                                            const PredictedPlace& expected, const Json& got) const {
  if (auto missing = changes_back(*changes_, scenario, expected, got); !missing.empty()) {
    place.changes = std::move(missing);
    return Standing::behind;
  }
  if (auto extra = changes_on(*changes_, scenario, expected, version_, got); !extra.empty()) {
    place.changes = std::move(extra);
    return Standing::ahead;
  }
  return Standing::unexplained;
}

}  // namespace brokenpipe
