#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "orchestrator/report.h"

/// What the reports for people tell, sorted for reading: what several kernels have in common is
/// told once.
namespace brokenpipe {

/// One row of the verdict table. Counts are of scenarios.
struct Row {
  std::string kernel;
  std::string release;  ///< empty where the guest did not say
  std::string guest;    ///< the guest's ending; the kernel's state where there is no guest
  bool judged = false;  ///< whether there is a diff, and the counts say something
  Totals scenarios;
  std::string seconds;  ///< of wall time that the guest took; empty where not known
};

/// A fact, and the kernels of which it is true.
struct Told {
  std::string what;
  std::vector<std::string> kernels;
};

/// Scenarios that have no verdict by their answers, for one reason.
struct Unjudged {
  std::string reason;
  std::vector<std::string> scenarios;
  std::vector<std::string> kernels;
};

/// One difference that no change explains.
struct UnexplainedDifference {
  std::string scenario;
  std::string place;
  std::string expected;
  std::string got;
  std::string grounds;  ///< why the reference expects it: the basis, and the lines
  std::vector<std::string> kernels;
};

/// What differences one change or one chain of changes explains.
struct ExplainedDifferences {
  std::vector<const Change*> changes;  ///< of ReportData::changes, in the order of effect
  struct Transition {
    std::string place;
    std::string expected;  ///< the whole step
    std::string got;       ///< only what was seen
    std::vector<std::string> scenarios;
  };
  std::vector<Transition> transitions;
  std::vector<std::string> kernels;
};

struct Summary {
  std::vector<Row> rows;
  Totals scenarios;  ///< of all kernels together
  Totals steps;
  std::vector<UnexplainedDifference> unexplained;
  std::vector<ExplainedDifferences> explained;
  std::vector<Told> failed;   ///< kernels that could not be run, or not to the end
  std::vector<Told> not_run;  ///< kernels that no mirror offers or that were not tried
  std::vector<Unjudged> inconclusive;
  std::vector<Unjudged> gone;
  std::vector<Told> flaky;  ///< places where the repeats disagree
  std::vector<Told> idle;   ///< moves of changes that explain nothing
};

/// Refers to `data`: it must outlive the summary.
Summary summarise(const ReportData& data);

/// The run in one line: `3 unexplained differences.`, or that all is as it should be.
std::string conclusion(const Summary& summary, ExitCode code);

/// `1 scenario`, `2 scenarios`.
std::string counted(std::size_t count, const std::string& thing);

/// How many steps there are of each verdict, and the share that the reference does not have.
std::string steps_sentence(const Totals& steps);

/// The names, and from the sixth on only how many there are.
std::string some_of(const std::vector<std::string>& names);

/// A version range for people: `4.6`, `6.4, 5.10.217`, `3.19 until 6.9`.
std::string versions_of(const Change& change);

/// The kernels, `all kernels` where they are all that were judged and more than two.
std::string kernels_sentence(const std::vector<std::string>& kernels, const Summary& summary);

}  // namespace brokenpipe
