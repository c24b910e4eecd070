#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

/// The Test Anything Protocol, version 14: a test point for each kernel, and before it, as its
/// subtest, one for each scenario. What is as predicted is `ok`; what is not, a flaky answer and
/// what is inconclusive is `not ok`, as is a kernel that could not be run to its end, and of a
/// strict run what is ahead of the kernel's version or behind it. What was not asked is skipped
/// with the reason and its waiver, as is what the kernel lacks, what nobody predicts, what was
/// recorded on this very kernel, and what is new to A of a comparison. A diagnostic block names the
/// places that differ.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

/// Words of a block, of which only the start is told where they are long.
std::string words(const std::string& said) {
  return terminal_text(said);
}

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

Json differences(const ScenarioVerdict& scenario, const ReportData& data) {
  Json all = Json::array();
  for (const Departure& departure : departures(scenario, data)) {
    Json difference{{"step", words(departure.place)},
                    {departure.due_word, words(departure.due)},
                    {departure.got_word, words(departure.got)}};
    for (const std::string& note : departure.notes) difference["notes"].push_back(words(note));
    all.push_back(std::move(difference));
  }
  return all;
}

std::string scenario_point(const std::string& kernel, const ScenarioVerdict& scenario,
                           std::size_t number, const ReportData& data) {
  const std::string word(counted_as(scenario.verdict, scenario.standing, data));
  const std::string& id = scenario.scenario;
  if (scenario.verdict == Verdict::inconclusive)
    return point(false, number, id) +
           block({{"verdict", word}, {"reason", words(scenario.reason)}});
  if (!is_red(scenario, data) && proves_nothing(scenario, data))
    return point(true, number, id, verdict_and_reason(kernel, scenario, data));
  std::string text = point(!is_red(scenario, data), number, id);
  const Json places = differences(scenario, data);
  if (!places.empty()) text += block({{"verdict", word}, {"differences", places}});
  return text;
}

bool as_it_should(const KernelReport& kernel, const ReportData& data) {
  return exit_code(kernel, data.strict) == ExitCode::as_reference;
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
      points += scenario_point(id, scenario, ++nth, data);
    text += fmt::format("# Subtest: {}\n", tap_line(id));
    text += indented(fmt::format("1..{}\n", nth) + points);
  }
  text += point(as_it_should(kernel, data), number, id);
  if (kernel.plan.state != KernelState::done)
    text += block({{"state", state}, {"reason", words(kernel.plan.reason)}});
  return text;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  std::string text = fmt::format("TAP version 14\n# {}\n1..{}\n", tap_line(summarise(data).title),
                                 data.kernels.size());
  std::size_t number = 0;
  for (const KernelReport& kernel : data.kernels) text += kernel_points(kernel, ++number, data);
  return text;
}

const Registered registered{{"tap", "Test Anything Protocol 14: a subtest a kernel", render}};

}  // namespace
}  // namespace brokenpipe
