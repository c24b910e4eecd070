#include "orchestrator/site/matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "orchestrator/site/pictures/answer.h"
#include "orchestrator/summary/summary.h"
#include "results/describe.h"
#include "results/judging.h"
#include "results/vocabulary.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// It returned a count, and no signal came of it.
bool simply_succeeded(const Step& step) {
  const Json& seen = step.seen.contains("completion") ? step.seen["completion"] : step.seen;
  const auto returned = seen.find("returned");
  return !step.seen.contains("signals") && returned != seen.end() && *returned != -1 &&
         *returned != "never";
}

/// The first place of a scenario's verdict that is `so`; of its ending only if no step is.
template <typename So>
const PlaceVerdict* first_place(const ScenarioVerdict& verdict, So&& so) {
  const PlaceVerdict* ending = nullptr;
  for (const PlaceVerdict& place : verdict.places) {
    if (!so(place)) continue;
    if (place.place != ending_place) return &place;
    ending = &place;
  }
  return ending;
}

bool departs(const PlaceVerdict& place) {
  return place.departs() || place.verdict == Verdict::flaky;
}

bool departs_unexplained(const PlaceVerdict& place) {
  return place.unexplained() || place.verdict == Verdict::flaky;
}

/// `POLLIN|POLLHUP` in the room of a cell.
std::string compact(std::string text) {
  if (text.find('|') == std::string::npos) return text;
  for (auto at = text.find("POLL"); at != std::string::npos; at = text.find("POLL", at))
    text.erase(at, 4);
  return text;
}

MatrixCell without_answer(std::string text, std::string words) {
  return {std::move(text), std::move(words), {}, {}, {}, {}};
}

/// What an observation has at a place.
MatrixCell told_at(const Observation& observation, const std::string& place) {
  if (const Step* step = step_of(observation, place))
    return {cell_text(*step), describe(*step), {}, describe_seen(step->seen), place, {}};
  if (observation.ending == ScenarioEnding::killed)
    return without_answer("killed", "killed by " + observation.signal);
  if (place == ending_place) {
    const std::string ending(to_string(observation.ending));
    return without_answer(ending, ending);
  }
  const std::string none(words_for_none(place));
  return without_answer(none, place + ": " + none);
}

MatrixCell reference_cell(const SiteModel& model, const std::string& scenario,
                          const std::string& place) {
  const Observation* observation = observation_of(model.reference, scenario);
  if (observation == nullptr) return without_answer("–", "the reference does not say");
  if (observation->ending == ScenarioEnding::unsupported)
    return without_answer("n/a", "not available: " + observation->reason);
  if (step_of(*observation, place) == nullptr && place != ending_place &&
      !is_kernel_report(place) && observation->ending == ScenarioEnding::completed)
    return without_answer("–", "the reference does not say");
  return told_at(*observation, place);
}

/// Why a kernel has no answer, and what follows from that.
std::string why_not_asked(const SiteModel& model, const ScenarioVerdict& verdict) {
  std::string words = "not asked: " + verdict.reason;
  if (const Waiver* waiver = model.waiver(verdict.waiver))
    words += fmt::format("; waived until {}", waiver->until);
  return words;
}

MatrixCell kernel_cell(const SiteModel& model, const SiteKernel& kernel,
                       const std::string& scenario, const std::string& place) {
  const ScenarioVerdict* verdict = kernel.verdict(scenario);
  const Observation* observation = observation_of(kernel.result(), scenario);
  const std::string_view word = verdict_word(verdict);
  const auto cell = [&](std::string text, std::string words) {
    MatrixCell made = without_answer(std::move(text), std::move(words));
    made.verdict = word;
    return made;
  };
  if (verdict == nullptr) return cell("–", "left out");
  if (verdict->verdict == Verdict::inconclusive) return cell("no answer", verdict->reason);
  if (verdict->verdict == Verdict::not_asked)
    return cell("not asked", why_not_asked(model, *verdict));
  if (observation == nullptr || unsupported(*observation))
    return cell("n/a", "not available: " +
                           (observation == nullptr ? verdict->reason : observation->reason));
  // The worst that it has to tell, at this place or at its own.
  const PlaceVerdict* told_place = place_verdict(verdict, place);
  const PlaceVerdict* red = first_place(*verdict, departs_unexplained);
  const PlaceVerdict* own = red != nullptr ? red : first_place(*verdict, departs);
  const bool here = told_place != nullptr &&
                    (red == nullptr ? departs(*told_place) : departs_unexplained(*told_place));
  const bool elsewhere = own != nullptr && !here;
  if (elsewhere) told_place = own;
  MatrixCell told = told_at(*observation, elsewhere ? own->place : place);
  if (elsewhere) {
    const std::string step = own->place.substr(0, own->place.find('#')) + ": ";
    told.text = step + told.text;
    if (!told.seen.empty()) told.seen = step + told.seen;
  }
  told.verdict = word;
  if (told_place == nullptr) return told;
  told.changes = told_place->changes;
  if (off_prediction(*told_place)) {
    const std::optional<Step> due = due_at(*told_place);
    told.predicted = due ? describe(*due) : "nothing of the kind";
  }
  return told;
}

/// Different answers must not read the same: where they would, they are told whole. Arguments are
/// no answer: a reference and a probe may word them differently.
void tell_apart(MatrixRow& row) {
  std::map<std::string, std::set<std::string>> meanings;
  const auto meaning = [](const MatrixCell& cell) {
    return cell.seen.empty() ? cell.words : cell.seen;
  };
  const auto all = [&](auto&& visit) {
    visit(row.reference);
    for (MatrixCell& cell : row.cells) visit(cell);
  };
  all([&](const MatrixCell& cell) { meanings[cell.text].insert(meaning(cell)); });
  all([&](MatrixCell& cell) {
    if (meanings[cell.text].size() > 1 && !cell.seen.empty()) cell.text = compact(cell.seen);
  });
}

std::string group_of(const std::string& scenario) {
  const std::string family = family_of(scenario);
  return family == "entry" ? scenario.substr(0, scenario.rfind('/')) : family;
}

}  // namespace

std::string cell_text(const Step& step) {
  // What the wire carried is told without a word about it.
  const auto segments = step.seen.find("segments");
  if (segments == step.seen.end() || step.seen.size() != 1 || !segments->is_array())
    return compact(answer(step).text);
  std::vector<std::string> sent;
  for (const Json& segment : *segments)
    sent.push_back(segment.is_string() ? segment.get<std::string>() : segment.dump());
  return sent.empty() ? "silence" : fmt::format("{}", fmt::join(sent, "; "));
}

std::string telling_step(const Observation& observation) {
  const Step* told = nullptr;
  for (const Step& step : observation.steps) {
    if (!call_named(step.call).writes) continue;
    told = &step;
    if (!simply_succeeded(step)) break;
  }
  if (told != nullptr) return told->id;
  return observation.steps.empty() ? std::string(ending_place) : observation.steps.back().id;
}

std::string_view verdict_word(const ScenarioVerdict* verdict) {
  return verdict == nullptr ? "left-out" : cell_word(verdict->verdict, verdict->standing);
}

std::string telling_place(const SiteModel& model, const std::string& scenario) {
  const auto first_of_any = [&](auto&& so) -> const PlaceVerdict* {
    for (const SiteKernel& kernel : model.kernels) {
      const ScenarioVerdict* verdict = kernel.verdict(scenario);
      const PlaceVerdict* place = verdict == nullptr ? nullptr : first_place(*verdict, so);
      if (place != nullptr) return place;
    }
    return nullptr;
  };
  if (const PlaceVerdict* place = first_of_any(departs_unexplained)) return place->place;
  if (const PlaceVerdict* place = first_of_any(departs)) return place->place;
  const auto tells = [](const Observation* observation) {
    return observation != nullptr && !observation->steps.empty();
  };
  const Observation* observation = observation_of(model.reference, scenario);
  for (auto kernel = model.kernels.rbegin(); !tells(observation) && kernel != model.kernels.rend();
       ++kernel)
    observation = observation_of(kernel->result(), scenario);
  return tells(observation) ? telling_step(*observation) : std::string(ending_place);
}

std::string cell_title(const SiteModel& model, const MatrixCell& cell) {
  std::string title = cell.place.empty() ? cell.words : cell.place + ": " + cell.words;
  if (!cell.predicted.empty()) title += "; predicted: " + cell.predicted;
  const bool lacking = cell.verdict == behind_mark.name;
  for (const std::string& id : cell.changes)
    if (const Change* change = model.change(id))
      title += fmt::format("; {} {}: {}", lacking ? "without what came with" : "since",
                           versions_of(*change), change->subject);
  return title;
}

MatrixRow matrix_row(const SiteModel& model, const ScenarioInfo& scenario) {
  MatrixRow row;
  row.scenario = &scenario;
  row.place = telling_place(model, scenario.id);
  row.reference = reference_cell(model, scenario.id, row.place);
  row.reference.verdict = "reference";
  for (const SiteKernel& kernel : model.kernels)
    row.cells.push_back(kernel_cell(model, kernel, scenario.id, row.place));
  tell_apart(row);
  return row;
}

std::vector<MatrixGroup> matrix_groups(const SiteModel& model) {
  // About as many cells as a browser lays out between two frames.
  constexpr std::size_t most_cells = 5000;
  const std::size_t most_rows = std::max<std::size_t>(10, most_cells / model.kernels.size());
  std::vector<MatrixGroup> groups;
  for (const ScenarioInfo& scenario : model.scenarios) {
    const std::string name = group_of(scenario.id);
    auto group = std::find_if(groups.rbegin(), groups.rend(),
                              [&](const MatrixGroup& g) { return g.name == name; });
    const bool fresh = group == groups.rend();
    if (fresh || group->rows.size() >= most_rows) {
      groups.push_back({name, fresh ? 0 : group->part + 1, {}});
      group = groups.rbegin();
    }
    group->rows.push_back(matrix_row(model, scenario));
  }
  // What tells a story of its own before the states of `entry`, which are many and alike; then
  // the larger before the smaller.
  std::map<std::string, std::size_t> sizes;
  for (const MatrixGroup& group : groups) sizes[group.name] += group.rows.size();
  const auto key = [&](const MatrixGroup& group) {
    return std::tuple(family_of(group.name) == "entry", -static_cast<long>(sizes[group.name]),
                      group.name, group.part);
  };
  std::sort(groups.begin(), groups.end(),
            [&](const auto& one, const auto& other) { return key(one) < key(other); });
  return groups;
}

OrderedJson matrix_json(const SiteModel& model, const std::vector<MatrixGroup>& groups) {
  OrderedJson json;
  json["schema"] = 1;
  json["reference"] = model.reference.kernel.id;
  json["kernels"] = OrderedJson::array();
  for (const SiteKernel& kernel : model.kernels) {
    OrderedJson item = to_json(kernel.result().kernel);
    item["run"] = kernel.run;
    item["archived"] = kernel.archived;
    item["page"] = kernel_page(kernel.id());
    json["kernels"].push_back(std::move(item));
  }
  json["scenarios"] = OrderedJson::array();
  for (const MatrixGroup& group : groups)
    for (const MatrixRow& row : group.rows) {
      OrderedJson item{{"id", row.scenario->id},
                       {"asks", row.scenario->asks},
                       {"page", scenario_page(row.scenario->id)},
                       {"step", row.place},
                       {"reference", row.reference.text}};
      item["answers"] = OrderedJson::array();
      for (const MatrixCell& cell : row.cells)
        item["answers"].push_back({{"text", cell.text}, {"verdict", cell.verdict}});
      json["scenarios"].push_back(std::move(item));
    }
  return json;
}

}  // namespace brokenpipe
