#include "orchestrator/site/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "orchestrator/site/compare.h"
#include "orchestrator/site/matrix.h"
#include "orchestrator/site/model.h"
#include "orchestrator/site/pages.h"
#include "orchestrator/site/pictures/atom.h"
#include "orchestrator/site/pictures/badge.h"
#include "orchestrator/site/pictures/heat_map.h"
#include "orchestrator/site/pictures/history.h"
#include "orchestrator/site/site_folder.h"
#include "orchestrator/site/templates.h"
#include "results/base/file.h"
#include "results/base/json_file.h"
#include "results/base/text.h"
#include "results/describe.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

struct NavigationEntry {
  const char* page;
  const char* name;
};

constexpr std::array navigation{
    NavigationEntry{"index.html", "Matrix"},    NavigationEntry{"predict.html", "Predictions"},
    NavigationEntry{"changes.html", "Changes"}, NavigationEntry{"kernels.html", "Kernels"},
    NavigationEntry{"compare.html", "Compare"}, NavigationEntry{"pictures.html", "Pictures"},
    NavigationEntry{"history.html", "History"},
};

/// The parts of site.js in their order: one script, strict by its first part.
constexpr std::array script{"page.js", "matrix.js", "compare.js", "start.js"};

std::string script_text(const std::filesystem::path& folder) {
  std::string text;
  for (const char* part : script) text += (text.empty() ? "" : "\n") + read_file(folder / part);
  return text;
}

/// The runs, read once from the oldest to the newest.
struct Read {
  NewestResults newest;
  HistoryBuilder history;
  Comparable comparable;
};

Read read(const SiteInput& input) {
  Read read{{}, {}, Comparable(input.changes)};
  for (const RunResult& result : input.archive) read.comparable.add(result, "archive", "archived");
  for (const RunDirectory& run : input.runs) {
    std::vector<RunResult> results;
    for (const PlannedKernel& kernel : run.run().kernels)
      if (auto result = run.result(kernel.id)) results.push_back(*std::move(result));
    read.newest.add(run, results);
    read.history.add(run.run(), results);
    for (const RunResult& result : results)
      read.comparable.add(result, run.run().id, run.run().started);
  }
  return read;
}

/// Writes the pages of one site.
class Publisher {
 public:
  Publisher(const SiteInput& input, SiteModel model, History history, SiteFolder& folder)
      : input_(input),
        model_(std::move(model)),
        history_(std::move(history)),
        folder_(folder),
        templates_(input.assets / "templates") {}

  void write(const Comparable& comparable) {
    folder_.write("icon.svg", read_file(input_.assets / "icon.svg"));
    folder_.write("site.js", script_text(input_.assets / "script"));
    folder_.write("style.css", read_file(input_.assets / "style.css") + heat_map_css());
    write_matrix();
    for (const ScenarioInfo& scenario : model_.scenarios)
      write_page(scenario_page(scenario.id), "scenario", scenario.id,
                 scenario_data(model_, scenario));
    write_page("predict.html", "predict", "Predictions", predict_data(model_));
    write_kernels();
    write_page("changes.html", "changes", "Changes", changes_data(model_));
    write_comparisons(comparable);
    write_pictures();
    write_history();
  }

 private:
  /// A page made by a template. `kind` is both the template's name and the class of its body.
  void write_page(const std::string& page, const std::string& kind, const std::string& title,
                  Json data) {
    data["root"] = root_of(page);
    write_body(page, kind, title, templates_.render(kind, data));
  }

  void write_body(const std::string& page, const std::string& kind, const std::string& title,
                  std::string body) {
    Json data{{"title", title},          {"kind", kind},
              {"root", root_of(page)},   {"reference", model_.reference.kernel.id},
              {"runs", runs_sentence()}, {"feed", has_nights()},
              {"body", std::move(body)}};
    data["nav"] = Json::array();
    for (const NavigationEntry& entry : navigation)
      data["nav"].push_back(
          {{"page", entry.page}, {"name", entry.name}, {"current", page == entry.page}});
    folder_.write(page, templates_.render("layout", data));
  }

  bool has_nights() const { return !history_.nights.empty(); }

  std::string runs_sentence() const {
    const auto& runs = input_.runs;
    if (runs.size() == 1) return runs.front().run().started;
    return fmt::format("{}, {} to {}", runs.size(), runs.front().run().started,
                       runs.back().run().started);
  }

  void write_matrix() {
    const std::vector<MatrixGroup> groups = matrix_groups(model_);
    Json data = matrix_data(model_, groups);
    data["groups"] = Json::array();
    std::string tables;
    for (const MatrixGroup& group : groups) {
      const Json head = group_data(model_, group);
      data["groups"].push_back(head);
      tables += templates_.render("group", head);
      for (const MatrixRow& row : group.rows)
        tables += templates_.render("row", row_data(model_, row));
      tables += "</tbody></table></section>\n";
    }
    write_body("index.html", "matrix", "Matrix",
               templates_.render("matrix", data) + tables + "</div>\n");
    folder_.write("data/matrix.json", json_text(matrix_json(model_, groups)));
  }

  std::string differences(Json data, const std::string& page) {
    data["root"] = root_of(page);
    return templates_.render("differences", data);
  }

  void write_kernels() {
    write_page("kernels.html", "kernels", "Kernels", kernels_data(model_));
    for (std::size_t i = 0; i < model_.kernels.size(); ++i) {
      const SiteKernel& kernel = model_.kernels[i];
      const std::string page = kernel_page(kernel.id());
      const std::string console = !kernel.archived && std::filesystem::exists(kernel.console)
                                      ? read_file(kernel.console)
                                      : std::string();
      Json data = kernel_data(model_, kernel, console);
      data["differences"] = differences(data["differences"], page);
      data["pairs"] = Json::array();
      if (i > 0)
        data["pairs"].push_back({{"pair_page", pair_page(model_.kernels[i - 1].id(), kernel.id())},
                                 {"text", "Since " + model_.kernels[i - 1].id()}});
      if (i + 1 < model_.kernels.size())
        data["pairs"].push_back({{"pair_page", pair_page(kernel.id(), model_.kernels[i + 1].id())},
                                 {"text", "Until " + model_.kernels[i + 1].id()}});
      write_page(page, "kernel", kernel.id(), std::move(data));
      if (!kernel.archived) folder_.write(badge_file(kernel.id()), kernel_badge(kernel.diff()));
    }
    write_matrix_badge();
  }

  void write_matrix_badge() {
    ReportData all;
    for (const SiteKernel& kernel : model_.kernels)
      if (!kernel.archived)
        all.kernels.push_back({kernel.latest, kernel.report.result, kernel.report.diff});
    // A kernel that could not be run is no reason to say that all is well.
    for (const PlannedKernel& absent : model_.absent)
      all.kernels.push_back({absent, std::nullopt, std::nullopt});
    folder_.write("badges/matrix.svg", matrix_badge(exit_code(all)));
  }

  void write_comparisons(const Comparable& comparable) {
    Json data;
    data["pairs"] = Json::array();
    for (std::size_t i = 1; i < model_.kernels.size(); ++i) {
      const SiteKernel& before = model_.kernels[i - 1];
      const SiteKernel& after = model_.kernels[i];
      const std::string page = pair_page(before.id(), after.id());
      Json pair = pair_data(model_, before, after);
      pair["differences"] = differences(pair["differences"], page);
      write_page(page, "pair", fmt::format("{} and {}", before.id(), after.id()), std::move(pair));
      data["pairs"].push_back(
          {{"before", before.id()}, {"after", after.id()}, {"pair_page", page}});
    }
    write_page("compare.html", "compare", "Compare", std::move(data));
    folder_.write("data/compare.js", "window.brokenpipe_results = " +
                                         json_dump(page_json(comparable.json(model_))) + ";\n");
  }

  void write_picture(const std::string& page, const SiteKernel* shown) {
    Json data = pictures_data(model_, shown, page);
    const auto of = data["of"].get<std::string>();
    write_page(page, "pictures", "Pictures of " + of, std::move(data));
  }

  void write_pictures() {
    write_picture("pictures.html", nullptr);
    for (const SiteKernel& kernel : model_.kernels)
      write_picture(pictures_page(kernel.id()), &kernel);
  }

  void write_history() {
    folder_.write("data/history.json", json_text(to_json(history_)));
    write_page("history.html", "history", "History", history_data(model_, history_));
    if (has_nights()) folder_.write("feed.atom", atom_feed(history_, "history.html"));
  }

  const SiteInput& input_;
  SiteModel model_;
  History history_;
  SiteFolder& folder_;
  Templates templates_;
};

}  // namespace

std::vector<RunResult> read_archive(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<RunResult> archive;
  for (const std::filesystem::path& file : files) {
    archive.push_back(read_run_result(file));
    archive.back().kernel.id = file.stem();
  }
  return archive;
}

void publish(const SiteInput& input, const std::filesystem::path& out) {
  Read runs = read(input);
  SiteModel model = std::move(runs.newest).model(input);
  SiteFolder folder(out);
  Publisher(input, std::move(model), runs.history.history(), folder).write(runs.comparable);
  folder.put_in_place();
}

}  // namespace brokenpipe
