#include "orchestrator/summary/prediction_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "orchestrator/summary/summary.h"
#include "results/describe.h"

namespace brokenpipe {
namespace {

void add(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

const Change& change_named(const Changes& changes, const std::string& id) {
  return *std::find_if(changes.changes.begin(), changes.changes.end(),
                       [&](const Change& change) { return change.id == id; });
}

bool introduces(const Change& change, const std::string& scenario) {
  return std::any_of(change.introduces.begin(), change.introduces.end(),
                     [&](const Introduction& one) { return one.answer.scenario == scenario; });
}

/// `4.10, 3.16.81: 5ea8ea2cb7f1 tcp/dccp: drop SYN packets if accept queue is full`.
std::string change_line(const Change& change) {
  return fmt::format("{}: {} {}", versions_of(change), commit_of(change), change.subject);
}

/// What the reference has at a place, for the reader who knows it.
std::string reference_at(const RunResult& reference, const std::string& scenario,
                         const std::string& place) {
  const Observation* observation = observation_of(reference, scenario);
  if (observation == nullptr) return "not known";
  if (place == ending_place) return describe_seen(ending_step(*observation).seen);
  const Step* step = step_of(*observation, place);
  return step == nullptr ? "not made" : describe_seen(step->seen);
}

/// That a scenario is completed is no news; any other ending is an answer.
bool is_told(const PredictedScenario& scenario, const PredictedPlace& place) {
  return place.place != ending_place || place.seen() != nlohmann::json{{"ending", "completed"}} ||
         !moved_by(scenario, place).empty();
}

std::string label_of(const std::string& place) {
  return place.substr(0, place.find('#'));
}

std::string answer_at(const PredictedPlace& place) {
  if (!place.made) return label_of(place.place) + ": not made";
  // The ledger does not word the arguments of a step that a change has brought.
  if (!place.step.basis && place.step.args.empty())
    return fmt::format("{} = {}", label_of(place.place), describe_seen(place.step.seen));
  return describe(place.step);
}

std::string place_line(const PredictionReport& report, const std::string& id,
                       const PredictedScenario& scenario, const PredictedPlace& place) {
  const std::vector<std::string> changes = moved_by(scenario, place);
  const std::string answer = answer_at(place);
  if (changes.empty()) return fmt::format("  {}  [{}]\n", answer, basis_of(scenario, place));
  // The reference has nothing to say of what came later.
  const std::string was =
      scenario.change.empty()
          ? fmt::format("; was {}", reference_at(report.reference, id, place.place))
          : std::string();
  return fmt::format("  {}  [{}{}]\n", answer, fmt::join(changes, ", then "), was);
}

std::string scenario_text(const PredictionReport& report, const std::string& id,
                          const PredictedScenario& scenario) {
  std::string text = id + "\n";
  if (scenario.lacks)
    return text + fmt::format("  {}\n", why_lacking(id, scenario, report.changes, report.version,
                                                    report.reference.kernel.id));
  for (const PredictedPlace& place : scenario.places)
    if (is_told(scenario, place)) text += place_line(report, id, scenario, place);
  for (const std::string& change : changes_of(scenario))
    text += fmt::format("    {}{}: since {}\n", change == scenario.change ? "new by " : "", change,
                        change_line(change_named(report.changes, change)));
  return text;
}

std::string totals_text(const Prediction& prediction) {
  const PredictionTotals totals = totals_of(prediction);
  std::vector<std::string> parts;
  for (const auto& [basis, count] : totals.by_basis)
    parts.push_back(fmt::format("{} {}", count, basis));
  return fmt::format("{}, {} of them lacking. {}{}{}.\n", counted(totals.scenarios, "scenario"),
                     totals.lacking, counted(totals.steps, "step"), parts.empty() ? "" : ": ",
                     fmt::join(parts, ", "));
}

}  // namespace

std::string version_text(const KernelVersion& version) {
  return version.patch == 0 ? fmt::format("{}.{}", version.major, version.minor)
                            : fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

std::vector<std::string> moved_by(const PredictedScenario& scenario, const PredictedPlace& place) {
  std::vector<std::string> moves = place.changes;
  std::erase(moves, scenario.change);
  return moves;
}

std::string basis_of(const PredictedScenario& scenario, const PredictedPlace& place) {
  if (!moved_by(scenario, place).empty()) return std::string(to_string(Basis::derived));
  if (scenario.recorded_on)
    return fmt::format("recorded on {}", version_text(*scenario.recorded_on));
  // A reference that does not say is a run.
  return std::string(to_string(place.step.basis.value_or(Basis::recorded)));
}

std::vector<std::string> changes_of(const PredictedScenario& scenario) {
  std::vector<std::string> all;
  if (!scenario.change.empty()) all.push_back(scenario.change);
  for (const PredictedPlace& place : scenario.places)
    for (const std::string& id : place.changes) add(all, id);
  return all;
}

const Change* still_to_come(const std::string& scenario, const Changes& changes,
                            const KernelVersion& version) {
  const Change* first = nullptr;
  for (const Change& change : changes.changes) {
    const bool later = introduces(change, scenario) && !in_effect(change, version);
    if (later && change.mainline > version &&
        (first == nullptr || change.mainline < first->mainline))
      first = &change;
  }
  return first;
}

std::string why_lacking(const std::string& scenario, const PredictedScenario& predicted,
                        const Changes& changes, const KernelVersion& version,
                        const std::string& reference) {
  if (!predicted.change.empty()) {
    const Change& change = change_named(changes, predicted.change);
    if (in_effect(change, version))
      return fmt::format("lacks it by {}: since {}", change.id, change_line(change));
  }
  const std::string like =
      predicted.change.empty() ? fmt::format(", as {} does", reference) : std::string();
  const Change* coming = still_to_come(scenario, changes, version);
  if (coming == nullptr) return fmt::format("lacks it{}; no known change brings it", like);
  return fmt::format("lacks it{}; {} brings it: {}", like, coming->id, change_line(*coming));
}

PredictionTotals totals_of(const Prediction& prediction) {
  PredictionTotals totals;
  for (const auto& [id, scenario] : prediction) {
    ++totals.scenarios;
    totals.lacking += scenario.lacks ? 1 : 0;
    for (const PredictedPlace& place : scenario.places) {
      if (place.place == ending_place || !place.made) continue;
      ++totals.steps;
      ++totals.by_basis[basis_of(scenario, place)];
    }
  }
  return totals;
}

Prediction only_moved(Prediction prediction) {
  for (auto& [id, scenario] : prediction)
    std::erase_if(scenario.places,
                  [](const PredictedPlace& place) { return place.changes.empty(); });
  std::erase_if(prediction, [](const auto& known) {
    return known.second.change.empty() && known.second.places.empty();
  });
  return prediction;
}

std::string prediction_text(const PredictionReport& report) {
  std::string text = fmt::format("Linux {}, as {} and the changes between the two predict it.\n\n",
                                 version_text(report.version), report.reference.kernel.id);
  for (const auto& [id, scenario] : report.prediction)
    text += scenario_text(report, id, scenario) + "\n";
  return text + totals_text(report.prediction);
}

}  // namespace brokenpipe
