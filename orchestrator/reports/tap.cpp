#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

/// The Test Anything Protocol, version 14: a test point for each kernel, and before it, as its
/// subtest, one for each scenario. What is as the reference or explained is `ok`; an unexplained
/// difference, a flaky answer and what is inconclusive is `not ok`, as is a kernel that could not
/// be run to its end; what is new, gone or unreferenced is skipped with the reason. A diagnostic
/// block names the places that differ.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

/// Keys and values of a block. A value is JSON, which is YAML too, whatever is in it.
std::string block(const Json& values) {
  std::string text = "  ---\n";
  for (const auto& [key, value] : values.items())
    text += fmt::format("  {}: {}\n", key, json_dump(value));
  return text + "  ...\n";
}

std::string indented(const std::string& text) {
  std::string more;
  std::size_t start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1)
    more += "    " + text.substr(start, end + 1 - start);
  return more;
}

std::string point(bool ok, std::size_t number, const std::string& name,
                  const std::string& skipped = {}) {
  return fmt::format("{} {} - {}{}\n", ok ? "ok" : "not ok", number, tap_line(name),
                     skipped.empty() ? std::string() : " # SKIP " + tap_line(skipped));
}

Json differences(const ScenarioVerdict& scenario, const Terms& terms) {
  Json all = Json::array();
  for (const PlaceVerdict& place : scenario.places) {
    if (place.verdict != Verdict::differs && place.verdict != Verdict::flaky) continue;
    Json difference;
    difference["step"] = place.place;
    difference[terms.expected] = told(place.expected);
    difference[terms.got] = told(place.got);
    if (place.verdict == Verdict::flaky) difference["flaky"] = true;
    if (!place.changes.empty()) difference["changes"] = place.changes;
    all.push_back(std::move(difference));
  }
  return all;
}

std::string scenario_point(const ScenarioVerdict& scenario, std::size_t number,
                           const ReportData& data) {
  const std::string word(verdict_word(scenario.verdict, data));
  const std::string& id = scenario.scenario;
  switch (scenario.verdict) {
    case Verdict::same:
      return point(true, number, id);
    case Verdict::differs:
    case Verdict::flaky:
      return point(scenario.verdict == Verdict::differs && scenario.explained(), number, id) +
             block({{"verdict", scenario.explained() ? "explained" : word},
                    {"differences", differences(scenario, terms_of(data))}});
    case Verdict::inconclusive:
      return point(false, number, id) + block({{"verdict", word}, {"reason", scenario.reason}});
    case Verdict::added:
    case Verdict::gone:
    case Verdict::absent:
    case Verdict::not_asked:
    case Verdict::unreferenced:
      break;
  }
  return point(true, number, id, verdict_and_reason(scenario, data));
}

bool as_it_should(const KernelReport& kernel) {
  return kernel.plan.state == KernelState::done && kernel.diff &&
         exit_code(*kernel.diff) == ExitCode::as_reference;
}

std::string kernel_points(const KernelReport& kernel, std::size_t number, const ReportData& data) {
  const std::string& id = kernel.plan.id;
  const std::string state(to_string(kernel.plan.state));
  if (kernel.plan.state == KernelState::not_offered)
    return point(true, number, id, fmt::format("{}: {}", state, kernel.plan.reason));

  std::string text;
  if (kernel.diff) {
    std::string points;
    std::size_t nth = 0;
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios)
      points += scenario_point(scenario, ++nth, data);
    text += fmt::format("# Subtest: {}\n", tap_line(id));
    text += indented(fmt::format("1..{}\n", nth) + points);
  }
  text += point(as_it_should(kernel), number, id);
  if (kernel.plan.state != KernelState::done)
    text += block({{"state", state}, {"reason", kernel.plan.reason}});
  return text;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  std::string text =
      fmt::format("TAP version 14\n# {}\n1..{}\n", summarise(data).title, data.kernels.size());
  std::size_t number = 0;
  for (const KernelReport& kernel : data.kernels) text += kernel_points(kernel, ++number, data);
  return text;
}

const Registered registered{{"tap", "Test Anything Protocol 14: a subtest a kernel", render}};

}  // namespace
}  // namespace brokenpipe
