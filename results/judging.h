#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "results/diff.h"
#include "results/explanations.h"
#include "results/predict.h"

/// How diff() comes to the verdict on one scenario: the two rules, and what they share.
namespace brokenpipe {

/// Holds a contender against what reference and changes predict for it. Refers to all three.
class AgainstPrediction {
 public:
  AgainstPrediction(const RunResult& reference, const RunResult& contender, const Changes& changes);

  /// `scenario` has its places paired; both observations have an answer, where they are there.
  ScenarioVerdict judge(ScenarioVerdict scenario, const Observation* reference,
                        const Observation& contender) const;

 private:
  void judge_place(PlaceVerdict& place, const std::string& scenario, bool new_to_reference,
                   const PredictedScenario& predicted, const Observation& contender) const;
  Standing off_the_version(PlaceVerdict& place, const std::string& scenario,
                           const PredictedPlace& expected, const nlohmann::json& got) const;

  const Changes* changes_;
  const RunResult* contender_;
  std::optional<KernelVersion> version_;
  /// The reference has every step that the contender's probe makes, so that what is not there was
  /// not made.
  bool same_probe_;
  Prediction prediction_;
};

/// Holds two contenders against each other, neither of which is right: what differs between them is
/// explained by the changes that lie between their versions, or it is not. Refers to all three.
class SideBySide {
 public:
  SideBySide(const RunResult& a, const RunResult& b, const Changes& changes);

  /// As above.
  ScenarioVerdict judge(ScenarioVerdict scenario, const Observation* before,
                        const Observation& after);

  /// The moves that explained nothing, though one of their scenarios was compared.
  std::vector<IdleMove> idle() const { return explanations_.idle(); }

 private:
  ScenarioVerdict judge_lacking(ScenarioVerdict scenario, const Observation& before,
                                const Observation& after) const;
  void judge_place(PlaceVerdict& place, const std::string& scenario, const Observation& before,
                   const Observation& after, bool same_probe);

  const RunResult* a_;
  const RunResult* b_;
  const Changes* changes_;
  Explanations explanations_;
};

/// Broken or timed out: it says nothing of the kernel.
bool no_answer(const Observation& observation);

bool unsupported(const Observation& observation);

/// Whether the kernel's probe was given globs that select the scenario, or none.
bool selected(const std::vector<std::string>& selection, const std::string& scenario);

/// Whether the repeats of a scenario disagree at a place.
bool repeats_disagree(const Observation& observation, const std::string& place);

/// Whether something shows that the kernel lacks what the scenario needs, and was not merely out of
/// reach: an errno that means just that, or its configuration.
bool lacks_by_evidence(const RunResult& result, const Observation& observation);

/// What was seen at a step; null where it was not made.
nlohmann::json seen_of(const std::optional<Step>& step);

/// Whether the ledger says that a kernel of this version lacks what the scenario needs: what brings
/// it came later, or it was taken away.
bool lacks_by_version(const Changes& changes, const std::optional<KernelVersion>& version,
                      const std::string& scenario);

/// Whether it cannot be known of a place that was not seen: the kernel's own report, by a probe
/// that did not read the kernel's log.
bool unheard(const RunResult& result, const std::string& place);

/// Whether what a result has no observation of, though it was selected, its probe does not know;
/// otherwise the guest did not get to it.
bool knows_not(const RunResult& result);

/// Why an observation, and a guest that did not reach one, have no answer: prose.
std::string why(const Observation& observation);
std::string why_unreached(const GuestRun& guest);

/// The scenario with one verdict as a whole.
ScenarioVerdict whole(ScenarioVerdict scenario, Verdict verdict, Standing standing,
                      std::string reason);

/// Gives a scenario whose places were judged one by one the most telling of their verdicts. A place
/// that was not asked says nothing of it.
void sum_up(ScenarioVerdict& scenario);

}  // namespace brokenpipe
