#include "orchestrator/site/story.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "orchestrator/site/pictures/answer.h"
#include "results/describe.h"
#include "results/judging.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

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
  if (seen.contains("report")) return "the kernel reports " + text_of(seen, "report");
  if (seen.contains("pending"))
    return fmt::format("{}pending signals: {}", who, words_of(seen["pending"], "none"));
  return std::nullopt;
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

bool same_due(const PlaceVerdict& one, const PlaceVerdict& other) {
  const std::optional<Step> due = due_at(one);
  const std::optional<Step> others = due_at(other);
  return due.has_value() == others.has_value() && (!due || due->seen == others->seen);
}

bool same_verdicts(const ScenarioVerdict* one, const ScenarioVerdict* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return one->verdict == other->verdict && one->standing == other->standing &&
         one->waiver == other->waiver &&
         std::equal(one->places.begin(), one->places.end(), other->places.begin(),
                    other->places.end(), [](const PlaceVerdict& a, const PlaceVerdict& b) {
                      return a.place == b.place && a.verdict == b.verdict &&
                             a.standing == b.standing && a.changes == b.changes && same_due(a, b);
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
       text.starts_with("the kernel") || text.starts_with("pending")))
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

const Observation* answer_of(const SiteKernel& kernel, const std::string& scenario) {
  const Observation* observation = observation_of(kernel.result(), scenario);
  const ScenarioVerdict* verdict = kernel.verdict(scenario);
  const bool out_of_reach = verdict != nullptr && verdict->verdict == Verdict::not_asked;
  if (observation == nullptr || no_answer(*observation) || out_of_reach) return nullptr;
  return observation;
}

std::vector<std::optional<std::size_t>> answers_alike(const SiteModel& model,
                                                      const std::string& scenario) {
  std::vector<const Observation*> different;
  std::vector<std::optional<std::size_t>> numbers;
  for (const SiteKernel& kernel : model.kernels) {
    const Observation* observation = answer_of(kernel, scenario);
    numbers.emplace_back();
    if (observation == nullptr) continue;
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
