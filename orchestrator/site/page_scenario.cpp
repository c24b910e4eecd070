#include "orchestrator/site/pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "orchestrator/site/change_points.h"
#include "orchestrator/site/page_parts.h"
#include "orchestrator/site/predicted.h"
#include "orchestrator/site/story.h"
#include "results/describe.h"
#include "results/judging.h"

/// The page of a scenario: its story, every trace, and where its answers change.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

Json causes_data(const SiteModel& model, const std::vector<Cause>& causes) {
  Json data = Json::array();
  for (const Cause& cause : causes)
    if (const Change* change = model.change(cause.change)) {
      data.push_back(change_data(*change));
      data.back()["lacking"] = cause.lacking;
    }
  return data;
}

/// `a; b; c` as a list: the grounds of a derived step are told one after the other.
Json split_lines(const std::string& lines) {
  Json list = Json::array();
  std::string rest = lines;
  for (auto at = rest.find("; "); at != std::string::npos; at = rest.find("; ")) {
    list.push_back(rest.substr(0, at));
    rest = rest.substr(at + 2);
  }
  if (!rest.empty()) list.push_back(rest);
  return list;
}

/// The changes that show in a scenario, in the order of the file, and the kernels on which each
/// does.
Json changes_in(const SiteModel& model, const std::string& scenario) {
  const auto shown = changes_shown(model, scenario);
  Json data = Json::array();
  for (const Change& change : model.changes.changes) {
    const auto here = shown.find(change.id);
    if (here == shown.end()) continue;
    data.push_back(change_data(change));
    data.back()["kernels"] = kernel_links(model, here->second);
  }
  return data;
}

/// What a reader has to know first; null where nobody has told it.
Json rules_data(const SiteModel& model, const ScenarioInfo& scenario) {
  const auto story = model.stories.find(scenario.story);
  if (story == model.stories.end()) return nullptr;
  const auto& [opening, rules, closing] = story->second;
  return {{"opening", opening}, {"list", rules}, {"closing", closing}};
}

Json story_data(const SiteModel& model, const std::string& scenario) {
  const Observation* told = observation_of(model.reference, scenario);
  Json steps = Json::array();
  if (told != nullptr)
    for (const Step& step : told->steps) {
      const Json lines = split_lines(step.lines);
      steps.push_back({{"sentence", narrate(step)},
                       {"step", step.id},
                       {"basis", step.basis ? to_string(*step.basis) : std::string_view()},
                       {"lines", lines},
                       {"has_lines", !lines.empty()}});
    }
  return steps;
}

std::string ending_text(const Observation& observation) {
  const std::string by = observation.signal.empty() ? "" : " by " + observation.signal;
  return std::string(to_string(observation.ending)) + by;
}

Json ending_data(const Observation& observation) {
  return {{"ending", ending_text(observation)},
          {"reason", observation.reason},
          {"basis", observation.basis ? to_string(*observation.basis) : std::string_view()},
          {"lines", split_lines(observation.lines)},
          {"has_lines", !observation.lines.empty()}};
}

std::string_view place_word(const ScenarioVerdict* verdict, const std::string& place) {
  if (verdict == nullptr) return verdict_word(verdict);
  const PlaceVerdict* judged = place_verdict(verdict, place);
  if (judged != nullptr) return cell_word(judged->verdict, judged->standing);
  return verdict->verdict == Verdict::differs ? "same" : verdict_word(verdict);
}

/// What was predicted, where a kernel answered something else.
std::string due_text(const ScenarioVerdict* verdict, const std::string& place) {
  const PlaceVerdict* judged = place_verdict(verdict, place);
  if (judged == nullptr || !off_prediction(*judged)) return {};
  const std::optional<Step> due = due_at(*judged);
  return due ? describe_seen(due->seen) : std::string(words_for_none(place));
}

/// The changes of which an answer shows that the kernel has them, or lacks them, against its
/// version.
std::string off_version_text(const ScenarioVerdict* verdict, const std::string& place) {
  const PlaceVerdict* judged = place_verdict(verdict, place);
  if (judged == nullptr) return {};
  if (judged->standing == Standing::ahead)
    return fmt::format("ahead by {}", fmt::join(judged->changes, ", then "));
  if (judged->standing == Standing::behind)
    return fmt::format("behind by {}", fmt::join(judged->changes, ", then "));
  return {};
}

std::string trace_ending(const Observation* observation, const ScenarioVerdict* verdict) {
  if (observation == nullptr) return verdict == nullptr ? "left out" : verdict->reason;
  const bool not_asked = verdict != nullptr && verdict->verdict == Verdict::not_asked;
  const std::string why = observation->reason.empty() ? "" : ": " + observation->reason;
  return (not_asked ? "not asked" : ending_text(*observation)) + why;
}

Json trace_cell(std::string text, const ScenarioVerdict* verdict, const std::string& place) {
  const std::string_view word = place_word(verdict, place);
  return {{"text", std::move(text)},
          {"word", word},
          {"mark", mark_of(word)},
          {"due", due_text(verdict, place)},
          {"off_version", off_version_text(verdict, place)}};
}

Json traces_data(const SiteModel& model, const std::string& scenario) {
  const Observation* reference = observation_of(model.reference, scenario);
  const std::vector<TraceGroup> groups = trace_groups(model, scenario);
  Json data;
  data["reference"] = model.reference.kernel.id;
  data["columns"] = Json::array();
  for (const TraceGroup& group : groups)
    data["columns"].push_back({{"kernels", kernel_links(model, group.kernels)},
                               {"first", group.kernels.front()},
                               {"word", verdict_word(group.verdict)},
                               {"label", label_of(verdict_word(group.verdict))},
                               {"mark", mark_of(verdict_word(group.verdict))}});
  data["rows"] = Json::array();
  for (const std::string& place : merged_places(model, scenario)) {
    const Step* expected = find_step(model.reference, scenario, place);
    const Step* named = expected;
    Json cells = Json::array();
    for (const TraceGroup& group : groups) {
      const Step* step =
          group.observation == nullptr ? nullptr : step_of(*group.observation, place);
      if (named == nullptr) named = step;
      const bool asked = group.observation != nullptr && !group.observation->steps.empty();
      const std::string none(asked ? words_for_none(place) : "");
      cells.push_back(
          trace_cell(step != nullptr ? describe_seen(step->seen) : none, group.verdict, place));
    }
    data["rows"].push_back({{"head", named == nullptr ? place : step_head(*named)},
                            {"step", place},
                            {"expected", expected == nullptr ? "" : describe_seen(expected->seen)},
                            {"cells", cells}});
  }
  Json endings = Json::array();
  for (const TraceGroup& group : groups)
    endings.push_back(trace_cell(trace_ending(group.observation, group.verdict), group.verdict,
                                 std::string(ending_place)));
  data["rows"].push_back(
      {{"head", "ending"},
       {"step", ending_place},
       {"expected", reference == nullptr ? "" : trace_ending(reference, nullptr)},
       {"cells", endings}});
  return data;
}

/// The scenario's row of the matrix, laid out for itself.
Json strip_data(const SiteModel& model, const ScenarioInfo& scenario) {
  const MatrixRow row = matrix_row(model, scenario);
  Json data{{"step", row.place}, {"reference", {{"text", row.reference.text}}}};
  data["cells"] = Json::array();
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    Json cell = kernel_link(model, model.kernels[i].id());
    cell["text"] = row.cells[i].text;
    cell["word"] = row.cells[i].verdict;
    cell["title"] = cell_title(model, row.cells[i]);
    cell["archived"] = model.kernels[i].archived;
    data["cells"].push_back(std::move(cell));
  }
  return data;
}

Json change_points_data(const SiteModel& model, const std::vector<ChangePoints>& all) {
  Json data = Json::array();
  for (const ChangePoints& points : all) {
    Json spans = Json::array();
    for (std::size_t i = 0; i < points.spans.size(); ++i) {
      const Span& span = points.spans[i];
      spans.push_back({{"first", i == 0},
                       {"is_reference", span.reference},
                       {"value", span.value},
                       {"since", since_text(span)},
                       {"releases", releases_text(model, points, i)},
                       {"kernels", kernel_links(model, span.kernels)},
                       {"changes", causes_data(model, span.causes)},
                       {"is_unexplained", !span.unexplained.empty()},
                       {"unexplained", span.unexplained.size() == span.kernels.size()
                                           ? Json::array()
                                           : kernel_links(model, span.unexplained)}});
    }
    data.push_back({{"head", points.head}, {"spans", spans}, {"count", points.spans.size()}});
  }
  return data;
}

/// The places of all predictions in an order that fits each, the ending last.
std::vector<std::string> predicted_places(const std::vector<PredictionGroup>& groups) {
  std::vector<std::string> places;
  for (const PredictionGroup& group : groups) {
    if (!group.predicted) continue;
    auto after = places.begin();
    for (const PredictedPlace& place : group.predicted->places) {
      if (place.place == ending_place) continue;
      const auto known = std::find(places.begin(), places.end(), place.place);
      after = known == places.end() ? places.insert(after, place.place) + 1 : known + 1;
    }
  }
  places.emplace_back(ending_place);
  return places;
}

Json predicted_cell(const SiteModel& model, const PredictionGroup& group,
                    const std::string& place) {
  const PredictedPlace* predicted = group.predicted ? place_of(*group.predicted, place) : nullptr;
  // Every name, for a template looks for one that is not there further out.
  if (predicted == nullptr)
    return {{"text", ""},
            {"changes", Json::array()},
            {"basis", ""},
            {"lines", Json::array()},
            {"has_lines", false}};
  const std::string basis = basis_of(*group.predicted, *predicted);
  // The grounds of the reference's own answers stand in the story.
  const bool introduced = !group.predicted->change.empty();
  return {{"text", predicted->made ? describe_seen(predicted->step.seen)
                                   : std::string(words_for_none(place))},
          {"changes", named_changes(model, moved_by(*group.predicted, *predicted))},
          {"basis", basis},
          {"lines", introduced ? split_lines(predicted->step.lines) : Json::array()},
          {"has_lines", introduced && !predicted->step.lines.empty()}};
}

/// Why nothing but that is predicted of some kernels; empty where answers are.
std::string predicted_lack(const SiteModel& model, const std::string& scenario,
                           const PredictionGroup& group) {
  if (!group.predicted) return "nobody predicts it";
  if (!group.predicted->lacks) return {};
  return why_lacking(scenario, *group.predicted, model.changes,
                     group.version.value_or(KernelVersion{}), model.reference.kernel.id);
}

/// What was predicted for the kernels, a column for those of which it was the same.
Json predictions_data(const SiteModel& model, const std::string& scenario) {
  const std::vector<PredictionGroup> groups = prediction_groups(model, scenario);
  Json data;
  data["columns"] = Json::array();
  for (const PredictionGroup& group : groups) {
    const bool by_change = group.predicted && !group.predicted->change.empty();
    data["columns"].push_back(
        {{"kernels", kernel_links(model, group.kernels)},
         {"lacks", predicted_lack(model, scenario, group)},
         {"introduced_by", by_change && !group.predicted->lacks
                               ? named_changes(model, {group.predicted->change})
                               : Json::array()}});
  }
  data["rows"] = Json::array();
  for (const std::string& place : predicted_places(groups)) {
    Json row{{"head", place}, {"cells", Json::array()}};
    bool told = false;
    for (const PredictionGroup& group : groups) {
      row["cells"].push_back(predicted_cell(model, group, place));
      const PredictedPlace* predicted =
          group.predicted ? place_of(*group.predicted, place) : nullptr;
      if (predicted == nullptr) continue;
      told = true;
      if (place != ending_place) row["head"] = step_head(predicted->step);
    }
    if (told) data["rows"].push_back(std::move(row));
  }
  const bool as_reference = groups.size() == 1 && groups.front().predicted &&
                            !groups.front().predicted->lacks &&
                            changes_of(*groups.front().predicted).empty();
  data["as_reference"] = as_reference;
  data["table"] = !as_reference && !data["rows"].empty();
  return data;
}

/// How to read the times of these change points, by those of them that need it.
Json since_legend(const std::vector<ChangePoints>& all) {
  std::string release;
  std::string bound;
  for (const ChangePoints& points : all)
    for (const Span& span : points.spans) {
      if (span.reference) continue;
      if (release.empty()) release = span.since;
      if (bound.empty()) bound = span.until;
    }
  return {{"release", release}, {"bound", bound}};
}

}  // namespace

Json scenario_data(const SiteModel& model, const ScenarioInfo& scenario) {
  const Observation* reference = observation_of(model.reference, scenario.id);
  Json data;
  data["id"] = scenario.id;
  data["family"] = family_of(scenario.id);
  data["asks"] = scenario.asks;
  data["grounds"] = scenario.grounds;
  data["has_grounds"] = !scenario.grounds.empty();
  data["needs"] = fmt::format("{}", fmt::join(scenario.needs, ", "));
  data["reference"] = model.reference.kernel.id;
  data["referenced"] = reference != nullptr;
  data["rules"] = rules_data(model, scenario);
  data["strip"] = strip_data(model, scenario);
  data["story"] = story_data(model, scenario.id);
  data["ending"] = reference == nullptr || reference->ending == ScenarioEnding::completed
                       ? Json()
                       : ending_data(*reference);
  data["predictions"] = predictions_data(model, scenario.id);
  data["traces"] = traces_data(model, scenario.id);
  const std::vector<ChangePoints> points = change_points(model, scenario.id);
  data["change_points"] = change_points_data(model, points);
  data["since_legend"] = since_legend(points);
  data["has_change_points"] = !data["change_points"].empty();
  data["changes"] = changes_in(model, scenario.id);
  data["has_changes"] = !data["changes"].empty();
  data["all_alike"] =
      std::all_of(model.kernels.begin(), model.kernels.end(), [&](const SiteKernel& kernel) {
        const ScenarioVerdict* verdict = kernel.verdict(scenario.id);
        return verdict_word(verdict) == "same";
      });
  return data;
}

}  // namespace brokenpipe
