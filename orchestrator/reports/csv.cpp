#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"
#include "results/describe.h"

/// A table for spreadsheets and scripts, as RFC 4180 has it: one row a step of a scenario on a
/// kernel, and one for the scenario's ending, whose step is `ending`. A scenario of which there is
/// neither has one row without a step, a kernel that said nothing one row without a scenario, so
/// that nothing is missing without a word. `changes` lead to what was seen, or, where that was not
/// what was predicted, to what was.
namespace brokenpipe {
namespace {

struct Line {
  std::string kernel;
  std::string release;
  std::string guest;
  std::string scenario;
  std::string step;
  std::string call;
  std::string args;
  std::string verdict;
  std::string standing;
  std::string expected;
  std::string predicted;
  std::string got;
  std::string changes;
  std::string basis;
  std::string grounds;
  std::string reason;
  std::string waiver;
};

std::string text_of(const Line& line) {
  std::string text;
  for (const std::string* cell :
       {&line.kernel, &line.release, &line.guest, &line.scenario, &line.step, &line.call,
        &line.args, &line.verdict, &line.standing, &line.expected, &line.predicted, &line.got,
        &line.changes, &line.basis, &line.grounds, &line.reason, &line.waiver}) {
    if (cell != &line.kernel) text += ',';
    text += csv_field(*cell);
  }
  return text + "\r\n";
}

/// What was seen; empty, and not `not made`, where the reference does not say.
std::string seen(const std::optional<Step>& step) {
  return step ? describe_seen(step->seen) : std::string();
}

Line line_of(Line line, const PlaceVerdict& place, const ReportData& data) {
  line.step = place.place;
  for (const std::optional<Step>* step : {&place.got, &place.expected, &place.predicted}) {
    if (!*step) continue;
    line.call = (*step)->call;
    line.args = (*step)->args;
    break;
  }
  line.verdict = verdict_word(place.verdict, data);
  line.standing = to_string(place.standing);
  line.expected = seen(place.expected);
  line.got = seen(place.got);
  if (place.basis) line.basis = to_string(*place.basis);
  const bool otherwise = place.standing == Standing::unexplained ||
                         place.standing == Standing::ahead || place.standing == Standing::behind;
  if (otherwise && !data.comparison)
    line.predicted = describe_seen(place.predicted ? place.predicted->seen : nlohmann::json());
  line.changes = fmt::format(
      "{}", fmt::join(place.predicted_by.empty() ? place.changes : place.predicted_by, " "));
  line.grounds = grounds_of(place.expected);
  return line;
}

std::string rows_of(const KernelReport& kernel, const ReportData& data) {
  Line line;
  line.kernel = kernel.plan.id;
  line.guest = to_string(kernel.plan.state);
  line.reason = kernel.plan.reason;
  if (kernel.result) {
    line.release = kernel.result->kernel.release;
    if (!kernel.result->from_sources) line.guest = to_string(kernel.result->guest.ending);
  }
  if (!kernel.diff) return text_of(line);
  std::string rows;
  for (const ScenarioVerdict& scenario : kernel.diff->scenarios) {
    line.scenario = scenario.scenario;
    line.verdict = verdict_word(scenario.verdict, data);
    line.standing = to_string(scenario.standing);
    line.reason = scenario.reason;
    line.waiver = scenario.waiver;
    if (scenario.places.empty()) rows += text_of(line);
    for (const PlaceVerdict& place : scenario.places) rows += text_of(line_of(line, place, data));
  }
  return rows;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  const Terms terms = terms_of(data);
  std::string text = text_of({"kernel", "release", "guest", "scenario", "step", "call", "args",
                              "verdict", "standing", terms.expected, "predicted", terms.got,
                              "changes", "basis", "grounds", "reason", "waiver"});
  for (const KernelReport& kernel : data.kernels) text += rows_of(kernel, data);
  return text;
}

const Registered registered{{"csv", "for spreadsheets: a row a step", render}};

}  // namespace
}  // namespace brokenpipe
