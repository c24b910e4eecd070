#pragma once

#include <string>
#include <vector>

#include "results/changes.h"
#include "results/run_result.h"
#include "results/scenario_list.h"
#include "results/sites.h"

/// The documents in results/tables, for people who want to learn. No format of a run's report: they
/// are generated from what the scenarios say of themselves and from the files below results/, so
/// that they cannot disagree with them.
namespace brokenpipe {

/// results/tables/semantics.md: every scenario's question, what the reference answers, on which
/// grounds, and in which versions the answer has changed.
std::string semantics_table(const ScenarioList& list, const RunResult& reference,
                            const Changes& changes);

/// results/tables/coverage.md: site by site of the reference's sources, which scenarios reach it,
/// or why none does.
std::string coverage_table(const ScenarioList& list, const Sites& sites);

/// What is wrong with the coverage, a sentence each: a site that no scenario names among its
/// grounds and that no reason excuses, or one that has both.
std::vector<std::string> coverage_complaints(const ScenarioList& list, const Sites& sites);

}  // namespace brokenpipe
