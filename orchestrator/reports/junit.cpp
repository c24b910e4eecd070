#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

/// JUnit XML as CI systems read it: a test suite for each kernel, a test case for each scenario.
/// An unexplained difference and a flaky answer are a failure; what is inconclusive is an error,
/// ours and not the kernel's; new, gone and unreferenced are skipped, with the reason; what is as
/// the reference or explained passes, the explanation in its output. A kernel that was not run
/// is a suite of one test case named after it: an error where it failed or was not tried, skipped
/// where no mirror offers it.
namespace brokenpipe {
namespace {

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

void note(pugi::xml_node testcase, const char* kind, const std::string& message,
          const std::string& detail = {}) {
  pugi::xml_node node = testcase.append_child(kind);
  set(node, "message", message);
  if (!detail.empty()) node.text().set(xml_text(detail).c_str());
}

std::string differences(const ScenarioVerdict& scenario, const Terms& terms) {
  std::string text;
  for (const PlaceVerdict& place : scenario.places) {
    if (place.verdict != Verdict::differs && place.verdict != Verdict::flaky) continue;
    text += fmt::format("{}\n  {:<8} {}\n  {:<8} {}\n", place.place, terms.expected,
                        told(place.expected), terms.got, told(place.got));
    if (place.verdict == Verdict::flaky) text += "  the repeats disagree\n";
    for (const std::string& change : place.changes)
      text += fmt::format("  explained by {}\n", change);
  }
  return text;
}

void add_outcome(pugi::xml_node testcase, const ScenarioVerdict& scenario, const ReportData& data) {
  const Terms terms = terms_of(data);
  const std::string message = verdict_and_reason(scenario, data);
  switch (scenario.verdict) {
    case Verdict::same:
      break;
    case Verdict::differs:
      if (scenario.explained())
        testcase.append_child("system-out")
            .text()
            .set(xml_text(differences(scenario, terms)).c_str());
      else
        note(testcase, "failure", data.comparison ? "not as A" : "not as the reference",
             differences(scenario, terms));
      break;
    case Verdict::flaky:
      note(testcase, "failure", "the repeats disagree", differences(scenario, terms));
      break;
    case Verdict::inconclusive:
      note(testcase, "error", message);
      break;
    case Verdict::added:
    case Verdict::gone:
    case Verdict::absent:
    case Verdict::not_asked:
    case Verdict::unreferenced:
      note(testcase, "skipped", message);
      break;
  }
}

pugi::xml_node add_testcase(pugi::xml_node suite, const std::string& kernel,
                            const std::string& name) {
  pugi::xml_node testcase = suite.append_child("testcase");
  set(testcase, "classname", kernel);
  set(testcase, "name", name);
  return testcase;
}

void count(pugi::xml_node suite) {
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
  for (const pugi::xml_node testcase : suite.children("testcase")) {
    ++tests;
    if (testcase.child("failure")) ++failures;
    if (testcase.child("error")) ++errors;
    if (testcase.child("skipped")) ++skipped;
  }
  suite.append_attribute("tests").set_value(tests);
  suite.append_attribute("failures").set_value(failures);
  suite.append_attribute("errors").set_value(errors);
  suite.append_attribute("skipped").set_value(skipped);
}

void add_suite(pugi::xml_node root, const KernelReport& kernel, const ReportData& data) {
  pugi::xml_node suite = root.append_child("testsuite");
  set(suite, "name", kernel.plan.id);
  if (kernel.result) {
    if (const auto seconds = seconds_of(kernel.result->guest))
      set(suite, "time", fmt::format("{:.3f}", *seconds));
    pugi::xml_node properties = suite.append_child("properties");
    pugi::xml_node release = properties.append_child("property");
    set(release, "name", "release");
    set(release, "value", kernel.result->kernel.release);
  }
  if (kernel.plan.state != KernelState::done) {
    const std::string state(to_string(kernel.plan.state));
    note(add_testcase(suite, kernel.plan.id, kernel.plan.id),
         kernel.plan.state == KernelState::not_offered ? "skipped" : "error",
         kernel.plan.reason.empty() ? state : fmt::format("{}: {}", state, kernel.plan.reason));
  }
  if (kernel.diff) {
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios)
      add_outcome(add_testcase(suite, kernel.plan.id, scenario.scenario), scenario, data);
  }
  count(suite);
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node root = document.append_child("testsuites");
  set(root, "name", data.run ? "brokenpipe " + data.run->id : "brokenpipe");
  for (const KernelReport& kernel : data.kernels) add_suite(root, kernel, data);
  std::ostringstream text;
  document.save(text, " ");
  return text.str();
}

const Registered registered{{"junit", "JUnit XML: a suite a kernel, a case a scenario", render}};

}  // namespace
}  // namespace brokenpipe
