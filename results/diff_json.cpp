#include "results/diff.h"
#include "results/predict.h"

/// The file form of a diff: results/schema/diff.json.
namespace brokenpipe {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson to_json(const Totals& totals) {
  return {{"same", totals.same},
          {"explained", totals.explained},
          {"new", totals.added},
          {"gone", totals.gone},
          {"absent", totals.absent},
          {"unexplained", totals.unexplained},
          {"ahead", totals.ahead},
          {"behind", totals.behind},
          {"recorded_here", totals.recorded_here},
          {"not_asked", totals.not_asked},
          {"inconclusive", totals.inconclusive},
          {"flaky", totals.flaky},
          {"unreferenced", totals.unreferenced}};
}

OrderedJson to_json(const PlaceVerdict& place) {
  OrderedJson json;
  json["place"] = place.place;
  json["verdict"] = to_string(place.verdict);
  json["standing"] = to_string(place.standing);
  // An ending is no step: only what was seen of it stands in a file.
  const auto value = [&](const std::optional<Step>& step) -> OrderedJson {
    if (!step) return nullptr;
    return place.place == ending_place ? OrderedJson(step->seen) : to_json(*step);
  };
  json["expected"] = value(place.expected);
  json["got"] = value(place.got);
  if (place.predicted) json["predicted"] = value(place.predicted);
  if (place.departs()) json["changes"] = place.changes;
  if (!place.predicted_by.empty()) json["predicted_by"] = place.predicted_by;
  if (place.basis) json["basis"] = to_string(*place.basis);
  return json;
}

}  // namespace

nlohmann::ordered_json to_json(const Diff& diff) {
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
    item["standing"] = to_string(scenario.standing);
    if (!scenario.reason.empty()) item["reason"] = scenario.reason;
    if (!scenario.waiver.empty()) item["waiver"] = scenario.waiver;
    item["places"] = OrderedJson::array();
    for (const PlaceVerdict& place : scenario.places)
      if (place.verdict != Verdict::same || place.standing != Standing::predicted)
        item["places"].push_back(to_json(place));
    json["scenarios"].push_back(std::move(item));
  }
  json["idle"] = OrderedJson::array();
  for (const IdleMove& idle : diff.idle)
    json["idle"].push_back(
        {{"change", idle.change}, {"scenarios", idle.scenarios}, {"step", idle.step}});
  return json;
}

}  // namespace brokenpipe
