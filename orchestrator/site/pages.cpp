#include "orchestrator/site/pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "orchestrator/site/story.h"
#include "orchestrator/summary/summary.h"
#include "results/describe.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

struct VerdictText {
  std::string_view word;
  std::string_view mark;  ///< as in answer.h; style.css draws it
  std::string_view meaning;
};

/// All that a cell can be, as the legend tells it.
constexpr std::array legend{
    VerdictText{"same", "", "as the reference"},
    VerdictText{"explained", "◇", "not as the reference: a change of the kernel explains it"},
    VerdictText{"unexplained", "▲", "not as the reference, and nothing explains it"},
    VerdictText{"new", "+", "the reference kernel lacks the feature"},
    VerdictText{"gone", "−", "this kernel lacks the feature"},
    VerdictText{"inconclusive", "?", "no answer: broken, timed out, or the guest did not finish"},
    VerdictText{"flaky", "~", "the repeats disagree"},
    VerdictText{"unreferenced", "·", "the reference does not say"},
};

std::string_view mark_of(std::string_view word) {
  const auto* const found = std::find_if(legend.begin(), legend.end(),
                                         [&](const VerdictText& v) { return v.word == word; });
  return found == legend.end() ? std::string_view() : found->mark;
}

std::size_t count_of(const Totals& totals, std::string_view word) {
  if (word == "same") return totals.same;
  if (word == "explained") return totals.explained;
  if (word == "unexplained") return totals.unexplained;
  if (word == "new") return totals.added;
  if (word == "gone") return totals.gone;
  if (word == "inconclusive") return totals.inconclusive;
  if (word == "flaky") return totals.flaky;
  return totals.unreferenced;
}

/// Whether a text can be read whole where there is room for so many characters; one that cannot is
/// cut there (style.css), and told by its title.
bool fits(const std::string& text, std::ptrdiff_t most_characters) {
  // The bytes of UTF-8 that go on with a character are 10xxxxxx.
  return std::count_if(text.begin(), text.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
         }) <= most_characters;
}
constexpr std::ptrdiff_t cell_room = 11;
constexpr std::ptrdiff_t question_room = 38;

/// What a verdict is called, held against a reference or in a comparison.
std::string label_of(std::string_view word, const Terms& terms) {
  const std::string whole(word);
  // In a comparison both have changed, and whether that is explained is worth a word.
  const bool comparison = terms.explained != Terms{}.explained;
  if (word == "explained" || word == "unexplained")
    return comparison ? fmt::format("{}, {}", terms.explained, whole) : whole;
  if (word == "new") return terms.added;
  if (word == "gone") return terms.gone;
  return word == "unreferenced" ? terms.unreferenced : whole;
}

Json kernel_link(const SiteModel& model, const std::string& id) {
  for (const SiteKernel& kernel : model.kernels)
    if (kernel.id() == id)
      return {{"id", id},
              {"version", version_text(kernel.result().kernel)},
              {"kernel_page", kernel_page(id)}};
  return {{"id", id}, {"version", ""}, {"kernel_page", kernel_page(id)}};
}

Json kernel_links(const SiteModel& model, const std::vector<std::string>& ids) {
  Json links = Json::array();
  for (const std::string& id : ids) links.push_back(kernel_link(model, id));
  return links;
}

Json scenario_link(const std::string& id) {
  return {{"id", id}, {"scenario_page", scenario_page(id)}};
}

Json scenario_links(const std::vector<std::string>& ids) {
  Json links = Json::array();
  for (const std::string& id : ids) links.push_back(scenario_link(id));
  return links;
}

Json change_data(const Change& change) {
  return {{"id", change.id},
          {"says", change.says},
          {"versions", versions_of(change)},
          {"commit", commit_of(change)},
          {"whole_commit", change.commit},
          {"subject", change.subject},
          {"source", change.source}};
}

const Change* change_named(const SiteModel& model, const std::string& id) {
  const auto& all = model.changes.changes;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Change& change) { return change.id == id; });
  return found == all.end() ? nullptr : &*found;
}

Json causes_data(const SiteModel& model, const std::vector<Cause>& causes) {
  Json data = Json::array();
  for (const Cause& cause : causes)
    if (const Change* change = change_named(model, cause.change)) {
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

/// Of these kernels, in the matrix's order.
Json kernel_links(const SiteModel& model, const std::set<std::string>& ids) {
  Json links = Json::array();
  for (const SiteKernel& kernel : model.kernels)
    if (ids.contains(kernel.id())) links.push_back(kernel_link(model, kernel.id()));
  return links;
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

Json ending_data(const Observation& observation) {
  const std::string by = observation.signal.empty() ? "" : " by " + observation.signal;
  return {{"ending", std::string(to_string(observation.ending)) + by},
          {"reason", observation.reason},
          {"basis", observation.basis ? to_string(*observation.basis) : std::string_view()},
          {"lines", split_lines(observation.lines)},
          {"has_lines", !observation.lines.empty()}};
}

const Step* step_in(const Observation* observation, const std::string& place) {
  if (observation == nullptr) return nullptr;
  for (const Step& step : observation->steps)
    if (step.id == place) return &step;
  return nullptr;
}

std::string_view place_word(const ScenarioVerdict* verdict, const std::string& place) {
  if (verdict == nullptr) return "not-asked";
  for (const PlaceVerdict& judged : verdict->places) {
    if (judged.place != place) continue;
    if (judged.verdict != Verdict::differs) return to_string(judged.verdict);
    return judged.unexplained() ? "unexplained" : "explained";
  }
  return verdict->verdict == Verdict::differs ? "same" : verdict_word(verdict);
}

std::string trace_ending(const Observation* observation, const ScenarioVerdict* verdict) {
  if (observation == nullptr) return verdict == nullptr ? "not asked" : verdict->reason;
  std::string text(to_string(observation->ending));
  if (!observation->signal.empty()) text += " by " + observation->signal;
  if (!observation->reason.empty()) text += ": " + observation->reason;
  return text;
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
                               {"mark", mark_of(verdict_word(group.verdict))}});
  data["rows"] = Json::array();
  for (const std::string& place : merged_places(model, scenario)) {
    const Step* expected = step_in(reference, place);
    const Step* named = expected;
    Json cells = Json::array();
    for (const TraceGroup& group : groups) {
      const Step* step = step_in(group.observation, place);
      if (named == nullptr) named = step;
      const bool asked = group.observation != nullptr && !group.observation->steps.empty();
      const std::string_view word = place_word(group.verdict, place);
      cells.push_back({{"text", step != nullptr ? describe_seen(step->seen)
                                : asked         ? "not made"
                                                : ""},
                       {"word", word},
                       {"mark", mark_of(word)}});
    }
    data["rows"].push_back({{"head", named == nullptr ? place : step_head(*named)},
                            {"step", place},
                            {"expected", expected == nullptr ? "" : describe_seen(expected->seen)},
                            {"cells", cells}});
  }
  Json endings = Json::array();
  for (const TraceGroup& group : groups) {
    const std::string_view word = place_word(group.verdict, "ending");
    endings.push_back({{"text", trace_ending(group.observation, group.verdict)},
                       {"word", word},
                       {"mark", mark_of(word)}});
  }
  data["rows"].push_back(
      {{"head", "ending"},
       {"step", "ending"},
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
                       {"unexplained", span.unexplained}});
    }
    data.push_back({{"head", points.head}, {"spans", spans}, {"count", points.spans.size()}});
  }
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

/// What a kernel said it lacks, reason by reason.
Json unsupported_data(const SiteKernel& kernel) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const Observation& observation : kernel.result().observations)
    if (observation.ending == ScenarioEnding::unsupported)
      by_reason[observation.reason].push_back(observation.scenario);
  Json data = Json::array();
  for (const auto& [reason, scenarios] : by_reason)
    data.push_back({{"reason", reason},
                    {"how_many", counted(scenarios.size(), "scenario")},
                    {"scenarios", scenario_links(scenarios)}});
  return data;
}

/// What a scenario is looked for by besides what its row shows, each text once.
std::string search_words(const SiteModel& model, const std::string& scenario) {
  std::vector<std::string> texts;
  const auto add = [&](const std::string& text) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  };
  const auto add_calls = [&](const RunResult& result) {
    if (const Observation* observation = observation_of(result, scenario))
      for (const Step& step : observation->steps) add(step_head(step));
  };
  add_calls(model.reference);
  for (const SiteKernel& kernel : model.kernels) add_calls(kernel.result());
  for (const auto& [id, kernels] : changes_shown(model, scenario)) {
    const Change* change = change_named(model, id);
    for (const std::string& text : {change->id, change->subject, change->says}) add(text);
  }
  return fmt::format("{}", fmt::join(texts, " "));
}

/// `0 0 1 -`: kernel by kernel which of them answer alike, for `is:changing`; empty where all do.
std::string answers_text(const SiteModel& model, const std::string& scenario) {
  std::string text;
  bool all_alike = true;
  for (const std::optional<std::size_t>& number : answers_alike(model, scenario)) {
    text += (text.empty() ? "" : " ") + (number ? std::to_string(*number) : "-");
    all_alike = all_alike && number.value_or(0) == 0;
  }
  return all_alike ? std::string() : text;
}

Json facts(std::initializer_list<std::pair<const char*, std::string>> pairs) {
  Json data = Json::array();
  for (const auto& [name, value] : pairs)
    if (!value.empty()) data.push_back({{"name", name}, {"value", value}});
  return data;
}

std::string guest_ending(const RunResult& result) {
  std::string text(to_string(result.guest.ending));
  if (!result.guest.reason.empty()) text += ": " + result.guest.reason;
  return text;
}

std::string timings_text(const GuestRun& guest) {
  std::vector<std::string> parts;
  for (const auto& [part, seconds] : guest.timings)
    parts.push_back(fmt::format("{} {:.1f} s", part, seconds));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// A newer run than the one whose result is shown that did not get one.
std::string latest_note(const SiteKernel& kernel) {
  if (kernel.latest == kernel.report.plan || kernel.latest.state == KernelState::done) return {};
  std::string note =
      fmt::format("The newest run has no result of it: {}", to_string(kernel.latest.state));
  if (!kernel.latest.reason.empty()) note += ": " + kernel.latest.reason;
  return note + ".";
}

}  // namespace

Json totals_data(const Totals& totals, const Terms& terms) {
  Json data = Json::array();
  for (const VerdictText& verdict : legend)
    data.push_back({{"word", verdict.word},
                    {"label", label_of(verdict.word, terms)},
                    {"mark", verdict.mark},
                    {"count", count_of(totals, verdict.word)},
                    {"none", count_of(totals, verdict.word) == 0}});
  return data;
}

Json differences_data(const Summary& summary, const std::string& against) {
  Json data;
  data["unexplained"] = Json::array();
  for (const UnexplainedDifference& difference : summary.unexplained)
    data["unexplained"].push_back({{"scenario", scenario_link(difference.scenario)},
                                   {"place", difference.place},
                                   {"expected", difference.expected},
                                   {"got", difference.got},
                                   {"grounds", difference.grounds}});
  data["explained"] = Json::array();
  for (const ExplainedDifferences& group : summary.explained) {
    Json changes = Json::array();
    for (const Change* change : group.changes) changes.push_back(change_data(*change));
    Json transitions = Json::array();
    for (const auto& transition : group.transitions)
      transitions.push_back({{"expected", transition.expected},
                             {"got", transition.got},
                             {"scenarios", scenario_links(transition.scenarios)},
                             {"how_many", counted(transition.scenarios.size(), "scenario")}});
    data["explained"].push_back({{"changes", changes}, {"transitions", transitions}});
  }
  const auto unjudged = [](const std::vector<Unjudged>& all) {
    Json list = Json::array();
    for (const Unjudged& one : all)
      list.push_back({{"reason", one.reason},
                      {"scenarios", scenario_links(one.scenarios)},
                      {"how_many", counted(one.scenarios.size(), "scenario")}});
    return list;
  };
  data["inconclusive"] = unjudged(summary.inconclusive);
  data["gone"] = unjudged(summary.gone);
  data["flaky"] = Json::array();
  for (const Told& told : summary.flaky) data["flaky"].push_back(told.what);
  for (const char* part : {"unexplained", "explained", "inconclusive", "gone", "flaky"})
    data[std::string("has_") + part] = !data[part].empty();
  data["reference"] = against;
  data["gone_label"] = summary.terms.gone;
  return data;
}

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
        return verdict != nullptr && verdict->verdict == Verdict::same;
      });
  return data;
}

Json kernel_data(const SiteModel& model, const SiteKernel& kernel, const std::string& console) {
  const RunResult& result = kernel.result();
  const GuestRun& guest = result.guest;
  const ReportData report{
      std::nullopt, model.reference.kernel, model.changes, {kernel.report}, std::nullopt};
  const Summary summary = summarise(report);
  Json data;
  data["id"] = kernel.id();
  data["version"] = version_text(result.kernel);
  data["pictures_page"] = pictures_page(kernel.id());
  data["note"] = latest_note(kernel);
  data["identity"] = facts({{"Release", result.kernel.release},
                            {"Version", result.kernel.version},
                            {"Machine", result.kernel.machine},
                            {"Package", result.kernel.package},
                            {"SHA-256 of the image", result.kernel.sha256}});
  data["guest"] = facts({{"Run", kernel.run},
                         {"Started", kernel.started},
                         {"Ending", guest_ending(result)},
                         {"Boot image", guest.boot_image},
                         {"Accelerator", guest.accelerator},
                         {"Clock", guest.clock},
                         {"QEMU", guest.qemu},
                         {"libvirt", guest.libvirt},
                         {"Command line", guest.cmdline},
                         {"Took", timings_text(guest)},
                         {"Probe", result.probe.version},
                         {"SHA-256 of the probe", result.probe.sha256},
                         {"Asked for", fmt::format("{}", fmt::join(result.probe.selection, " "))}});
  data["totals"] = totals_data(kernel.diff().scenario_totals);
  data["steps"] = steps_sentence(summary);
  data["differences"] = differences_data(summary, model.reference.kernel.id);
  data["unsupported"] = unsupported_data(kernel);
  data["has_unsupported"] = !data["unsupported"].empty();
  data["console"] = console;
  return data;
}

Json kernels_data(const SiteModel& model) {
  Json data;
  data["reference"] = model.reference.kernel.id;
  data["words"] = Json::array();
  for (const VerdictText& verdict : legend)
    data["words"].push_back({{"word", verdict.word}, {"mark", verdict.mark}});
  data["kernels"] = Json::array();
  for (const SiteKernel& kernel : model.kernels) {
    Json item = kernel_link(model, kernel.id());
    item["release"] = kernel.result().kernel.release;
    item["started"] = kernel.started;
    item["ending"] = to_string(kernel.result().guest.ending);
    item["finished"] = vouches_for_all(kernel.result().guest.ending);
    item["note"] = latest_note(kernel);
    item["totals"] = totals_data(kernel.diff().scenario_totals);
    data["kernels"].push_back(std::move(item));
  }
  data["absent"] = Json::array();
  for (const PlannedKernel& plan : model.absent)
    data["absent"].push_back(
        {{"id", plan.id}, {"state", to_string(plan.state)}, {"reason", plan.reason}});
  data["has_absent"] = !model.absent.empty();
  return data;
}

Json changes_data(const SiteModel& model) {
  struct Shows {
    std::vector<std::string> scenarios;
    std::set<std::string> kernels;
  };
  std::map<std::string, Shows> shows;
  for (const ScenarioInfo& scenario : model.scenarios)
    for (const auto& [id, kernels] : changes_shown(model, scenario.id)) {
      shows[id].scenarios.push_back(scenario.id);
      shows[id].kernels.insert(kernels.begin(), kernels.end());
    }
  Json data;
  data["reference"] = model.reference.kernel.id;
  data["changes"] = Json::array();
  for (const Change& change : model.changes.changes) {
    const Shows& here = shows[change.id];
    Json item = change_data(change);
    item["scenarios"] = scenario_links(here.scenarios);
    item["how_many"] = counted(here.scenarios.size(), "scenario");
    item["few"] = here.scenarios.size() <= 8;
    item["kernels"] = kernel_links(model, here.kernels);
    item["shows"] = !here.scenarios.empty();
    data["changes"].push_back(std::move(item));
  }
  return data;
}

Json history_data(const SiteModel& model, const History& history) {
  std::set<std::string> kernels;
  for (const Night& night : history.nights)
    for (const NightKernel& kernel : night.kernels) kernels.insert(kernel.kernel);
  Json data;
  // In the matrix's order; a kernel is on a night only if it has a result, so it is there too.
  std::vector<std::string> columns;
  for (const SiteKernel& kernel : model.kernels)
    if (kernels.contains(kernel.id())) columns.push_back(kernel.id());
  data["kernels"] = kernel_links(model, columns);
  data["nights"] = Json::array();
  std::string truth;
  for (const Night& night : history.nights) {
    Json cells = Json::array();
    for (const std::string& id : columns) {
      const auto kernel =
          std::find_if(night.kernels.begin(), night.kernels.end(),
                       [&, &wanted = id](const NightKernel& k) { return k.kernel == wanted; });
      if (kernel == night.kernels.end())
        cells.push_back({{"run", false}});
      else
        cells.push_back({{"run", true},
                         {"digest", kernel->digest.substr(0, 8)},
                         {"whole_digest", kernel->digest},
                         {"release", kernel->release},
                         {"changes", kernel->changes == 0 ? std::string()
                                                          : counted(kernel->changes, "change")}});
    }
    data["nights"].push_back({{"night", night.run},
                              {"started", night.started},
                              {"digest", night.digest.substr(0, 12)},
                              {"whole_digest", night.digest},
                              {"same", night.digest == truth},
                              {"added", night.added == 0 ? "" : counted(night.added, "scenario")},
                              {"gone", night.gone == 0 ? "" : counted(night.gone, "scenario")},
                              {"cells", cells}});
    truth = night.digest;
  }
  std::reverse(data["nights"].begin(), data["nights"].end());
  data["changes"] = Json::array();
  for (const NightChange& change : history.changes)
    data["changes"].push_back({{"night", change.night},
                               {"before", change.before},
                               {"kernel", change.kernel},
                               {"kernel_page", kernel_page(change.kernel)},
                               {"scenario", scenario_link(change.scenario)},
                               {"step", change.step},
                               {"from", describe_seen(change.from)},
                               {"to", describe_seen(change.to)},
                               {"from_release", change.from_release},
                               {"to_release", change.to_release},
                               {"same_kernel", change.same_kernel},
                               {"probe_changed", change.probe_changed}});
  data["has_changes"] = !history.changes.empty();
  data["steadiness"] = Json::array();
  std::size_t steady = 0;
  for (const ScenarioHistory& scenario : by_flips(history.scenarios)) {
    if (scenario.flips == 0) {
      ++steady;
      continue;
    }
    data["steadiness"].push_back({{"scenario", scenario_link(scenario.scenario)},
                                  {"flips", scenario.flips},
                                  {"nights", scenario.nights},
                                  {"streak", scenario.streak},
                                  {"last_flip", scenario.last_flip}});
  }
  data["has_flips"] = !data["steadiness"].empty();
  data["steady"] = counted(steady, "scenario");
  return data;
}

Json row_data(const SiteModel& model, const MatrixRow& row) {
  Json data;
  data["more"] = search_words(model, row.scenario->id);
  data["id"] = row.scenario->id;
  data["name"] = row.scenario->id.substr(row.scenario->id.find('/') + 1);
  data["scenario_page"] = scenario_page(row.scenario->id);
  data["asks"] = row.scenario->asks;
  data["whole_question"] =
      fits(row.scenario->asks, question_room) ? std::string() : row.scenario->asks;
  data["step"] = row.place;
  data["answers"] = answers_text(model, row.scenario->id);
  data["reference"] = {{"text", row.reference.text},
                       {"title", cell_title(model, row.reference)},
                       {"cut", !fits(row.reference.text, cell_room)}};
  data["cells"] = Json::array();
  for (const MatrixCell& cell : row.cells) {
    // Of very many cells a browser has to keep no more than what they do not show.
    const bool cut = !fits(cell.text, cell_room);
    const bool plain = !cut && (cell.verdict == "same" || cell.verdict == "not-asked");
    data["cells"].push_back({{"text", cell.text},
                             {"word", cell.verdict},
                             {"title", plain ? std::string() : cell_title(model, cell)},
                             {"cut", cut}});
  }
  return data;
}

Json group_data(const SiteModel& model, const MatrixGroup& group) {
  Json data;
  std::string anchor = group.name;
  std::replace(anchor.begin(), anchor.end(), '/', '-');
  if (group.part > 0) anchor += fmt::format("-{}", group.part + 1);
  data["name"] = group.name;
  data["anchor"] = anchor;
  data["family"] = family_of(group.name);
  data["rows_count"] = group.rows.size();
  data["how_many"] = counted(group.rows.size(), "scenario");
  data["reference"] = model.reference.kernel.id;
  data["kernels"] = Json::array();
  for (const SiteKernel& kernel : model.kernels)
    data["kernels"].push_back(kernel_link(model, kernel.id()));
  return data;
}

Json matrix_data(const SiteModel& model, const std::vector<MatrixGroup>& groups) {
  Json data;
  Totals totals;
  for (const SiteKernel& kernel : model.kernels) totals += kernel.diff().scenario_totals;
  data["reference"] = model.reference.kernel.id;
  data["scenarios_count"] = model.scenarios.size();
  data["kernels_count"] = model.kernels.size();
  data["legend"] = Json::array();
  for (const VerdictText& verdict : legend)
    data["legend"].push_back({{"word", verdict.word},
                              {"mark", verdict.mark},
                              {"meaning", verdict.meaning},
                              {"count", count_of(totals, verdict.word)}});
  data["kernels"] = Json::array();
  data["series"] = Json::array();
  for (const SiteKernel& kernel : model.kernels) {
    data["kernels"].push_back(kernel_link(model, kernel.id()));
    const std::string series = series_text(kernel.result().kernel);
    if (!series.empty() && (data["series"].empty() || data["series"].back() != series))
      data["series"].push_back(series);
  }
  // The view of what is recent: from the middle of the matrix on.
  data["recent"] = series_text(model.kernels[model.kernels.size() / 2].result().kernel);
  std::vector<std::string> families;
  for (const MatrixGroup& group : groups)
    if (families.empty() || families.back() != family_of(group.name))
      families.push_back(family_of(group.name));
  data["families"] = Json::array();
  for (const std::string& family : families) data["families"].push_back({{"family", family}});
  return data;
}

}  // namespace brokenpipe
