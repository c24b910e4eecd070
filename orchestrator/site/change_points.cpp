#include "orchestrator/site/change_points.h"

#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/site/pictures/answer.h"
#include "orchestrator/site/story.h"
#include "results/describe.h"
#include "results/explanations.h"
#include "results/judging.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

/// What an observation has at a place; null where it was not made.
Json value_at(const Observation& observation, const std::string& place) {
  if (place == ending_place) return ending_step(observation).seen;
  const Step* step = step_of(observation, place);
  return step == nullptr ? Json() : step->seen;
}

/// Whether an observation says something about a place: that a kernel lacks a feature is told once,
/// at the ending.
bool says(const Observation* observation, const std::string& place) {
  return observation != nullptr && (place == ending_place || !unsupported(*observation));
}

std::string value_text(const Observation& observation, const std::string& place) {
  if (unsupported(observation)) return "not available";
  const Json value = value_at(observation, place);
  return value.is_null() ? std::string(words_for_none(place)) : describe_seen(value);
}

/// Whether mainline released nothing between the two series.
bool neighbours(const KernelVersion& before, const KernelVersion& after) {
  if (before.major == after.major) return after.minor - before.minor <= 1;
  // Series 3, 5 and 6 ended with .19, series 4 with .20.
  return after.major == before.major + 1 && after.minor == 0 && before.minor >= 19;
}

/// When a change began to show in kernels of that version, or ceased to; empty where it never did.
std::string arrival(const Change& change, const KernelVersion& version) {
  const auto in_series = [&](const std::vector<KernelVersion>& points) -> std::string {
    const auto point = std::find_if(points.begin(), points.end(), [&](const KernelVersion& p) {
      return p.major == version.major && p.minor == version.minor && p <= version;
    });
    return point == points.end() ? std::string() : version_text(*point);
  };
  if (change.until && version >= *change.until) return version_text(*change.until);
  if (!in_effect(change, version)) return in_series(change.until_stable);
  return version >= change.mainline ? version_text(change.mainline) : in_series(change.stable);
}

/// The time of a span that these causes lead to, the last of them `last`; null for none.
void date(Span& span, const std::optional<KernelVersion>& before, const KernelIdentity& kernel,
          const Change* last) {
  const auto version = version_of(kernel);
  if (!version) {
    span.since = kernel.id;
    return;
  }
  const std::string series = series_text(kernel);
  if (last != nullptr) span.since = arrival(*last, *version);
  const bool exact = before && neighbours(*before, *version);
  const bool by_mainline = last != nullptr && (span.since == version_text(last->mainline));
  if (last == nullptr && exact) span.since = series;
  if (!exact && (last == nullptr || (by_mainline && span.since != series))) span.until = series;
}

/// A kernel's answer at a place.
struct PlaceAnswer {
  const KernelIdentity& kernel;
  const Observation& observation;
  Json value;
  const PlaceVerdict* judged = nullptr;  ///< null of the reference
};

bool brings(const Change& change, const std::string& scenario) {
  return std::any_of(change.introduces.begin(), change.introduces.end(),
                     [&](const Introduction& one) { return one.answer.scenario == scenario; });
}

bool takes(const Change& change, const std::string& scenario) {
  return std::any_of(change.removes.begin(), change.removes.end(),
                     [&](const std::string& glob) { return matches(glob, scenario); });
}

/// The change by which a kernel has what the one before lacks, or the other way round; null for
/// none.
const Change* feature_change(const SiteModel& model, const PlaceAnswer& before,
                             const PlaceAnswer& now) {
  const auto from = version_of(before.kernel);
  const auto to = version_of(now.kernel);
  if (!from || !to) return nullptr;
  for (const Change& change : model.changes.changes) {
    const bool about =
        brings(change, now.observation.scenario) || takes(change, now.observation.scenario);
    if (about && in_effect(change, *from) != in_effect(change, *to)) return &change;
  }
  return nullptr;
}

/// What leads from one answer to the next, and when. Neighbours are held against each other, for
/// what both have cancels out, and a reference that says nothing does not hide what came after it.
void explain(Span& span, const SiteModel& model, const std::string& place,
             const PlaceAnswer& before, const PlaceAnswer& now) {
  const auto version = version_of(now.kernel);
  const Change* last = nullptr;
  if (unsupported(before.observation) != unsupported(now.observation)) {
    last = feature_change(model, before, now);
    if (last != nullptr) span.causes.push_back({last->id, !in_effect(*last, *version)});
  } else {
    Explanations explanations(model.changes, before.kernel, now.kernel);
    for (const std::string& id :
         explanations.explain(now.observation.scenario, place, before.value, now.value)) {
      last = model.change(id);
      span.causes.push_back({id, !in_effect(*last, *version)});
    }
  }
  // Where the kernel before is not as its version tells: what led here from the reference.
  if (span.causes.empty() && now.judged != nullptr && now.judged->standing == Standing::predicted)
    for (const std::string& id : now.judged->changes) {
      last = model.change(id);
      span.causes.push_back({id, !in_effect(*last, *version)});
    }
  date(span, version_of(before.kernel), now.kernel, last);
}

std::vector<Span> spans_of(const SiteModel& model, const std::string& scenario,
                           const std::string& place) {
  std::vector<Span> spans;
  std::optional<PlaceAnswer> last;
  const Observation* reference = observation_of(model.reference, scenario);
  // A step that the reference lacks is one that it does not speak of, not one that was not made.
  if (says(reference, place) && !value_at(*reference, place).is_null()) {
    const std::string series = series_text(model.reference.kernel);
    spans.push_back({value_text(*reference, place),
                     series.empty() ? model.reference.kernel.id : series,
                     {},
                     {},
                     {},
                     true,
                     {}});
    last.emplace(
        PlaceAnswer{model.reference.kernel, *reference, value_at(*reference, place), nullptr});
  }
  for (const SiteKernel& kernel : model.kernels) {
    const KernelIdentity& identity = kernel.result().kernel;
    const Observation* observation = answer_of(kernel, scenario);
    if (!says(observation, place)) continue;
    const std::string value = value_text(*observation, place);
    const PlaceVerdict* judged = place_verdict(kernel.verdict(scenario), place);
    const PlaceAnswer now{identity, *observation, value_at(*observation, place), judged};
    if (spans.empty() || spans.back().value != value) {
      Span span{value, {}, {}, {}, {}, false, {}};
      if (last)
        explain(span, model, place, *last, now);
      else
        date(span, version_of(model.reference.kernel), identity, nullptr);
      spans.push_back(std::move(span));
    }
    if (judged != nullptr && judged->unexplained()) spans.back().unexplained.push_back(kernel.id());
    spans.back().kernels.push_back(kernel.id());
    last.emplace(now);
  }
  return spans;
}

const Step* step_at(const SiteModel& model, const std::string& scenario, const std::string& place) {
  if (const Step* step = find_step(model.reference, scenario, place)) return step;
  for (const SiteKernel& kernel : model.kernels)
    if (const Step* step = find_step(kernel.result(), scenario, place)) return step;
  return nullptr;
}

/// The change by which a kernel lacks a scenario's feature; null where it is no removal.
const Change* removal(const SiteModel& model, const SiteKernel& kernel,
                      const std::string& scenario) {
  const auto version = version_of(kernel.result().kernel);
  for (const Change& change : model.changes.changes)
    if (version && takes(change, scenario) && in_effect(change, *version)) return &change;
  return nullptr;
}

/// The changes that one kernel's answers show. What it is behind with, it lacks.
std::set<std::string> changes_shown_by(const SiteModel& model, const SiteKernel& kernel,
                                       const ScenarioVerdict& verdict) {
  std::set<std::string> shown;
  for (const PlaceVerdict& place : verdict.places)
    if (place.standing != Standing::behind)
      shown.insert(place.changes.begin(), place.changes.end());
  if (verdict.verdict == Verdict::gone)
    if (const Change* change = removal(model, kernel, verdict.scenario)) shown.insert(change->id);
  return shown;
}

}  // namespace

std::string since_text(const Span& span) {
  if (span.until.empty()) return span.since;
  return span.since.empty() ? "≤ " + span.until : fmt::format("{} (≤ {})", span.since, span.until);
}

std::string releases_text(const SiteModel& model, const ChangePoints& points, std::size_t span) {
  const std::vector<std::string>& kernels = points.spans[span].kernels;
  if (kernels.empty()) return {};
  const auto release = [&](const std::string& id) {
    return version_text(model.kernel(id)->result().kernel);
  };
  std::string text = release(kernels.front());
  if (span + 1 == points.spans.size()) return text + " on";
  if (kernels.size() > 1) text += (kernels.size() == 2 ? ", " : " to ") + release(kernels.back());
  return text;
}

std::vector<ChangePoints> change_points(const SiteModel& model, const std::string& scenario) {
  std::vector<ChangePoints> all;
  std::vector<std::string> places = merged_places(model, scenario);
  places.emplace_back(ending_place);
  for (const std::string& place : places) {
    ChangePoints points{place, place, spans_of(model, scenario, place)};
    if (points.spans.size() < 2) continue;
    if (const Step* step = step_at(model, scenario, place)) points.head = step_head(*step);
    all.push_back(std::move(points));
  }
  return all;
}

std::map<std::string, std::set<std::string>> changes_shown(const SiteModel& model,
                                                           const std::string& scenario) {
  std::map<std::string, std::set<std::string>> shown;
  for (const SiteKernel& kernel : model.kernels)
    if (const ScenarioVerdict* verdict = kernel.verdict(scenario))
      for (const std::string& id : changes_shown_by(model, kernel, *verdict))
        shown[id].insert(kernel.id());
  for (const ChangePoints& points : change_points(model, scenario))
    for (std::size_t i = 1; i < points.spans.size(); ++i)
      for (const Cause& cause : points.spans[i].causes) {
        const Span& having = cause.lacking ? points.spans[i - 1] : points.spans[i];
        shown[cause.change].insert(having.kernels.begin(), having.kernels.end());
      }
  return shown;
}

}  // namespace brokenpipe
