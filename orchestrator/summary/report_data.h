#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/changes.h"
#include "results/diff.h"
#include "results/run_directory.h"
#include "results/run_result.h"
#include "results/waivers.h"

/// What a run has shown, held against a reference or against another run: what every report, the
/// site and a night are made of.
namespace brokenpipe {

/// One kernel of a run. A kernel that said nothing has neither result nor diff.
struct KernelReport {
  PlannedKernel plan;
  std::optional<RunResult> result;
  std::optional<Diff> diff;
};

/// Two contenders, A and B, neither of which is right: what differs between them has changed,
/// what only one of them has appeared or disappeared.
struct Comparison {
  std::string a;  ///< a kernel with its release, or a run
  std::string b;
  std::vector<std::string> only_a;  ///< kernels that only A's run has
  std::vector<std::string> only_b;
};

struct ReportData {
  std::optional<RunRecord> run;  ///< nothing where two results are compared without a run
  /// What all kernels are held against; nothing where each is held against its own result of
  /// another run.
  std::optional<KernelIdentity> reference;
  Changes changes;
  std::vector<KernelReport> kernels;
  std::optional<Comparison> comparison = {};  ///< nothing where the reference is what is right
  WaiversOn waivers = {};                     ///< that were applied to the diffs
  bool strict = false;  ///< what is ahead of its version, or behind it, is red, too
};

/// A run's folder, held against a reference. Throws Error where a file of it cannot be read.
ReportData report_data(const RunDirectory& run, const RunResult& reference, const Changes& changes,
                       const WaiversOn& waivers = {});

/// One result held against a reference.
ReportData report_data(const RunResult& contender, const RunResult& reference,
                       const Changes& changes, const WaiversOn& waivers = {});

/// Result B beside result A.
ReportData compare(const RunResult& a, const RunResult& b, const Changes& changes,
                   const WaiversOn& waivers = {});

/// Every kernel of run B beside result A. Throws Error where a file of the run cannot be read.
ReportData compare(const RunResult& a, const RunDirectory& b, const Changes& changes,
                   const WaiversOn& waivers = {});

/// Run B beside run A, kernel by kernel where ids meet; a kernel that no mirror offered to a run
/// is none of that run. Throws Error where a file of them cannot be read.
ReportData compare(const RunDirectory& a, const RunDirectory& b, const Changes& changes,
                   const WaiversOn& waivers = {});

/// Of one kernel: `incomplete` where it could not be run to its end, or was not tried, else what
/// its diff says, in which what is ahead or behind is no difference unless `strict`.
ExitCode exit_code(const KernelReport& kernel, bool strict);

/// The worst of the kernels': `incomplete`, then `differs`. A kernel that no mirror offers counts
/// only where nothing else was compared.
ExitCode exit_code(const ReportData& data);

}  // namespace brokenpipe
