#include "orchestrator/site/pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "orchestrator/site/change_points.h"
#include "orchestrator/site/page_parts.h"
#include "orchestrator/site/story.h"

/// The page of the matrix: what stands around its groups, a group, a row.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

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
    const Change* change = model.change(id);
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

/// The view of what is recent: from the middle of those on that still are on a mirror.
std::string recent_series(const SiteModel& model) {
  std::vector<const SiteKernel*> kernels;
  for (const SiteKernel& kernel : model.kernels)
    if (!kernel.archived) kernels.push_back(&kernel);
  return kernels.empty() ? std::string()
                         : series_text(kernels[kernels.size() / 2]->result().kernel);
}

}  // namespace

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
    const bool plain = !cut && (cell.verdict == "same" || cell.verdict == "left-out");
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
  data["words"] = Json::array();
  for (const VerdictText& verdict : legend) {
    data["words"].push_back(verdict.word);
    if (count_of(totals, verdict.word) == 0 && !always_told(verdict.word)) continue;
    data["legend"].push_back({{"word", verdict.word},
                              {"label", label_of(verdict.word)},
                              {"mark", verdict.mark},
                              {"meaning", verdict.meaning},
                              {"count", count_of(totals, verdict.word)}});
  }
  data["kernels"] = Json::array();
  data["series"] = Json::array();
  for (const SiteKernel& kernel : model.kernels) {
    data["kernels"].push_back(kernel_link(model, kernel.id()));
    const std::string series = series_text(kernel.result().kernel);
    if (!series.empty() && (data["series"].empty() || data["series"].back() != series))
      data["series"].push_back(series);
  }
  data["recent"] = recent_series(model);
  std::vector<std::string> families;
  for (const MatrixGroup& group : groups)
    if (families.empty() || families.back() != family_of(group.name))
      families.push_back(family_of(group.name));
  data["families"] = Json::array();
  for (const std::string& family : families) data["families"].push_back({{"family", family}});
  return data;
}

}  // namespace brokenpipe
