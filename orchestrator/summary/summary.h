#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "orchestrator/summary/report_data.h"

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

/// What the two sides and the counts are called: held against a reference, or in a comparison of
/// A and B, where `changed` counts what is explained and what is not.
struct Terms {
  std::string expected = "expected";
  std::string got = "got";
  std::string explained = "explained";
  std::string added = "new";
  std::string gone = "gone";
  std::string unreferenced = "unreferenced";
};

struct Summary {
  std::string title;  ///< what is held against what: `Against linux-3.16`
  bool comparison = false;
  Terms terms;
  std::vector<Row> rows;
  Totals scenarios;  ///< of all kernels together
  Totals steps;
  std::vector<UnexplainedDifference> unexplained;
  /// Single changes first, in the order of their releases, then the chains of them.
  std::vector<ExplainedDifferences> explained;
  std::vector<Told> failed;         ///< kernels that could not be run, or not to the end
  std::vector<Told> not_run;        ///< kernels that no mirror offers or that were not tried
  std::vector<Told> tainted;        ///< kernels that oopsed on the way and went on to the end
  std::vector<std::string> only_a;  ///< of a comparison of runs: kernels that one of them has
  std::vector<std::string> only_b;
  std::vector<Unjudged> inconclusive;
  std::vector<Unjudged> added;  ///< of a comparison only: against a reference it is no news
  std::vector<Unjudged> gone;
  std::vector<Told> flaky;  ///< places where the repeats disagree
  std::vector<Told> idle;   ///< moves of changes that explain nothing
};

/// Refers to `data`: it must outlive the summary.
Summary summarise(const ReportData& data);

/// The word for a verdict. In a comparison: `changed`, `appeared` and `disappeared` for what is
/// `differs`, `new` and `gone` against a reference.
std::string_view verdict_word(Verdict verdict, const ReportData& data);

/// The same for the two sides and for counts.
Terms terms_of(const ReportData& data);

/// A scenario's verdict as a whole and its reason, which of what is new is what the other side
/// lacks: `new: linux-3.16: no io_uring`.
std::string verdict_and_reason(const ScenarioVerdict& scenario, const ReportData& data);

/// A step as it reads: `send(1) = -1 EPIPE`, or that it was not made.
std::string told(const std::optional<Step>& step);

/// Why the reference expects a step: its basis, and the source lines of a derived one.
std::string grounds_of(const std::optional<Step>& step);

/// Wall time that a guest took; nothing where it was not measured.
std::optional<double> seconds_of(const GuestRun& guest);

/// The run in one line: `3 unexplained differences.`, or that all is as it should be; of a
/// comparison how many scenarios are the same, changed, appeared and disappeared.
std::string conclusion(const Summary& summary, ExitCode code);

/// `1 scenario`, `2 scenarios`.
std::string counted(std::size_t count, const std::string& thing);

/// How many steps there are of each verdict; against a reference, the share that it does not have.
std::string steps_sentence(const Summary& summary);

/// The names, and from the sixth on only how many there are.
std::string some_of(const std::vector<std::string>& names);

/// A version range for people: `4.6`, `6.4, 5.10.217`, `3.19 until 6.9`.
std::string versions_of(const Change& change);

/// The ids of the changes, as a heading: `pwritev2`, `pwritev2, then socket-rwf-nowait`.
std::string chain_of(const ExplainedDifferences& group);

/// Of each group, in their order, the changes that no group before it has: what a report that
/// tells a change once has to tell there.
std::vector<std::vector<const Change*>> first_told(const std::vector<ExplainedDifferences>& groups);

/// The kernels, `all kernels` where they are all that were judged and more than two.
std::string kernels_sentence(const std::vector<std::string>& kernels, const Summary& summary);

}  // namespace brokenpipe
