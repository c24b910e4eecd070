#include "orchestrator/reports/report.h"
#include "results/base/safe_format.h"
#include "results/describe.h"

/// What was seen, call by call: to read a scenario on one kernel, or to compare two with diff(1).
namespace brokenpipe {
namespace {

std::string ended(const Observation& observation) {
  std::string words(to_string(observation.ending));
  if (!observation.signal.empty()) words += " by " + observation.signal;
  if (!observation.reason.empty()) words += ": " + observation.reason;
  return words;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  std::string text;
  for (const KernelReport& kernel : data.kernels) {
    if (!kernel.result) continue;
    text += safe_format("{} ({})\n", kernel.plan.id, kernel.result->kernel.release);
    for (const Observation& observation : kernel.result->observations) {
      text += safe_format("  {}\n", observation.scenario);
      for (const std::string& sysctl : observation.shortened) {
        text += safe_format("    [{}]\n", sysctl);
      }
      for (const Step& step : observation.steps) {
        text += safe_format("    {}\n", describe(step));
      }
      if (observation.ending != ScenarioEnding::completed) {
        text += safe_format("    {}\n", ended(observation));
      }
    }
  }
  return text.empty() ? "No kernel has answered.\n" : text;
}

const Registered registered{{"trace", "every call and what it did, kernel by kernel", render}};

}  // namespace
}  // namespace brokenpipe
