#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "orchestrator/summary/report_data.h"

/// What verbs read that others have written: the reference, the known changes, runs.
namespace brokenpipe {

/// The reference that the project ships, or the file that --against names.
RunResult read_reference(const std::string& against);

/// The changes that the project knows.
Changes known_changes();

/// The waivers that the project ships, on this day.
WaiversOn known_waivers();

/// Where runs are kept unless --out says otherwise.
std::filesystem::path default_runs_directory();

/// A finished or interrupted run that somebody names: a folder, or the id of one below
/// default_runs_directory().
std::optional<RunDirectory> find_run(const std::string& name);

/// The same; throws UsageError where it is neither.
RunDirectory open_run(const std::string& name);

}  // namespace brokenpipe
