#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"
#include "results/describe.h"

/// A table for spreadsheets and scripts, as RFC 4180 has it: one row a step of a scenario on a
/// kernel, and one for the scenario's ending, whose step is `ending`. A scenario of which there is
/// neither has one row without a step, a kernel that said nothing one row without a scenario, so
/// that nothing is missing without a word.
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
  std::string expected;
  std::string got;
  std::string changes;
  std::string grounds;
  std::string reason;
};

std::string text_of(const Line& line) {
  std::string text;
  for (const std::string* cell : {&line.kernel, &line.release, &line.guest, &line.scenario,
                                  &line.step, &line.call, &line.args, &line.verdict, &line.expected,
                                  &line.got, &line.changes, &line.grounds, &line.reason}) {
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
  const Step& step = place.got ? *place.got : *place.expected;
  line.step = place.place;
  line.call = step.call;
  line.args = step.args;
  line.verdict = place.verdict == Verdict::differs && !data.comparison
                     ? (place.unexplained() ? "unexplained" : "explained")
                     : verdict_word(place.verdict, data);
  line.expected = seen(place.expected);
  line.got = seen(place.got);
  for (const std::string& change : place.changes)
    line.changes += (line.changes.empty() ? "" : " ") + change;
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
    line.reason = scenario.reason;
    if (scenario.places.empty()) rows += text_of(line);
    for (const PlaceVerdict& place : scenario.places) rows += text_of(line_of(line, place, data));
  }
  return rows;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  const Terms terms = terms_of(data);
  std::string text =
      text_of({"kernel", "release", "guest", "scenario", "step", "call", "args", "verdict",
               terms.expected, terms.got, "changes", "grounds", "reason"});
  for (const KernelReport& kernel : data.kernels) text += rows_of(kernel, data);
  return text;
}

const Registered registered{{"csv", "for spreadsheets: a row a step", render}};

}  // namespace
}  // namespace brokenpipe
