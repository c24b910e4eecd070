#include "orchestrator/summary/report_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace brokenpipe {
namespace {

std::string name_of(const KernelIdentity& kernel) {
  return kernel.release.empty() ? kernel.id : fmt::format("{} ({})", kernel.id, kernel.release);
}

std::string name_of(const RunRecord& run) {
  return "run " + run.id;
}

const PlannedKernel* find_kernel(const RunRecord& run, const std::string& id) {
  const auto found = std::find_if(run.kernels.begin(), run.kernels.end(),
                                  [&](const PlannedKernel& kernel) { return kernel.id == id; });
  return found == run.kernels.end() ? nullptr : &*found;
}

/// A kernel that no mirror offered at the time is as if nobody had asked for it.
bool had_its_turn(const PlannedKernel& kernel) {
  return kernel.state != KernelState::not_offered;
}

Diff waived_diff(const RunResult& reference, const RunResult& contender, const Changes& changes,
                 const WaiversOn& waivers) {
  Diff held = diff(reference, contender, changes);
  apply_waivers(held, waivers);
  return held;
}

}  // namespace

ReportData report_data(const RunDirectory& run, const RunResult& reference, const Changes& changes,
                       const WaiversOn& waivers) {
  ReportData data{run.run(), reference.kernel, changes, {}, std::nullopt, waivers};
  for (const PlannedKernel& plan : run.run().kernels) {
    KernelReport kernel{plan, run.result(plan.id), std::nullopt};
    if (kernel.result) kernel.diff = waived_diff(reference, *kernel.result, changes, waivers);
    data.kernels.push_back(std::move(kernel));
  }
  return data;
}

ReportData report_data(const RunResult& contender, const RunResult& reference,
                       const Changes& changes, const WaiversOn& waivers) {
  // A file of results by itself: whoever made it has done its part, unless it says otherwise.
  const bool done = contender.from_sources || vouches_for_all(contender.guest.ending);
  PlannedKernel plan{contender.kernel.id, done ? KernelState::done : KernelState::failed,
                     done ? std::string() : contender.guest.reason};
  return {std::nullopt,
          reference.kernel,
          changes,
          {{std::move(plan), contender, waived_diff(reference, contender, changes, waivers)}},
          std::nullopt,
          waivers};
}

ReportData compare(const RunResult& a, const RunResult& b, const Changes& changes,
                   const WaiversOn& waivers) {
  ReportData data = report_data(b, a, changes, waivers);
  data.comparison = Comparison{name_of(a.kernel), name_of(b.kernel), {}, {}};
  return data;
}

ReportData compare(const RunResult& a, const RunDirectory& b, const Changes& changes,
                   const WaiversOn& waivers) {
  ReportData data = report_data(b, a, changes, waivers);
  data.comparison = Comparison{name_of(a.kernel), name_of(b.run()), {}, {}};
  return data;
}

ReportData compare(const RunDirectory& a, const RunDirectory& b, const Changes& changes,
                   const WaiversOn& waivers) {
  ReportData data{b.run(), std::nullopt, changes, {}, Comparison{}, waivers};
  data.comparison->a = name_of(a.run());
  data.comparison->b = name_of(b.run());
  for (const PlannedKernel& plan : b.run().kernels) {
    if (!had_its_turn(plan)) continue;
    const PlannedKernel* before = find_kernel(a.run(), plan.id);
    if (before == nullptr || !had_its_turn(*before)) {
      data.comparison->only_b.push_back(plan.id);
      continue;
    }
    KernelReport kernel{plan, b.result(plan.id), std::nullopt};
    const std::optional<RunResult> was = a.result(plan.id);
    if (kernel.result && was) {
      kernel.diff = waived_diff(*was, *kernel.result, changes, waivers);
    } else if (kernel.result) {
      kernel.plan.state = KernelState::failed;
      kernel.plan.reason =
          fmt::format("A has no result of it ({}{})", to_string(before->state),
                      before->reason.empty() ? std::string() : ": " + before->reason);
    }
    data.kernels.push_back(std::move(kernel));
  }
  for (const PlannedKernel& plan : a.run().kernels) {
    const PlannedKernel* after = find_kernel(b.run(), plan.id);
    if (had_its_turn(plan) && (after == nullptr || !had_its_turn(*after)))
      data.comparison->only_a.push_back(plan.id);
  }
  return data;
}

ExitCode exit_code(const KernelReport& kernel, bool strict) {
  if (kernel.plan.state != KernelState::done || !kernel.diff) return ExitCode::incomplete;
  const Totals& totals = kernel.diff->scenario_totals;
  const bool off_its_version = totals.ahead + totals.behind > 0;
  return std::max(exit_code(*kernel.diff),
                  strict && off_its_version ? ExitCode::differs : ExitCode::as_reference);
}

ExitCode exit_code(const ReportData& data) {
  bool compared = false;
  ExitCode worst = ExitCode::as_reference;
  for (const KernelReport& kernel : data.kernels) {
    if (kernel.plan.state == KernelState::not_offered) continue;
    compared = true;
    worst = std::max(worst, exit_code(kernel, data.strict));
  }
  return compared ? worst : ExitCode::incomplete;
}

}  // namespace brokenpipe
