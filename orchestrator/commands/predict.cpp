#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/summary/prediction_text.h"
#include "orchestrator/summary/summary.h"
#include "results/base/error.h"
#include "results/base/json_file.h"
#include "results/base/text.h"
#include "results/scenario_list.h"

/// `brokenpipe predict`: what a kernel of a version answers, for one that nobody has to boot.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string version;
  std::vector<std::string> globs;
  bool moved = false;
  bool json = false;
  std::string against;
};

// A release such as Debian's 6.1.0-47-amd64 is refused: it does not say the point release.
KernelVersion version_named(const std::string& text) {
  static const std::regex whole("[0-9]+[.][0-9]+([.][0-9]+)?(-rc[0-9]+)?");
  const auto version = parse_version(text);
  if (!version || !std::regex_match(text, whole))
    throw UsageError(fmt::format("'{}' is no version of the kernel, such as 4.14 or 6.6.60", text));
  return *version;
}

Prediction selected(Prediction prediction, const std::vector<std::string>& globs) {
  if (globs.empty()) return prediction;
  ScenarioList known;
  for (const auto& [id, scenario] : prediction) known.scenarios.push_back({id, {}, {}, {}});
  Prediction chosen;
  for (const ScenarioInfo& scenario : select_scenarios(known, globs))
    chosen.insert(prediction.extract(scenario.id));
  return chosen;
}

Json versions_json(const std::vector<KernelVersion>& versions) {
  Json json = Json::array();
  for (const KernelVersion& version : versions) json.push_back(version_text(version));
  return json;
}

Json change_json(const Change& change) {
  return {{"id", change.id},
          {"says", change.says},
          {"mainline", version_text(change.mainline)},
          {"stable", versions_json(change.stable)},
          {"until", change.until ? Json(version_text(*change.until)) : Json()},
          {"until_stable", versions_json(change.until_stable)},
          {"commit", change.commit.empty() ? Json() : Json(change.commit)},
          {"subject", change.subject}};
}

// What the reference has at a place; null where it does not make the step.
Json reference_json(const RunResult& reference, const std::string& scenario,
                    const std::string& place) {
  const Observation* observation = observation_of(reference, scenario);
  if (observation == nullptr) return nullptr;
  if (place == ending_place) return ending_step(*observation).seen;
  const Step* step = step_of(*observation, place);
  return step == nullptr ? Json() : Json(step->seen);
}

Json place_json(const PredictionReport& report, const std::string& id,
                const PredictedScenario& scenario, const PredictedPlace& place) {
  const bool moved = !moved_by(scenario, place).empty();
  Json json{{"place", place.place}};
  if (place.place != ending_place) {
    json["call"] = place.step.call;
    json["args"] = place.step.args;
  }
  json["predicted"] = place.seen();
  if (moved && scenario.change.empty())
    json["reference"] = reference_json(report.reference, id, place.place);
  json["changes"] = place.changes;
  json["basis"] = to_string(moved ? Basis::derived : place.step.basis.value_or(Basis::recorded));
  if (!moved && !place.step.lines.empty()) json["lines"] = place.step.lines;
  return json;
}

Json scenario_json(const PredictionReport& report, const std::string& id,
                   const PredictedScenario& scenario) {
  const Change* coming =
      scenario.lacks ? still_to_come(id, report.changes, report.version) : nullptr;
  Json json{
      {"scenario", id},
      {"lacks", scenario.lacks},
      {"change", scenario.change.empty() ? Json() : Json(scenario.change)},
      {"comes_with", coming == nullptr ? Json() : Json(coming->id)},
      {"recorded_on", scenario.recorded_on ? Json(version_text(*scenario.recorded_on)) : Json()}};
  json["places"] = Json::array();
  for (const PredictedPlace& place : scenario.places)
    json["places"].push_back(place_json(report, id, scenario, place));
  return json;
}

// Those that some scenario names, in the ledger's order.
Json changes_json(const PredictionReport& report) {
  std::vector<std::string> named;
  for (const auto& [id, scenario] : report.prediction) {
    const std::vector<std::string> here = changes_of(scenario);
    named.insert(named.end(), here.begin(), here.end());
    const Change* coming =
        scenario.lacks ? still_to_come(id, report.changes, report.version) : nullptr;
    if (coming != nullptr) named.push_back(coming->id);
  }
  Json json = Json::array();
  for (const Change& change : report.changes.changes)
    if (std::find(named.begin(), named.end(), change.id) != named.end())
      json.push_back(change_json(change));
  return json;
}

Json prediction_json(const PredictionReport& report) {
  const PredictionTotals totals = totals_of(report.prediction);
  Json json{{"schema", 1},
            {"version", version_text(report.version)},
            {"reference", to_json(report.reference.kernel)},
            {"totals",
             {{"scenarios", totals.scenarios},
              {"lacking", totals.lacking},
              {"steps", totals.steps},
              {"by_basis", totals.by_basis}}}};
  json["scenarios"] = Json::array();
  for (const auto& [id, scenario] : report.prediction)
    json["scenarios"].push_back(scenario_json(report, id, scenario));
  json["changes"] = changes_json(report);
  return json;
}

int print_prediction(const Options& options) {
  PredictionReport report{
      version_named(options.version), read_reference(options.against), known_changes(), {}};
  report.prediction =
      selected(predict(report.reference, report.changes, report.version), options.globs);
  if (options.moved) report.prediction = only_moved(std::move(report.prediction));
  fmt::print("{}", options.json ? json_text(prediction_json(report))
                                : terminal_lines(prediction_text(report)));
  return exit_done;
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("VERSION", options->version, "As kernel.org numbers releases: 4.14, 6.6.60")
      ->required();
  command.add_option("GLOB", options->globs, "Only the scenarios whose id matches, e.g. 'tcp/*'");
  command.add_flag("--moved", options->moved, "Only what is not as the reference");
  command.add_flag("--json", options->json, "For programs: results/schema/prediction.json");
  command.add_option("--against", options->against,
                     "A reference of your own instead of Linux 3.16");
  return [options] { return print_prediction(*options); };
}

const RegisterCommand predict_command{
    {"predict", "What a kernel of a version answers, without booting one", Purpose::tell, set_up}};

}  // namespace
}  // namespace brokenpipe
