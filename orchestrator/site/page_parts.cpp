#include "orchestrator/site/page_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

/// What a verdict is called, held against a reference or in a comparison.
std::string label_among(std::string_view word, const Terms& terms) {
  // In a comparison both have changed, and whether that is explained is worth a word.
  const bool comparison = terms.explained != Terms{}.explained;
  if (word == "explained" || word == "unexplained")
    return comparison ? fmt::format("{}, {}", terms.explained, word) : std::string(word);
  if (word == "new") return terms.added;
  if (word == "gone") return terms.gone;
  return word == "unreferenced" ? terms.unreferenced : label_of(word);
}

}  // namespace

std::string label_of(std::string_view word) {
  std::string label(word);
  std::replace(label.begin(), label.end(), '-', ' ');
  return label;
}

std::string_view mark_of(std::string_view word) {
  const auto* const found = std::find_if(legend.begin(), legend.end(),
                                         [&](const VerdictText& v) { return v.word == word; });
  return found == legend.end() ? std::string_view() : found->mark;
}

bool always_told(std::string_view word) {
  return word == "same" || word == explained_mark.name || word == unexplained_mark.name ||
         word == not_asked_mark.name;
}

std::size_t count_of(const Totals& totals, std::string_view word) {
  const std::map<std::string_view, std::size_t> counts{{"same", totals.same},
                                                       {"explained", totals.explained},
                                                       {"unexplained", totals.unexplained},
                                                       {"ahead", totals.ahead},
                                                       {"behind", totals.behind},
                                                       {"new", totals.added},
                                                       {"gone", totals.gone},
                                                       {"absent", totals.absent},
                                                       {"not-asked", totals.not_asked},
                                                       {"recorded-here", totals.recorded_here},
                                                       {"inconclusive", totals.inconclusive},
                                                       {"flaky", totals.flaky},
                                                       {"unreferenced", totals.unreferenced}};
  return counts.at(word);
}

Json kernel_link(const SiteModel& model, const std::string& id) {
  const SiteKernel* kernel = model.kernel(id);
  return {{"id", id},
          {"version", kernel == nullptr ? "" : version_text(kernel->result().kernel)},
          {"archived", kernel != nullptr && kernel->archived},
          {"kernel_page", kernel_page(id)}};
}

Json kernel_links(const SiteModel& model, const std::vector<std::string>& ids) {
  Json links = Json::array();
  for (const std::string& id : ids) links.push_back(kernel_link(model, id));
  return links;
}

Json kernel_links(const SiteModel& model, const std::set<std::string>& ids) {
  Json links = Json::array();
  for (const SiteKernel& kernel : model.kernels)
    if (ids.contains(kernel.id())) links.push_back(kernel_link(model, kernel.id()));
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

Json named_changes(const SiteModel& model, const std::vector<std::string>& ids) {
  Json data = Json::array();
  for (const std::string& id : ids)
    if (const Change* change = model.change(id)) data.push_back(change_data(*change));
  return data;
}

Json totals_data(const Totals& totals, const Terms& terms) {
  Json data = Json::array();
  for (const VerdictText& verdict : legend)
    data.push_back({{"word", verdict.word},
                    {"label", label_among(verdict.word, terms)},
                    {"mark", verdict.mark},
                    {"count", count_of(totals, verdict.word)},
                    {"none", count_of(totals, verdict.word) == 0}});
  return data;
}

Json differences_data(const Summary& summary, const std::string& due) {
  Json data;
  data["unexplained"] = Json::array();
  for (const UnexplainedDifference& difference : summary.unexplained) {
    const bool nothing = difference.expected == told(std::nullopt);
    data["unexplained"].push_back({{"scenario", scenario_link(difference.scenario)},
                                   {"place", difference.place},
                                   {"expected", nothing && is_kernel_report(difference.place)
                                                    ? std::string(words_for_none(difference.place))
                                                    : difference.expected},
                                   {"got", difference.got},
                                   {"grounds", difference.grounds},
                                   {"as", difference.as}});
  }
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
                      {"waiver", one.waiver},
                      {"scenarios", scenario_links(one.scenarios)},
                      {"how_many", counted(one.scenarios.size(), "scenario")}});
    return list;
  };
  data["inconclusive"] = unjudged(summary.inconclusive);
  data["gone"] = unjudged(summary.gone);
  data["not_asked"] = unjudged(summary.not_asked);
  data["recorded_here"] = unjudged(summary.recorded_here);
  data["off_version"] = unjudged(summary.off_version);
  data["flaky"] = Json::array();
  for (const Told& told : summary.flaky) data["flaky"].push_back(told.what);
  for (const char* part : {"unexplained", "explained", "inconclusive", "gone", "not_asked",
                           "recorded_here", "off_version", "flaky"})
    data[std::string("has_") + part] = !data[part].empty();
  data["due"] = due;
  data["gone_label"] = summary.terms.gone;
  return data;
}

}  // namespace brokenpipe
