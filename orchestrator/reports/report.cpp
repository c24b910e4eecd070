#include "orchestrator/reports/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "results/base/error.h"

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

}  // namespace brokenpipe
