#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/safe_format.h"
#include "results/base/text.h"

/// JUnit XML as CI systems read it: a test suite for each kernel, a test case for each scenario.
/// What is not as predicted and a flaky answer are a failure, of a strict run also what is ahead of
/// the kernel's version or behind it; what is inconclusive is an error, ours and not the kernel's.
/// What was not asked is skipped with the reason and its waiver, as is what the kernel lacks, what
/// nobody predicts, what was recorded on this very kernel, and what is new to A of a comparison.
/// All else is as predicted and passes, what is to be said of it in its output. A kernel that was
/// not run is a suite of one test case named after it: an error where it failed or was not tried,
/// skipped where no mirror offers it.
namespace brokenpipe {
namespace {

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(xml_text(value).c_str());
}

void note(pugi::xml_node testcase, const char* kind, const std::string& message,
          const std::string& detail = {}) {
  pugi::xml_node node = testcase.append_child(kind);
  set(node, "message", message);
  if (!detail.empty()) node.text().set(xml_text(detail, longest_text).c_str());
}

std::string differences(const ScenarioVerdict& scenario, const ReportData& data) {
  std::string text;
  for (const Departure& departure : departures(scenario, data)) {
    text += safe_format("{}\n  {:<9} {}\n  {:<9} {}\n", departure.place, departure.due_word,
                        departure.due, departure.got_word, departure.got);
    for (const std::string& note : departure.notes) text += safe_format("  {}\n", note);
  }
  return text;
}

const char* failure_of(const ScenarioVerdict& scenario, const ReportData& data) {
  if (scenario.verdict == Verdict::flaky) return "the repeats disagree";
  return data.comparison ? "not as A" : "not as predicted";
}

void add_outcome(pugi::xml_node testcase, const std::string& kernel,
                 const ScenarioVerdict& scenario, const ReportData& data) {
  if (is_red(scenario, data)) {
    note(testcase, "failure", failure_of(scenario, data), differences(scenario, data));
  } else if (scenario.verdict == Verdict::inconclusive) {
    note(testcase, "error", verdict_and_reason(kernel, scenario, data));
  } else if (proves_nothing(scenario, data)) {
    note(testcase, "skipped", verdict_and_reason(kernel, scenario, data));
  } else if (const std::string text = differences(scenario, data); !text.empty()) {
    testcase.append_child("system-out").text().set(xml_text(text, longest_text).c_str());
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
      add_outcome(add_testcase(suite, kernel.plan.id, scenario.scenario), kernel.plan.id, scenario,
                  data);
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
