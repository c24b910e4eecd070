#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "orchestrator/site/matrix.h"
#include "orchestrator/site/model.h"
#include "orchestrator/site/pictures/history.h"
#include "orchestrator/summary/summary.h"

/// The data of pages, as their templates want it: texts are plain, `..._page` is a path below the
/// site's folder.
namespace brokenpipe {

/// A count for each verdict, for a row of chips, by its word and what `terms` call it.
nlohmann::ordered_json totals_data(const Totals& totals, const Terms& terms = {});

/// What one kernel has other than `against`, the name of what it was held against.
nlohmann::ordered_json differences_data(const Summary& summary, const std::string& against);

nlohmann::ordered_json scenario_data(const SiteModel& model, const ScenarioInfo& scenario);

/// A kernel's page; its `differences` are for the template of that name. `console` is its guest's
/// log.
nlohmann::ordered_json kernel_data(const SiteModel& model, const SiteKernel& kernel,
                                   const std::string& console);

/// The list of kernels, with those that no run has a result of.
nlohmann::ordered_json kernels_data(const SiteModel& model);

/// Every change, and where it shows.
nlohmann::ordered_json changes_data(const SiteModel& model);

/// Nights by kernels, what changed when, and how steady scenarios are.
nlohmann::ordered_json history_data(const SiteModel& model, const History& history);

/// A group's heading and counts. Its rows are rendered one by one, for there may be many cells.
nlohmann::ordered_json group_data(const SiteModel& model, const MatrixGroup& group);
/// Its `more` is what a search finds it by besides what it shows: all calls with their arguments,
/// and the changes that show in it.
nlohmann::ordered_json row_data(const SiteModel& model, const MatrixRow& row);
/// What stands around the groups: filters, legend, totals.
nlohmann::ordered_json matrix_data(const SiteModel& model, const std::vector<MatrixGroup>& groups);

}  // namespace brokenpipe
