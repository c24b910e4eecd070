#include "orchestrator/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "results/error.h"

namespace brokenpipe {
namespace {

/// A function's static: formats register before main, in an order that nobody knows.
std::vector<Report>& registry() {
  static std::vector<Report> all;
  return all;
}

}  // namespace

Registered::Registered(const Report& report) {
  registry().push_back(report);
}

std::vector<Report> reports() {
  std::vector<Report> sorted = registry();
  std::sort(sorted.begin(), sorted.end(),
            [](const Report& a, const Report& b) { return a.name < b.name; });
  return sorted;
}

Report report_named(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Report& report : reports()) {
    if (report.name == name) return report;
    names.push_back(report.name);
  }
  throw UsageError(
      fmt::format("there is no report format \"{}\"; there are: {}", name, fmt::join(names, ", ")));
}

ReportData report_data(const RunDirectory& run, const RunResult& reference,
                       const Changes& changes) {
  ReportData data{run.run(), reference.kernel, changes, {}};
  for (const PlannedKernel& plan : run.run().kernels) {
    KernelReport kernel{plan, run.result(plan.id), std::nullopt};
    if (kernel.result) kernel.diff = diff(reference, *kernel.result, changes);
    data.kernels.push_back(std::move(kernel));
  }
  return data;
}

ReportData report_data(const RunResult& contender, const RunResult& reference,
                       const Changes& changes) {
  // A file of results by itself: whoever made it has done its part, unless it says otherwise.
  const bool done = contender.from_sources || vouches_for_all(contender.guest.ending);
  PlannedKernel plan{contender.kernel.id, done ? KernelState::done : KernelState::failed,
                     done ? std::string() : contender.guest.reason};
  return {std::nullopt,
          reference.kernel,
          changes,
          {{std::move(plan), contender, diff(reference, contender, changes)}}};
}

ExitCode exit_code(const ReportData& data) {
  bool compared = false;
  ExitCode worst = ExitCode::as_reference;
  for (const KernelReport& kernel : data.kernels) {
    if (kernel.plan.state == KernelState::not_offered) continue;
    if (kernel.plan.state != KernelState::done || !kernel.diff) return ExitCode::incomplete;
    compared = true;
    worst = std::max(worst, exit_code(*kernel.diff));
  }
  return compared ? worst : ExitCode::incomplete;
}

}  // namespace brokenpipe
