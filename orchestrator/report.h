#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/changes.h"
#include "results/diff.h"
#include "results/run_directory.h"
#include "results/run_result.h"

/// What a run has shown, and the formats that tell it. A format is one file in reports/ with a
/// function and, below it, a `const Registered` that names it; nothing else lists them.
namespace brokenpipe {

/// One kernel of a run. A kernel that said nothing has neither result nor diff.
struct KernelReport {
  PlannedKernel plan;
  std::optional<RunResult> result;
  std::optional<Diff> diff;
};

struct ReportData {
  std::optional<RunRecord> run;  ///< nothing where two results are compared without a run
  KernelIdentity reference;
  Changes changes;
  std::vector<KernelReport> kernels;
};

/// A run's folder, held against a reference. Throws Error where a file of it cannot be read.
ReportData report_data(const RunDirectory& run, const RunResult& reference, const Changes& changes);

/// One result held against another.
ReportData report_data(const RunResult& contender, const RunResult& reference,
                       const Changes& changes);

/// The worst of the kernels' diffs: `incomplete`, then `differs`. A kernel that could not be run
/// to its end, or was not tried, is `incomplete`; one that no mirror offers counts only where
/// nothing else was compared.
ExitCode exit_code(const ReportData& data);

struct ReportOptions {
  bool colour = false;  ///< for a terminal; heeded by `text` alone
};

struct Report {
  std::string_view name;         ///< as in --format
  std::string_view description;  ///< for --help: half a sentence
  std::string (*render)(const ReportData& data, const ReportOptions& options);
};

/// Adds a format; a namespace-scope object of each format's file.
class Registered {
 public:
  explicit Registered(const Report& report);
};

/// All formats, sorted by name.
std::vector<Report> reports();

/// The format of that name; throws UsageError, with the names there are, where there is none.
Report report_named(std::string_view name);

}  // namespace brokenpipe
