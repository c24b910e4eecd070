#include "orchestrator/site/story.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "orchestrator/site/pictures/answer.h"
#include "results/describe.h"
#include "results/explanations.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

constexpr const char* ending_place = "ending";

std::string label_of(const Step& step) {
  return step.id.substr(0, step.id.find('#'));
}

/// Whose step it is: `peer` of `peer.send#1`; empty for the caller's own.
std::string actor_of(const std::string& label) {
  const auto dot = label.rfind('.');
  return dot == std::string::npos ? std::string() : label.substr(0, dot);
}

std::string words_of(const Json& names, const char* none) {
  if (!names.is_array()) return names.dump();
  if (names.empty()) return none;
  std::vector<std::string> words;
  for (const Json& name : names)
    words.push_back(name.is_string() ? name.get<std::string>() : name.dump());
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string text_of(const Json& seen, const char* key) {
  const auto found = seen.find(key);
  if (found == seen.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string signals_clause(const Json& seen) {
  if (!seen.contains("signals") || !seen["signals"].is_array()) return {};
  std::vector<std::string> names;
  for (const Json& signal : seen["signals"]) {
    const std::string name = text_of(signal, "signal");
    names.push_back(name.empty() ? signal.dump() : name);
  }
  return names.empty() ? std::string()
                       : fmt::format(", and {} {} raised", fmt::join(names, " and "),
                                     names.size() == 1 ? "is" : "are");
}

/// What came of a call: `fails with EPIPE`, `returns 1`.
std::string outcome(const Json& seen) {
  const std::string error = text_of(seen, "errno");
  if (!error.empty()) return "fails with " + error;
  const std::string returned = text_of(seen, "returned");
  if (returned == "never") return "never returns";
  if (returned == "partial") return "returns a part of the count";
  if (returned == "full") return "returns the whole count";
  if (returned == "fd") return "returns a descriptor";
  return "returns " + returned;
}

/// The sentence without its end; nothing where no sentence fits all that was seen.
std::optional<std::string> sentence(const Step& step) {
  const Json& seen = step.seen;
  const std::string label = label_of(step);
  const std::string actor = actor_of(label);
  const std::string who = actor.empty() ? std::string() : fmt::format("For {}, ", actor);
  std::size_t told = 0;
  for (const char* key : {"returned", "errno", "signals", "elapsed", "completion", "blocked"})
    told += seen.contains(key) ? 1 : 0;

  if (told == seen.size() && told > 0) {
    std::string text = who + step_head(step) + " ";
    if (seen.contains("blocked")) {
      text += "blocks";
    } else if (seen.contains("completion")) {
      text += "is submitted, and its completion " + outcome(seen["completion"]);
    } else {
      text += outcome(seen);
    }
    text += signals_clause(seen);
    if (seen.contains("elapsed")) text += ", after " + text_of(seen, "elapsed");
    return text;
  }
  if (seen.contains("status")) {
    const std::string status = text_of(seen, "status");
    const bool dumped = seen.value("core_dumped", false);
    return fmt::format("The process {}{}{}", status.starts_with("killed") ? "is " : "", status,
                       dumped ? ", and dumps core" : "");
  }
  if (seen.contains("state") && seen.size() == 1 + seen.count("elapsed")) {
    const std::string state = text_of(seen, "state");
    const std::string subject = label == "state" ? "The connection" : label;
    return fmt::format("{} is {}{}{}", subject, state == "gone" ? "" : "in ", state,
                       seen.contains("elapsed") ? " after " + text_of(seen, "elapsed") : "");
  }
  if (seen.size() != 1) return std::nullopt;
  if (seen.contains("revents"))
    return fmt::format("{}poll reports {}", who, words_of(seen["revents"], "nothing"));
  if (seen.contains("so_error")) {
    const std::string error = text_of(seen, "so_error");
    return who + (error == "0" ? "SO_ERROR has nothing to report"
                               : "SO_ERROR reports " + error + ", and clears it");
  }
  if (seen.contains("segments"))
    return fmt::format("{}the wire carries {}", who, words_of(seen["segments"], "nothing"));
  if (seen.contains("pending"))
    return fmt::format("{}pending signals: {}", who, words_of(seen["pending"], "none"));
  return std::nullopt;
}

/// What an observation has at a place; null where it was not made.
Json value_at(const Observation& observation, const std::string& place) {
  if (place == ending_place) return ending_seen(observation);
  const Step* step = step_of(observation, place);
  return step == nullptr ? Json() : step->seen;
}

bool answered(const Observation* observation) {
  return observation != nullptr && observation->ending != ScenarioEnding::broken &&
         observation->ending != ScenarioEnding::timed_out;
}

bool unsupported(const Observation& observation) {
  return observation.ending == ScenarioEnding::unsupported;
}

/// Whether an observation says something about a place: that a kernel lacks a feature is told once,
/// at the ending.
bool says(const Observation* observation, const std::string& place) {
  return answered(observation) && (place == ending_place || !unsupported(*observation));
}

std::string value_text(const Observation& observation, const std::string& place) {
  return unsupported(observation) ? "not available" : describe_seen(value_at(observation, place));
}

/// Whether mainline released nothing between the two series.
bool neighbours(const KernelVersion& before, const KernelVersion& after) {
  if (before.major == after.major) return after.minor - before.minor <= 1;
  // Series 3, 5 and 6 ended with .19, series 4 with .20.
  return after.major == before.major + 1 && after.minor == 0 && before.minor >= 19;
}

/// When a change began to show in kernels of that version; empty where it does not.
std::string arrival(const Change& change, const KernelVersion& version) {
  if (change.until && version >= *change.until) return version_text(*change.until);
  if (!in_effect(change, version)) return {};
  if (version >= change.mainline) return version_text(change.mainline);
  const auto back_port = std::find_if(
      change.stable.begin(), change.stable.end(),
      [&](const KernelVersion& s) { return s.major == version.major && s.minor == version.minor; });
  return version_text(*back_port);
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
};

/// What leads from one answer to the next, and when. Neighbours are held against each other, for
/// what both have cancels out, and a reference that says nothing does not hide what came after it.
void explain(Span& span, const SiteModel& model, const std::string& place,
             const PlaceAnswer& before, const PlaceAnswer& now) {
  const auto version = version_of(now.kernel);
  const Change* last = nullptr;
  Explanations explanations(model.changes, before.kernel, now.kernel);
  for (const std::string& id :
       explanations.explain(now.observation.scenario, place, before.value, now.value)) {
    last = model.change(id);
    span.causes.push_back({id, !in_effect(*last, *version)});
  }
  date(span, version_of(before.kernel), now.kernel, last);
  const bool comparable = !unsupported(before.observation) && !unsupported(now.observation) &&
                          before.observation.disagreeing.empty() &&
                          now.observation.disagreeing.empty();
  span.unexplained = comparable && span.causes.empty();
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
                     false});
    last.emplace(PlaceAnswer{model.reference.kernel, *reference, value_at(*reference, place)});
  }
  for (const SiteKernel& kernel : model.kernels) {
    const KernelIdentity& identity = kernel.result().kernel;
    const Observation* observation = observation_of(kernel.result(), scenario);
    if (!says(observation, place)) continue;
    const std::string value = value_text(*observation, place);
    const PlaceAnswer now{identity, *observation, value_at(*observation, place)};
    if (spans.empty() || spans.back().value != value) {
      Span span{value, {}, {}, {}, {}, false, false};
      if (last)
        explain(span, model, place, *last, now);
      else
        date(span, version_of(model.reference.kernel), identity, nullptr);
      spans.push_back(std::move(span));
    }
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

bool same_answers(const Observation& one, const Observation& other) {
  return one.ending == other.ending && one.signal == other.signal &&
         one.disagreeing.size() == other.disagreeing.size() &&
         std::equal(one.steps.begin(), one.steps.end(), other.steps.begin(), other.steps.end(),
                    [](const Step& a, const Step& b) { return a.id == b.id && a.seen == b.seen; });
}

bool same_trace(const Observation* one, const Observation* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->reason == other->reason && same_answers(*one, *other);
}

bool same_verdicts(const ScenarioVerdict* one, const ScenarioVerdict* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->verdict == other->verdict &&
         std::equal(one->places.begin(), one->places.end(), other->places.begin(),
                    other->places.end(), [](const PlaceVerdict& a, const PlaceVerdict& b) {
                      return a.place == b.place && a.verdict == b.verdict && a.changes == b.changes;
                    });
}

}  // namespace

std::string step_head(const Step& step) {
  const std::string whole = describe(step);
  return whole.substr(0, whole.size() - describe_seen(step.seen).size() - 3);
}

std::string narrate(const Step& step) {
  std::string text = sentence(step).value_or(describe(step));
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
      (text.starts_with("poll reports") || text.starts_with("the wire") ||
       text.starts_with("pending")))
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text + ".";
}

std::vector<std::string> merged_places(const SiteModel& model, const std::string& scenario) {
  std::vector<std::string> places;
  const auto merge = [&](const Observation* observation) {
    if (observation == nullptr) return;
    auto after = places.begin();
    for (const Step& step : observation->steps) {
      const auto known = std::find(places.begin(), places.end(), step.id);
      after = known == places.end() ? places.insert(after, step.id) + 1 : known + 1;
    }
  };
  merge(observation_of(model.reference, scenario));
  for (const SiteKernel& kernel : model.kernels) merge(observation_of(kernel.result(), scenario));
  return places;
}

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
      for (const PlaceVerdict& place : verdict->places)
        for (const std::string& id : place.changes) shown[id].insert(kernel.id());
  for (const ChangePoints& points : change_points(model, scenario))
    for (std::size_t i = 1; i < points.spans.size(); ++i)
      for (const Cause& cause : points.spans[i].causes) {
        const Span& having = cause.lacking ? points.spans[i - 1] : points.spans[i];
        shown[cause.change].insert(having.kernels.begin(), having.kernels.end());
      }
  return shown;
}

std::vector<std::optional<std::size_t>> answers_alike(const SiteModel& model,
                                                      const std::string& scenario) {
  std::vector<const Observation*> different;
  std::vector<std::optional<std::size_t>> numbers;
  for (const SiteKernel& kernel : model.kernels) {
    const Observation* observation = observation_of(kernel.result(), scenario);
    numbers.emplace_back();
    if (!answered(observation)) continue;
    const auto known =
        std::find_if(different.begin(), different.end(),
                     [&](const Observation* one) { return same_answers(*one, *observation); });
    numbers.back() = static_cast<std::size_t>(known - different.begin());
    if (known == different.end()) different.push_back(observation);
  }
  return numbers;
}

std::vector<TraceGroup> trace_groups(const SiteModel& model, const std::string& scenario) {
  std::vector<TraceGroup> groups;
  for (const SiteKernel& kernel : model.kernels) {
    const Observation* observation = observation_of(kernel.result(), scenario);
    const ScenarioVerdict* verdict = kernel.verdict(scenario);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const TraceGroup& g) {
      return same_trace(g.observation, observation) && same_verdicts(g.verdict, verdict);
    });
    if (group == groups.end()) group = groups.insert(groups.end(), {{}, observation, verdict});
    group->kernels.push_back(kernel.id());
  }
  return groups;
}

}  // namespace brokenpipe
