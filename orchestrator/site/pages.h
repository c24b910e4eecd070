#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "orchestrator/site/matrix.h"
#include "orchestrator/site/model.h"
#include "orchestrator/site/pictures/history.h"

/// The data of the pages, as their templates want it, each page in a file of its own: `page_*.cpp`.
/// Texts are plain, `..._page` is a path below the site's folder.
namespace brokenpipe {

/// What stands around the groups of the matrix: filters, legend, totals.
nlohmann::ordered_json matrix_data(const SiteModel& model, const std::vector<MatrixGroup>& groups);
/// A group's heading and counts. Its rows are rendered one by one, for there may be many cells.
nlohmann::ordered_json group_data(const SiteModel& model, const MatrixGroup& group);
/// Its `more` is what a search finds it by besides what it shows: all calls with their arguments,
/// and the changes that show in it.
nlohmann::ordered_json row_data(const SiteModel& model, const MatrixRow& row);

nlohmann::ordered_json scenario_data(const SiteModel& model, const ScenarioInfo& scenario);

/// The list of kernels, with those that no run has a result of.
nlohmann::ordered_json kernels_data(const SiteModel& model);
/// A kernel's page; its `differences` are for the template of that name. `console` is its guest's
/// log.
nlohmann::ordered_json kernel_data(const SiteModel& model, const SiteKernel& kernel,
                                   const std::string& console);

/// What is predicted for versions that run out there, scenario by scenario.
nlohmann::ordered_json predict_data(const SiteModel& model);

/// Every change, and where it shows.
nlohmann::ordered_json changes_data(const SiteModel& model);

/// Two kernels of the matrix, compared beforehand: for readers without a script. Its `differences`
/// are for the template of that name.
nlohmann::ordered_json pair_data(const SiteModel& model, const SiteKernel& before,
                                 const SiteKernel& after);

/// The pictures of one kernel, or, for null, of the reference alone, as they stand on `page`.
nlohmann::ordered_json pictures_data(const SiteModel& model, const SiteKernel* shown,
                                     const std::string& page);

/// Nights by kernels, what changed when, and how steady scenarios are.
nlohmann::ordered_json history_data(const SiteModel& model, const History& history);

}  // namespace brokenpipe
