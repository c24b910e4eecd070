#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/site/model.h"

/// The matrix: scenarios by kernels, in each cell the answer that tells most.
namespace brokenpipe {

struct MatrixCell {
  std::string text;                  ///< `EPIPE ⚡`
  std::string words;                 ///< the whole answer; `describe()`, or why there is none
  std::string_view verdict;          ///< verdict_word()
  std::string seen;                  ///< of a step's answer, all that was seen: what is compared
  std::string place;                 ///< the step that it tells; empty where it has no answer
  std::vector<std::string> changes;  ///< ids of those that explain it
  std::string predicted = {};        ///< of an answer that was not predicted: what was, whole
};

struct MatrixRow {
  const ScenarioInfo* scenario = nullptr;
  std::string place;  ///< the step that the cells tell
  MatrixCell reference;
  std::vector<MatrixCell> cells;  ///< as SiteModel::kernels
};

/// The word for a verdict in a page, cell_word(); of a scenario that its probe's globs did not
/// select it is `left-out`.
std::string_view verdict_word(const ScenarioVerdict* verdict);

/// The step of a scenario that a row of the matrix tells, one for all its cells: the first where a
/// kernel's answer is unexplained; else the first where one is not as the reference's at all; else
/// the first write that did not simply succeed; else the last write; else the last step.
std::string telling_place(const SiteModel& model, const std::string& scenario);

/// The same of one observation: where nobody departs.
std::string telling_step(const Observation& observation);

/// What a step has seen, in the room of a cell.
std::string cell_text(const Step& step);

/// What a cell says whole: its step, the answer, what was predicted where that is another, and the
/// changes that explain it.
std::string cell_title(const SiteModel& model, const MatrixCell& cell);

/// A row. A cell whose kernel departs only at another step tells that one, by its name.
MatrixRow matrix_row(const SiteModel& model, const ScenarioInfo& scenario);

/// The rows in groups that a browser lays out one by one, as they come into sight: a family each,
/// `entry` by its states; of very many kernels in parts, for a group must not be too large for
/// that.
struct MatrixGroup {
  std::string name;      ///< `tcp-wire`, `entry/close-wait-rst`
  std::size_t part = 0;  ///< of the groups of that name
  std::vector<MatrixRow> rows;
};
std::vector<MatrixGroup> matrix_groups(const SiteModel& model);

/// data/matrix.json.
nlohmann::ordered_json matrix_json(const SiteModel& model, const std::vector<MatrixGroup>& groups);

}  // namespace brokenpipe
