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

enum class Verdict {
  same,          ///< every value that the reference has is what was seen
  differs,       ///< a value is another, or a step of the reference was not made
  added,         ///< `new`: the reference kernel lacks the feature
  gone,          ///< the contender lacks the feature
  inconclusive,  ///< one of the two has no answer: broken, timed out, the guest did not finish
  flaky,         ///< its repeats disagree
  unreferenced,  ///< the reference does not say: nobody has measured, derived or asked it
};

std::string_view to_string(Verdict verdict);

/// A place where two observations are compared: a step, or the scenario's ending.
struct PlaceVerdict {
  std::string place;  ///< a step's id, or `ending`
  Verdict verdict = Verdict::same;
  std::optional<Step> expected;  ///< nothing where the reference does not have the step
  std::optional<Step> got;       ///< nothing where the contender did not make it
  /// Ids of the changes that explain a difference, in the order in which they lead from the one
  /// value to the other. A difference without any is unexplained.
  std::vector<std::string> changes;

  bool unexplained() const { return verdict == Verdict::differs && changes.empty(); }
};

struct ScenarioVerdict {
  std::string scenario;
  Verdict verdict = Verdict::same;
  bool explained = false;            ///< of `differs`: every difference in it is explained
  std::string reason;                ///< of `added`, `gone` and `inconclusive`: why, in prose
  std::vector<PlaceVerdict> places;  ///< the ending, then the steps as the contender made them
};

/// A count for each verdict; `differs` is `explained` and `unexplained`.
struct Totals {
  std::size_t same = 0;
  std::size_t explained = 0;
  std::size_t unexplained = 0;
  std::size_t added = 0;
  std::size_t gone = 0;
  std::size_t inconclusive = 0;
  std::size_t flaky = 0;
  std::size_t unreferenced = 0;

  std::size_t all() const {
    return same + explained + unexplained + added + gone + inconclusive + flaky + unreferenced;
  }
  bool operator==(const Totals&) const = default;
};

Totals& operator+=(Totals& sum, const Totals& more);

/// A move of a change that ought to show in this kernel and did not, though one of its scenarios
/// was compared: the entry is wrong, or a back-port took it away.
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

/// Compares, by scenario and by step. Steps pair by id; all that was seen is compared, and
/// nothing else (`call`, `args` and reasons are for readers). A step that the reference does not
/// have is unreferenced, unless the reference is a run of the same probe: then it was not made.
/// Scenarios that the contender's probe was not asked for are left out.
Diff diff(const RunResult& reference, const RunResult& contender, const Changes& changes);

/// The verdict on a scenario; null where it has none.
const ScenarioVerdict* verdict_of(const Diff& diff, std::string_view scenario);

/// What a process that has compared exits with.
enum class ExitCode { as_reference = 0, differs = 1, incomplete = 3 };

/// `incomplete` where something was inconclusive or nothing could be compared, which is worse
/// than `differs`: an unexplained difference or a flaky answer. What is new, gone or unreferenced
/// is no difference.
ExitCode exit_code(const Diff& diff);

/// results/schema/diff.json. Holds every scenario, and of its places those that are not `same`.
nlohmann::ordered_json to_json(const Diff& diff);

}  // namespace brokenpipe
