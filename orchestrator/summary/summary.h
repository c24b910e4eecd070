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
  std::size_t not_waived = 0;  ///< of those that were not asked
  std::string seconds;         ///< of wall time that the guest took; empty where not known
};

/// One count of a row.
struct Count {
  enum class Mood { plain, warn, bad };
  std::string name;
  std::size_t count = 0;
  Mood mood = Mood::plain;  ///< of a count that is not 0
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
  /// Of what was not asked: the waiver that covers it, in words, or that none does; and until when,
  /// empty where none does.
  std::string waiver = {};
  std::string waived_until = {};
};

/// One answer that is not the predicted one; in a comparison, a difference that no change explains.
struct UnexplainedDifference {
  std::string scenario;
  std::string place;
  std::string expected;  ///< what was predicted; in a comparison: what A answers
  std::string got;
  std::string grounds;  ///< by which changes it was predicted, on which basis, by which lines
  std::string as;       ///< whose answer it is instead: `linux-3.16's own, as before pwritev2`
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

/// A waiver that covers something that was not asked.
struct WaiverInUse {
  const Waiver* waiver = nullptr;  ///< of ReportData::waivers
  std::vector<std::string> scenarios;
  std::vector<std::string> kernels;
};

/// How many of the steps that are as predicted were predicted by what.
struct PredictedFrom {
  std::size_t reference = 0;    ///< the reference kernel's own answer, seen
  std::size_t derivations = 0;  ///< a source: of the reference, a change, an introduction
  std::size_t recordings = 0;   ///< of an introduction on another kernel
};

/// What the two sides and the counts are called: held against a reference, or in a comparison of
/// A and B, where `changed` counts what is explained and what is not.
struct Terms {
  std::string expected = "expected";    ///< by the reference
  std::string predicted = "predicted";  ///< by reference and changes
  std::string got = "got";
  std::string explained = "explained";
  std::string added = "new";
  std::string gone = "gone";
  std::string unreferenced = "unreferenced";
};

struct Summary {
  std::string title;  ///< what is held against what: `Against linux-3.16`
  bool comparison = false;
  bool strict = false;
  Terms terms;
  std::vector<Row> rows;
  Totals scenarios;  ///< of all kernels together
  Totals steps;
  PredictedFrom predicted_from;
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
  std::vector<Unjudged> absent;
  std::vector<Unjudged> not_asked;
  std::vector<WaiverInUse> waivers;     ///< in the file's order
  std::vector<Unjudged> off_version;    ///< answers by a change that is not of the version
  std::vector<Unjudged> recorded_here;  ///< what predicts them was recorded on this very kernel
  std::vector<Told> flaky;              ///< places where the repeats disagree
  std::vector<Told> idle;               ///< of a comparison: moves of changes that explain nothing
};

/// Refers to `data`: it must outlive the summary.
Summary summarise(const ReportData& data);

/// The verdict table's counts of a row, in the order of its columns; ahead, behind, recorded here,
/// unreferenced, inconclusive and flaky only where any row has some.
std::vector<Count> counts_of(const Row& row, const Summary& summary);

/// The word for a verdict. In a comparison: `changed`, `appeared` and `disappeared` for what is
/// `differs`, `new` and `gone` against a reference.
std::string_view verdict_word(Verdict verdict, const ReportData& data);

/// The word under which a scenario or a place is counted: of what is not as predicted its standing,
/// else the verdict's, `explained` for `differs`.
std::string_view counted_as(Verdict verdict, Standing standing, const ReportData& data);

/// Whether it asks for somebody's attention: unexplained or flaky, of a strict run ahead or behind.
bool is_red(const ScenarioVerdict& scenario, const ReportData& data);

/// Whether it stands neither for nor against the kernel: it lacks the feature, was not asked,
/// nobody predicts it, or what does was recorded on it; of a comparison, A lacks the feature.
bool proves_nothing(const ScenarioVerdict& scenario, const ReportData& data);

/// The same for the two sides and for counts.
Terms terms_of(const ReportData& data);

/// A scenario's verdict as a whole and its reason, which of what is new is what the other side
/// lacks: `new: linux-3.16: no io_uring`; of what was not asked, also which waiver covers it.
std::string verdict_and_reason(const std::string& kernel, const ScenarioVerdict& scenario,
                               const ReportData& data);

/// The waiver of that id; null where there is none.
const Waiver* waiver_named(const std::string& id, const ReportData& data);

/// Of a scenario that was not asked: `waived until 2027-06-30 (no-modules)`, `no waiver covers it`.
std::string waiver_of(const std::string& kernel, const ScenarioVerdict& scenario,
                      const ReportData& data);

/// A step as it reads: `send(1) = -1 EPIPE`, or that it was not made.
std::string told(const std::optional<Step>& step);

/// Why the reference expects a step: its basis, and the source lines of a derived one.
std::string grounds_of(const std::optional<Step>& step);

/// Whose answer an unexplained one is, where it is known: `as before pwritev2` where it lacks that
/// change, `linux-3.16's own, as before pwritev2` where it is the reference's. Empty where it is
/// nobody's.
std::string as_before(const std::string& scenario, const PlaceVerdict& place,
                      const ReportData& data);

/// A place that has something to tell, in words.
struct Departure {
  std::string place;
  std::string due_word;  ///< `predicted`, `expected` or `A`
  std::string due;
  std::string got_word;
  std::string got;
  std::vector<std::string> notes;  ///< `explained by pwritev2`, `the repeats disagree`
};

/// The places of a scenario that are not as the reference's, or not as predicted.
std::vector<Departure> departures(const ScenarioVerdict& scenario, const ReportData& data);

/// Wall time that a guest took; nothing where it was not measured.
std::optional<double> seconds_of(const GuestRun& guest);

/// The run in one line: `3 unexplained differences.`, or `As predicted.`, and what was not asked;
/// of a comparison how many scenarios are the same, changed, appeared and disappeared.
std::string conclusion(const Summary& summary, ExitCode code);

/// What was not asked, in words: what is not waived, then what is; of neither nothing where there
/// is none.
std::vector<std::string> not_asked_words(const Summary& summary);

/// `1 scenario`, `2 scenarios`.
std::string counted(std::size_t count, const std::string& thing);

/// How many steps there are of each verdict; against a reference, what predicted them.
std::string steps_sentence(const Summary& summary);

/// The names, and from the sixth on only how many there are.
std::string some_of(const std::vector<std::string>& names);

/// `4.6`, `5.10.217`.
std::string number_of(const KernelVersion& version);

/// A version range for people: `4.6`, `6.4, 5.10.217`, `6.4, 6.1.33 until 6.6, 6.1.60`.
std::string versions_of(const Change& change);

/// The ids of the changes, as a heading: `pwritev2`, `pwritev2, then socket-rwf-nowait`.
std::string chain_of(const ExplainedDifferences& group);

/// Of each group, in their order, the changes that no group before it has: what a report that
/// tells a change once has to tell there.
std::vector<std::vector<const Change*>> first_told(const std::vector<ExplainedDifferences>& groups);

/// The kernels, `all kernels` where they are all that were judged and more than two.
std::string kernels_sentence(const std::vector<std::string>& kernels, const Summary& summary);

}  // namespace brokenpipe
