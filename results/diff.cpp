#include "results/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "results/base/json_file.h"
#include "results/explanations.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* ending_place = "ending";

constexpr Words<Verdict, 7> verdicts{{
    {Verdict::same, "same"},
    {Verdict::differs, "differs"},
    {Verdict::added, "new"},
    {Verdict::gone, "gone"},
    {Verdict::inconclusive, "inconclusive"},
    {Verdict::flaky, "flaky"},
    {Verdict::unreferenced, "unreferenced"},
}};

bool no_answer(const Observation& observation) {
  return observation.ending == ScenarioEnding::broken ||
         observation.ending == ScenarioEnding::timed_out;
}

bool unsupported(const Observation& observation) {
  return observation.ending == ScenarioEnding::unsupported;
}

/// A scenario's ending in the shape of a step, so that it is compared and explained like one.
Step ending_of(const Observation& observation) {
  Step step;
  step.id = ending_place;
  step.call = ending_place;
  step.seen = {{"ending", to_string(observation.ending)}};
  if (!observation.signal.empty()) step.seen["signal"] = observation.signal;
  return step;
}

/// What was seen at a place, null where the step was not made.
Json seen_at(const Observation& observation, const std::string& place) {
  if (place == ending_place) return ending_of(observation).seen;
  const Step* step = step_of(observation, place);
  return step == nullptr ? Json() : step->seen;
}

bool repeats_disagree(const Observation& observation, const std::string& place) {
  const Json seen = seen_at(observation, place);
  return std::any_of(observation.disagreeing.begin(), observation.disagreeing.end(),
                     [&](const Observation& other) { return seen_at(other, place) != seen; });
}

std::string why(const Observation& observation) {
  return observation.reason.empty()
             ? std::string(to_string(observation.ending))
             : fmt::format("{}: {}", to_string(observation.ending), observation.reason);
}

std::string why_unanswered(const GuestRun& guest) {
  if (vouches_for_all(guest.ending)) return "the probe does not have this scenario";
  return fmt::format("the guest did not get to it ({})",
                     guest.reason.empty()
                         ? std::string(to_string(guest.ending))
                         : fmt::format("{}: {}", to_string(guest.ending), guest.reason));
}

bool selected(const std::vector<std::string>& selection, const std::string& scenario) {
  return selection.empty() || std::any_of(selection.begin(), selection.end(),
                                          [&](const auto& g) { return matches(g, scenario); });
}

/// The places of two observations, either of which may be lacking, without a verdict: the ending
/// where both have one, the contender's steps in its order, then those that only the reference
/// has.
std::vector<PlaceVerdict> pair_places(const Observation* reference, const Observation* contender) {
  std::vector<PlaceVerdict> places;
  if (reference != nullptr && contender != nullptr)
    places.push_back(
        {ending_place, Verdict::same, ending_of(*reference), ending_of(*contender), {}});
  if (contender != nullptr) {
    for (const Step& step : contender->steps) {
      PlaceVerdict place{step.id, Verdict::same, std::nullopt, step, {}};
      if (reference != nullptr)
        if (const Step* expected = step_of(*reference, step.id)) place.expected = *expected;
      places.push_back(std::move(place));
    }
  }
  if (reference != nullptr) {
    for (const Step& step : reference->steps)
      if (contender == nullptr || step_of(*contender, step.id) == nullptr)
        places.push_back({step.id, Verdict::same, step, std::nullopt, {}});
  }
  return places;
}

/// A scenario that has one verdict as a whole.
ScenarioVerdict whole(ScenarioVerdict scenario, Verdict verdict, std::string reason) {
  scenario.verdict = verdict;
  scenario.reason = std::move(reason);
  for (PlaceVerdict& place : scenario.places) place.verdict = verdict;
  return scenario;
}

/// `whole`: the reference has every step that the contender's probe makes, so that what is not
/// there was not made.
void judge_place(PlaceVerdict& place, const std::string& scenario, const Observation& reference,
                 const Observation& contender, bool whole, Explanations& explanations) {
  if (repeats_disagree(reference, place.place) || repeats_disagree(contender, place.place)) {
    place.verdict = Verdict::flaky;
    return;
  }
  if (!place.expected && !whole) {
    place.verdict = Verdict::unreferenced;
    return;
  }
  const Json expected = place.expected ? place.expected->seen : Json();
  const Json got = place.got ? place.got->seen : Json();
  if (expected == got) {
    explanations.unchanged(scenario, place.place, got);
    return;
  }
  place.verdict = Verdict::differs;
  place.changes = explanations.explain(scenario, place.place, expected, got);
}

/// The verdict of a scenario whose places were judged one by one: the most telling of theirs.
void sum_up(ScenarioVerdict& scenario) {
  const auto any = [&](auto&& is) {
    return std::any_of(scenario.places.begin(), scenario.places.end(), is);
  };
  const auto steps_with = [&](Verdict verdict) {
    return std::count_if(scenario.places.begin(), scenario.places.end(), [&](const auto& p) {
      return p.place != ending_place && p.verdict == verdict;
    });
  };
  if (any([](const PlaceVerdict& p) { return p.verdict == Verdict::flaky; })) {
    scenario.verdict = Verdict::flaky;
  } else if (any([](const PlaceVerdict& p) { return p.verdict == Verdict::differs; })) {
    scenario.verdict = Verdict::differs;
    scenario.explained = !any([](const PlaceVerdict& p) { return p.unexplained(); });
  } else if (steps_with(Verdict::unreferenced) > 0 && steps_with(Verdict::same) == 0) {
    scenario.verdict = Verdict::unreferenced;
  }
}

ScenarioVerdict judge(const std::string& id, const Observation* reference,
                      const Observation* contender, const RunResult& from, const RunResult& to,
                      Explanations& explanations) {
  ScenarioVerdict scenario;
  scenario.scenario = id;
  scenario.places = pair_places(reference, contender);
  if (contender == nullptr)
    return whole(std::move(scenario), Verdict::inconclusive, why_unanswered(to.guest));
  if (no_answer(*contender))
    return whole(std::move(scenario), Verdict::inconclusive, why(*contender));
  if (reference == nullptr && !contender->disagreeing.empty())
    return whole(std::move(scenario), Verdict::flaky, {});
  if (reference == nullptr) {
    const bool due = !from.from_sources && !vouches_for_all(from.guest.ending) &&
                     selected(from.probe.selection, id);
    return due ? whole(std::move(scenario), Verdict::inconclusive,
                       "nothing to hold it against: " + why_unanswered(from.guest))
               : whole(std::move(scenario), Verdict::unreferenced, {});
  }
  if (no_answer(*reference))
    return whole(std::move(scenario), Verdict::inconclusive,
                 "nothing to hold it against: " + why(*reference));

  const bool repeated_alike = contender->disagreeing.empty() && reference->disagreeing.empty();
  if (repeated_alike && unsupported(*reference) && !unsupported(*contender))
    return whole(std::move(scenario), Verdict::added, reference->reason);
  if (repeated_alike && unsupported(*contender) && !unsupported(*reference))
    return whole(std::move(scenario), Verdict::gone, contender->reason);

  // Where neither had what the scenario needs, no change could show.
  if (!unsupported(*reference) || !unsupported(*contender)) explanations.compared(id);
  const bool same_probe = !from.from_sources && from.probe.sha256 == to.probe.sha256;
  for (PlaceVerdict& place : scenario.places)
    judge_place(place, id, *reference, *contender, same_probe, explanations);
  sum_up(scenario);
  return scenario;
}

void count(Totals& totals, Verdict verdict, bool explained) {
  switch (verdict) {
    case Verdict::same:
      ++totals.same;
      break;
    case Verdict::differs:
      ++(explained ? totals.explained : totals.unexplained);
      break;
    case Verdict::added:
      ++totals.added;
      break;
    case Verdict::gone:
      ++totals.gone;
      break;
    case Verdict::inconclusive:
      ++totals.inconclusive;
      break;
    case Verdict::flaky:
      ++totals.flaky;
      break;
    case Verdict::unreferenced:
      ++totals.unreferenced;
      break;
  }
}

OrderedJson to_json(const Totals& totals) {
  return {{"same", totals.same},
          {"explained", totals.explained},
          {"unexplained", totals.unexplained},
          {"new", totals.added},
          {"gone", totals.gone},
          {"inconclusive", totals.inconclusive},
          {"flaky", totals.flaky},
          {"unreferenced", totals.unreferenced}};
}

OrderedJson to_json(const PlaceVerdict& place) {
  OrderedJson json;
  json["place"] = place.place;
  json["verdict"] = to_string(place.verdict);
  // An ending is no step: only what was seen of it stands in a file.
  const auto value = [&](const std::optional<Step>& step) -> OrderedJson {
    if (!step) return nullptr;
    return place.place == ending_place ? OrderedJson(step->seen) : to_json(*step);
  };
  json["expected"] = value(place.expected);
  json["got"] = value(place.got);
  if (place.verdict == Verdict::differs) json["changes"] = place.changes;
  return json;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  return word_for(verdicts, verdict);
}

Totals& operator+=(Totals& sum, const Totals& more) {
  sum.same += more.same;
  sum.explained += more.explained;
  sum.unexplained += more.unexplained;
  sum.added += more.added;
  sum.gone += more.gone;
  sum.inconclusive += more.inconclusive;
  sum.flaky += more.flaky;
  sum.unreferenced += more.unreferenced;
  return sum;
}

Diff diff(const RunResult& reference, const RunResult& contender, const Changes& changes) {
  struct Pair {
    const Observation* reference = nullptr;
    const Observation* contender = nullptr;
  };
  std::map<std::string, Pair> pairs;
  for (const Observation& observation : reference.observations)
    if (selected(contender.probe.selection, observation.scenario))
      pairs[observation.scenario].reference = &observation;
  for (const Observation& observation : contender.observations)
    pairs[observation.scenario].contender = &observation;

  Diff diff;
  diff.reference = reference.kernel;
  diff.contender = contender.kernel;
  Explanations explanations(changes, reference.kernel, contender.kernel);
  for (const auto& [id, pair] : pairs) {
    diff.scenarios.push_back(
        judge(id, pair.reference, pair.contender, reference, contender, explanations));
    const ScenarioVerdict& scenario = diff.scenarios.back();
    count(diff.scenario_totals, scenario.verdict, scenario.explained);
    for (const PlaceVerdict& place : scenario.places)
      if (place.place != ending_place) count(diff.step_totals, place.verdict, !place.unexplained());
  }
  diff.idle = explanations.idle();
  return diff;
}

const ScenarioVerdict* verdict_of(const Diff& diff, std::string_view scenario) {
  const auto found = std::lower_bound(
      diff.scenarios.begin(), diff.scenarios.end(), scenario,
      [](const ScenarioVerdict& verdict, std::string_view id) { return verdict.scenario < id; });
  return found == diff.scenarios.end() || found->scenario != scenario ? nullptr : &*found;
}

ExitCode exit_code(const Diff& diff) {
  const Totals& totals = diff.scenario_totals;
  const std::size_t answered =
      totals.same + totals.explained + totals.unexplained + totals.flaky + totals.added;
  if (totals.inconclusive > 0 || answered == 0) return ExitCode::incomplete;
  if (totals.unexplained > 0 || totals.flaky > 0) return ExitCode::differs;
  return ExitCode::as_reference;
}

OrderedJson to_json(const Diff& diff) {
  OrderedJson json;
  json["schema"] = Diff::schema;
  json["reference"] = to_json(diff.reference);
  json["contender"] = to_json(diff.contender);
  json["totals"] = {{"scenarios", to_json(diff.scenario_totals)},
                    {"steps", to_json(diff.step_totals)}};
  json["scenarios"] = OrderedJson::array();
  for (const ScenarioVerdict& scenario : diff.scenarios) {
    OrderedJson item;
    item["scenario"] = scenario.scenario;
    item["verdict"] = to_string(scenario.verdict);
    if (scenario.verdict == Verdict::differs) item["explained"] = scenario.explained;
    if (!scenario.reason.empty()) item["reason"] = scenario.reason;
    item["places"] = OrderedJson::array();
    for (const PlaceVerdict& place : scenario.places)
      if (place.verdict != Verdict::same) item["places"].push_back(to_json(place));
    json["scenarios"].push_back(std::move(item));
  }
  json["idle"] = OrderedJson::array();
  for (const IdleMove& idle : diff.idle)
    json["idle"].push_back(
        {{"change", idle.change}, {"scenarios", idle.scenarios}, {"step", idle.step}});
  return json;
}

}  // namespace brokenpipe
