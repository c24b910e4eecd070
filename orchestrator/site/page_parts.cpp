#include "orchestrator/site/page_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

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

}  // namespace

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

Json kernel_link(const SiteModel& model, const std::string& id) {
  const SiteKernel* kernel = model.kernel(id);
  return {{"id", id},
          {"version", kernel == nullptr ? "" : version_text(kernel->result().kernel)},
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

}  // namespace brokenpipe
