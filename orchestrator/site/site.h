#pragma once

#include <filesystem>
#include <vector>

#include "results/changes.h"
#include "results/run_directory.h"
#include "results/run_result.h"
#include "results/scenario_list.h"
#include "results/waivers.h"

/// The published results: plain files that need no server, no other host and, to be read, no
/// script. What a guest or a package said is escaped wherever it stands.
namespace brokenpipe {

/// What a site is made of.
struct SiteInput {
  ScenarioList scenarios;
  RunResult reference;
  Changes changes;
  /// What could not be asked for the time being, by whose word, and the day that it is.
  WaiversOn waivers = {};
  /// Oldest first. Of each kernel the newest result stands in the matrix; all are its history.
  std::vector<RunDirectory> runs;
  /// Results of kernels that no mirror has any more: columns of the matrix, without a history.
  std::vector<RunResult> archive = {};
  /// Where templates, style and script lie: `shipped("site")`.
  std::filesystem::path assets;
};

/// The results in a folder of archived ones, each kernel by the name of its file. Throws Error
/// where one cannot be read.
std::vector<RunResult> read_archive(const std::filesystem::path& folder);

/// Writes the whole site into `out`: made anew beside it and renamed into place, so that a reader
/// never sees half of one. The same input gives the same bytes. Not for two at once with one
/// `out`. Throws Error where a result cannot be read or a file not be written, UsageError where
/// there is no result to show, or `out` holds something that is no site of ours.
void publish(const SiteInput& input, const std::filesystem::path& out);

}  // namespace brokenpipe
