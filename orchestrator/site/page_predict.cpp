#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "orchestrator/site/matrix.h"
#include "orchestrator/site/page_parts.h"
#include "orchestrator/site/pages.h"
#include "orchestrator/site/predicted.h"
#include "results/describe.h"

/// The page of what kernels answer that nobody has booted: scenarios by versions.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

/// Series that were maintained for years: what runs out there.
constexpr std::array told_series{
    KernelVersion{4, 4, 0},  KernelVersion{4, 9, 0},  KernelVersion{4, 14, 0},
    KernelVersion{4, 19, 0}, KernelVersion{5, 4, 0},  KernelVersion{5, 10, 0},
    KernelVersion{5, 15, 0}, KernelVersion{6, 1, 0},  KernelVersion{6, 6, 0},
    KernelVersion{6, 12, 0}, KernelVersion{6, 18, 0},
};

/// Every version that the changes name or a kernel of the matrix has.
std::vector<KernelVersion> known_versions(const SiteModel& model) {
  std::vector<KernelVersion> known;
  for (const Change& change : model.changes.changes) {
    known.push_back(change.mainline);
    known.insert(known.end(), change.stable.begin(), change.stable.end());
    known.insert(known.end(), change.until_stable.begin(), change.until_stable.end());
  }
  for (const SiteKernel& kernel : model.kernels)
    if (const auto version = version_of(kernel.result().kernel)) known.push_back(*version);
  return known;
}

/// The newest release of each series that is told, and of all, as far as anybody here knows.
std::vector<KernelVersion> told_versions(const SiteModel& model) {
  const std::vector<KernelVersion> known = known_versions(model);
  std::vector<KernelVersion> told(told_series.begin(), told_series.end());
  for (KernelVersion& newest : told)
    for (const KernelVersion& version : known)
      if (version.major == newest.major && version.minor == newest.minor)
        newest = std::max(newest, version);
  if (!known.empty()) {
    const KernelVersion last = *std::max_element(known.begin(), known.end());
    std::erase_if(told, [&](const KernelVersion& version) { return version >= last; });
    told.push_back(last);
  }
  return told;
}

/// One column of one row: what is predicted for a version.
struct Column {
  KernelVersion version;
  std::optional<PredictedScenario> predicted;
};

const PredictedPlace* told_place(const Column& column, const std::string& place) {
  return column.predicted ? place_of(*column.predicted, place) : nullptr;
}

/// The steps of a prediction as if they had been seen.
Observation as_observation(const PredictedScenario& predicted) {
  Observation observation;
  for (const PredictedPlace& place : predicted.places)
    if (place.place != ending_place && place.made) observation.steps.push_back(place.step);
  return observation;
}

bool differ_at(const std::vector<Column>& columns, const std::string& place) {
  const PredictedPlace* first = nullptr;
  for (const Column& column : columns) {
    const PredictedPlace* here = told_place(column, place);
    if (here == nullptr) continue;
    if (first == nullptr) first = here;
    if (here->seen() != first->seen()) return true;
  }
  return false;
}

/// The place that a row tells: the first that is not the same everywhere; else the telling step of
/// the last version that has the scenario.
std::string place_to_tell(const std::vector<Column>& columns) {
  const Column* last = nullptr;
  for (const Column& column : columns)
    if (column.predicted && !column.predicted->lacks) last = &column;
  if (last == nullptr) return std::string(ending_place);
  for (const PredictedPlace& place : last->predicted->places)
    if (place.place != ending_place && differ_at(columns, place.place)) return place.place;
  return telling_step(as_observation(*last->predicted));
}

/// Whether anything is predicted otherwise than the reference answers.
bool departs(const PredictedScenario& predicted, const Observation& reference) {
  return std::any_of(predicted.places.begin(), predicted.places.end(), [&](const auto& place) {
    if (place.place == ending_place) return place.seen() != ending_step(reference).seen;
    const Step* step = step_of(reference, place.place);
    return place.seen() != (step == nullptr ? nlohmann::json() : step->seen);
  });
}

std::string_view word_of(const Column& column, const Observation* reference) {
  const bool new_to_reference =
      reference == nullptr || reference->ending == ScenarioEnding::unsupported;
  if (!column.predicted) return "unreferenced";
  if (column.predicted->lacks) return new_to_reference ? "absent" : "gone";
  if (new_to_reference) return "new";
  return departs(*column.predicted, *reference) ? "explained" : "same";
}

std::string title_of(const SiteModel& model, const std::string& scenario, const Column& column,
                     const PredictedPlace* place) {
  if (!column.predicted) return "nobody predicts it";
  if (column.predicted->lacks)
    return why_lacking(scenario, *column.predicted, model.changes, column.version,
                       model.reference.kernel.id);
  if (place == nullptr) return {};
  std::string title = fmt::format("predicted: {} ({})",
                                  place->made ? describe(place->step) : place->place + " not made",
                                  basis_of(*column.predicted, *place));
  for (const std::string& id : place->changes)
    if (const Change* change = model.change(id))
      title += fmt::format("; since {}: {}", versions_of(*change), change->subject);
  return title;
}

Json cell_data(const SiteModel& model, const ScenarioInfo& scenario, const Column& column,
               const std::string& telling) {
  const std::string_view word = word_of(column, observation_of(model.reference, scenario.id));
  const PredictedPlace* place = told_place(column, telling);
  std::string text = "–";
  if (column.predicted && column.predicted->lacks)
    text = "n/a";
  else if (place != nullptr && telling == ending_place)
    text = describe_seen(place->step.seen);
  else if (place != nullptr)
    text = place->made ? cell_text(place->step) : "not made";
  return {{"text", text},
          {"word", word},
          {"title", title_of(model, scenario.id, column, place)},
          {"cut", text.size() > 11}};
}

Json row_of(const SiteModel& model, const ScenarioInfo& scenario,
            const std::vector<KernelVersion>& versions) {
  const ScenarioPredictor predictor(model.reference, model.changes, scenario.id);
  std::vector<Column> columns{{{}, predictor.at(version_of(model.reference.kernel))}};
  for (const KernelVersion& version : versions) columns.push_back({version, predictor.at(version)});
  const std::string telling = place_to_tell(columns);
  Json row{{"id", scenario.id},
           {"name", scenario.id.substr(scenario.id.find('/') + 1)},
           {"scenario_page", scenario_page(scenario.id)},
           {"asks", scenario.asks},
           {"step", telling}};
  row["cells"] = Json::array();
  bool moves = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Json cell = cell_data(model, scenario, columns[i], telling);
    moves = moves ||
            (cell["word"] != "same" && cell["word"] != "absent" && cell["word"] != "unreferenced");
    if (i == 0) cell["word"] = "reference";
    row["cells"].push_back(std::move(cell));
  }
  row["steady"] = !moves;
  return row;
}

}  // namespace

Json predict_data(const SiteModel& model) {
  const std::vector<KernelVersion> versions = told_versions(model);
  Json data;
  data["reference"] = model.reference.kernel.id;
  data["versions"] = Json::array();
  for (const KernelVersion& version : versions) data["versions"].push_back(version_text(version));
  data["columns_count"] = versions.size();
  data["legend"] = Json::array();
  for (const VerdictText& verdict : legend)
    for (const char* word : {"same", "explained", "new", "gone", "absent"})
      if (verdict.word == word)
        data["legend"].push_back({{"word", word}, {"meaning", verdict.meaning}});
  data["groups"] = Json::array();
  std::size_t moving = 0;
  for (const ScenarioInfo& scenario : model.scenarios) {
    const std::string family = family_of(scenario.id);
    if (data["groups"].empty() || data["groups"].back()["family"] != family)
      data["groups"].push_back({{"family", family}, {"rows", Json::array()}});
    Json row = row_of(model, scenario, versions);
    moving += row["steady"] == false ? 1 : 0;
    data["groups"].back()["rows"].push_back(std::move(row));
  }
  for (Json& group : data["groups"]) {
    group["rows_count"] = group["rows"].size();
    group["how_many"] = counted(group["rows"].size(), "scenario");
    group["versions"] = data["versions"];
    group["reference"] = data["reference"];
  }
  data["scenarios_count"] = model.scenarios.size();
  data["moving_count"] = moving;
  return data;
}

}  // namespace brokenpipe
