#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/changes.h"
#include "results/run_result.h"

/// What a kernel answers, held against a reference: any two results can be compared, and nothing
/// is read or run for it.
namespace brokenpipe {

/// How an answer stands to the reference's.
enum class Verdict {
  same,          ///< every value that the reference has is what was seen
  differs,       ///< a value is another, or a step of the reference was not made
  added,         ///< `new`: the reference kernel lacks the feature
  gone,          ///< the contender lacks the feature, and there is evidence of it
  absent,        ///< both lack the feature, the contender by evidence
  not_asked,     ///< it could not be asked, and nothing shows that it lacks the feature; of two
                 ///< contenders: one of them
  inconclusive,  ///< one of the two has no answer: broken, timed out, the guest did not finish
  flaky,         ///< its repeats disagree
  unreferenced,  ///< nobody predicts it: no reference, no introduction has it
};

std::string_view to_string(Verdict verdict);

/// Whether an answer is the one that reference and changes predict for the contender's version,
/// which is what is green. From good to bad: a scenario stands as the worst of its places.
enum class Standing {
  predicted,
  unjudged,       ///< there is no answer, or nobody predicts it
  recorded_here,  ///< what predicts it was recorded on this very kernel, so that it proves nothing
  behind,         ///< an answer from before a change; of a kernel whose version does not tell
  ahead,          ///< an answer from after a change; of a kernel whose version does not tell
  unexplained,    ///< another answer
};

std::string_view to_string(Standing standing);

/// A place where two observations are compared: a step, or the scenario's ending.
struct PlaceVerdict {
  std::string place;  ///< a step's id, or `ending`
  Verdict verdict = Verdict::same;
  std::optional<Step> expected;  ///< nothing where the reference does not have the step
  std::optional<Step> got;       ///< nothing where the contender did not make it
  /// Ids of the changes that lead from the reference's answer to this one, in the order in which
  /// one comes by them; of what is ahead or behind: the changes that it has too many or too few.
  std::vector<std::string> changes;
  Standing standing = Standing::predicted;
  /// What was predicted, where something else was seen: nothing where it was that the step is not
  /// made.
  std::optional<Step> predicted = {};
  /// Of what is unexplained: the changes that lead from the reference's answer to what was
  /// predicted.
  std::vector<std::string> predicted_by = {};
  /// What the prediction rests on: the basis of the reference's step or of the introduction's;
  /// `derived` where a change has moved it. Nothing where there is none.
  std::optional<Basis> basis = {};

  bool unexplained() const { return standing == Standing::unexplained; }
  /// It has something to tell beside the reference: another answer, or not the predicted one.
  bool departs() const;
};

/// Whether an answer is another than the predicted one.
bool off_prediction(const PlaceVerdict& place);

/// What ought to have been seen at a place: what was predicted where something else was seen, else
/// what the other side answers. Nothing where it was that the step is not made.
std::optional<Step> due_at(const PlaceVerdict& place);

struct ScenarioVerdict {
  std::string scenario;
  Verdict verdict = Verdict::same;
  Standing standing = Standing::predicted;
  std::string reason;                ///< why there is no answer to compare, in prose
  std::vector<PlaceVerdict> places;  ///< the ending, then the steps as the contender made them
  std::string waiver = {};           ///< of what was not asked: which waiver covers it (waivers.h)
  /// Of what was not asked, in a comparison: the ids of the kernels that could not be. Otherwise it
  /// is the contender.
  std::vector<std::string> not_asked_of = {};

  bool unexplained() const { return standing == Standing::unexplained; }
  /// Another answer than the reference's, and the predicted one.
  bool explained() const { return verdict == Verdict::differs && standing == Standing::predicted; }
};

/// How many there are of each; every scenario or step counts once.
struct Totals {
  // As predicted:
  std::size_t same = 0;       ///< the reference's own answer
  std::size_t explained = 0;  ///< another one
  std::size_t added = 0;
  std::size_t gone = 0;
  std::size_t absent = 0;
  // Otherwise:
  std::size_t unexplained = 0;
  std::size_t ahead = 0;
  std::size_t behind = 0;
  std::size_t recorded_here = 0;
  // Not judged:
  std::size_t not_asked = 0;
  std::size_t inconclusive = 0;
  std::size_t flaky = 0;
  std::size_t unreferenced = 0;

  std::size_t as_predicted() const { return same + explained + added + gone + absent; }
  std::size_t all() const {
    return as_predicted() + unexplained + ahead + behind + recorded_here + not_asked +
           inconclusive + flaky + unreferenced;
  }
  bool operator==(const Totals&) const = default;
};

Totals& operator+=(Totals& sum, const Totals& more);

/// Of two results beside each other: a move of a change that ought to show and did not, though one
/// of its scenarios was compared: the entry is wrong, or a back-port took it away.
struct IdleMove {
  std::string change;
  std::vector<std::string> scenarios;
  std::string step;

  bool operator==(const IdleMove&) const = default;
};

struct Diff {
  static constexpr int schema = 1;
  KernelIdentity reference;
  KernelIdentity contender;
  std::vector<ScenarioVerdict> scenarios;  ///< sorted by scenario
  Totals scenario_totals;
  Totals step_totals;  ///< endings are no steps
  std::vector<IdleMove> idle;
};

/// Whether a kernel's version says which changes it has: it is a package of a distribution whose
/// changes are known by its version. Of somebody's own build, or the host's kernel, nobody knows
/// what was ported back.
bool version_tells(const KernelIdentity& kernel);

/// Compares, by scenario and by step. Steps pair by id; all that was seen is compared, and
/// nothing else (`call`, `args` and reasons are for readers). Held against a reference (its steps
/// have a basis) the contender is judged by what is predicted for it (predict.h); of two results
/// without a basis neither is right, and what differs is explained by the changes between them or
/// is not. A step that nobody predicts is unreferenced, unless the reference is a run of the same
/// probe: then it was not made. Scenarios that the contender's probe was not asked for are left
/// out.
Diff diff(const RunResult& reference, const RunResult& contender, const Changes& changes);

/// The verdict on a scenario; null where it has none.
const ScenarioVerdict* verdict_of(const Diff& diff, std::string_view scenario);

/// Scenarios that were not asked, and that no waiver covers.
std::size_t not_waived(const Diff& diff);

/// What a process that has compared exits with.
enum class ExitCode { as_reference = 0, differs = 1, incomplete = 3 };

/// `incomplete` where something was inconclusive, or was not asked and is not waived, or nothing
/// could be compared, which is worse than `differs`: an answer that is not the predicted one, or a
/// flaky one. What is ahead, behind, recorded here or unreferenced is counted, and no difference;
/// what is gone or absent is an answer, for there is evidence of it.
ExitCode exit_code(const Diff& diff);

/// results/schema/diff.json. Holds every scenario, and of its places those that are not `same`.
nlohmann::ordered_json to_json(const Diff& diff);

}  // namespace brokenpipe
