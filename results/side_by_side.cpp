#include <utility>

#include "results/judging.h"

/// The rule for two kernels, neither of which is right: what differs has changed.
namespace brokenpipe {

using Json = nlohmann::json;

SideBySide::SideBySide(const RunResult& a, const RunResult& b, const Changes& changes)
    : a_(&a), b_(&b), changes_(&changes), explanations_(changes, a.kernel, b.kernel) {}

ScenarioVerdict SideBySide::judge(ScenarioVerdict scenario, const Observation* before,
                                  const Observation& after) {
  if (before == nullptr && !after.disagreeing.empty())
    return whole(std::move(scenario), Verdict::flaky, Standing::unjudged, {});
  if (before == nullptr) {
    const bool due =
        !vouches_for_all(a_->guest.ending) && selected(a_->probe.selection, scenario.scenario);
    if (!due) return whole(std::move(scenario), Verdict::unreferenced, Standing::unjudged, {});
    return whole(std::move(scenario), Verdict::inconclusive, Standing::unjudged,
                 "nothing to hold it against: " + why_unreached(a_->guest));
  }
  const bool repeated_alike = after.disagreeing.empty() && before->disagreeing.empty();
  if (repeated_alike && (unsupported(*before) || unsupported(after)))
    return judge_lacking(std::move(scenario), *before, after);

  explanations_.compared(scenario.scenario);
  const bool same_probe = a_->probe.sha256 == b_->probe.sha256;
  for (PlaceVerdict& place : scenario.places)
    judge_place(place, scenario.scenario, *before, after, same_probe);
  sum_up(scenario);
  return scenario;
}

/// At least one of the two is unsupported, which is an answer where something shows that the kernel
/// lacks what the scenario needs.
ScenarioVerdict SideBySide::judge_lacking(ScenarioVerdict scenario, const Observation& before,
                                          const Observation& after) const {
  const auto out_of_reach = [&](const RunResult& result, const Observation& seen) {
    return unsupported(seen) && !lacks_by_evidence(result, seen) &&
           !lacks_by_version(*changes_, version_of(result.kernel), seen.scenario);
  };
  const bool a_not_asked = out_of_reach(*a_, before);
  const bool b_not_asked = out_of_reach(*b_, after);
  if (a_not_asked || b_not_asked) {
    if (a_not_asked) scenario.not_asked_of.push_back(a_->kernel.id);
    if (b_not_asked) scenario.not_asked_of.push_back(b_->kernel.id);
    return whole(std::move(scenario), Verdict::not_asked, Standing::unjudged,
                 b_not_asked ? after.reason : "A could not be asked: " + before.reason);
  }
  const bool a_lacks = unsupported(before);
  const Verdict verdict =
      !a_lacks ? Verdict::gone : (unsupported(after) ? Verdict::absent : Verdict::added);
  return whole(std::move(scenario), verdict, Standing::predicted,
               verdict == Verdict::added ? before.reason : after.reason);
}

void SideBySide::judge_place(PlaceVerdict& place, const std::string& scenario,
                             const Observation& before, const Observation& after, bool same_probe) {
  if (repeats_disagree(before, place.place) || repeats_disagree(after, place.place)) {
    place.verdict = Verdict::flaky;
    place.standing = Standing::unjudged;
    return;
  }
  if ((!place.expected && unheard(*a_, place.place)) || (!place.got && unheard(*b_, place.place))) {
    place.verdict = Verdict::not_asked;
    place.standing = Standing::unjudged;
    return;
  }
  const bool report = place.got && place.got->call == "kernel";
  if (!place.expected && !same_probe && !report) {
    place.verdict = Verdict::unreferenced;
    place.standing = Standing::unjudged;
    return;
  }
  const Json expected = seen_of(place.expected);
  const Json got = seen_of(place.got);
  if (expected == got) {
    explanations_.unchanged(scenario, place.place, got);
    return;
  }
  place.verdict = Verdict::differs;
  place.changes = explanations_.explain(scenario, place.place, expected, got);
  if (place.changes.empty()) place.standing = Standing::unexplained;
}

}  // namespace brokenpipe
