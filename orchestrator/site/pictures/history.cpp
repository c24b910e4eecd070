#include "orchestrator/site/pictures/history.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "orchestrator/site/pictures/answer.h"
#include "results/base/sha256.h"
#include "results/judging.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

bool is_conclusive(const RunResult& result, const Observation& observation) {
  if (no_answer(observation) || !observation.disagreeing.empty()) return false;
  return !unsupported(observation) || lacks_by_evidence(result, observation);
}

/// All that is compared of an observation; nlohmann's objects are sorted by key.
Json canonical(const Observation& observation) {
  Json json{{"scenario", observation.scenario},
            {"ending", ending_step(observation).seen},
            {"shortened", observation.shortened},
            {"steps", Json::array()},
            {"disagreeing", Json::array()}};
  for (const Step& step : observation.steps) json["steps"].push_back({step.id, step.seen});
  for (const Observation& other : observation.disagreeing)
    json["disagreeing"].push_back(canonical(other));
  return json;
}

const Json* seen_at(const Observation& observation, const std::string& step) {
  const Step* found = step_of(observation, step);
  return found == nullptr ? nullptr : &found->seen;
}

struct Difference {
  std::string step;
  Json from;
  Json to;
};

/// The places that two conclusive observations of one scenario do not have in common. Where a
/// kernel has gained or lost what the scenario needs, that alone is told.
std::vector<Difference> differences(const Observation& before, const Observation& now) {
  std::vector<Difference> found;
  const Json ended_before = ending_step(before).seen;
  const Json ended_now = ending_step(now).seen;
  if (ended_before != ended_now)
    found.push_back({std::string(ending_place), ended_before, ended_now});
  if (unsupported(before) || unsupported(now)) return found;
  for (const Step& step : now.steps) {
    const Json* was = seen_at(before, step.id);
    if (was == nullptr || *was != step.seen)
      found.push_back({step.id, was == nullptr ? Json() : *was, step.seen});
  }
  for (const Step& step : before.steps)
    if (seen_at(now, step.id) == nullptr) found.push_back({step.id, step.seen, Json()});
  return found;
}

/// How many of `wanted` are not in `there`.
std::size_t how_many_lack(const std::set<std::string>& there, const std::set<std::string>& wanted) {
  return static_cast<std::size_t>(std::count_if(
      wanted.begin(), wanted.end(), [&](const auto& one) { return !there.contains(one); }));
}

OrderedJson to_json(const Night& night) {
  OrderedJson kernels = OrderedJson::array();
  for (const NightKernel& kernel : night.kernels)
    kernels.push_back({{"kernel", kernel.kernel},
                       {"release", kernel.release},
                       {"package", kernel.package},
                       {"ending", kernel.ending},
                       {"digest", kernel.digest},
                       {"changes", kernel.changes}});
  return {{"run", night.run},     {"started", night.started}, {"digest", night.digest},
          {"added", night.added}, {"gone", night.gone},       {"kernels", kernels}};
}

OrderedJson to_json(const NightChange& change) {
  return {{"night", change.night},
          {"before", change.before},
          {"kernel", change.kernel},
          {"scenario", change.scenario},
          {"step", change.step},
          {"from", change.from},
          {"to", change.to},
          {"from_release", change.from_release},
          {"to_release", change.to_release},
          {"same_kernel", change.same_kernel},
          {"probe_changed", change.probe_changed}};
}

OrderedJson to_json(const ScenarioHistory& scenario) {
  return {{"scenario", scenario.scenario},
          {"flips", scenario.flips},
          {"nights", scenario.nights},
          {"streak", scenario.streak},
          {"last_flip", scenario.last_flip}};
}

template <typename Item>
OrderedJson all_to_json(const std::vector<Item>& items) {
  OrderedJson array = OrderedJson::array();
  for (const Item& item : items) array.push_back(to_json(item));
  return array;
}

}  // namespace

std::string digest(const RunResult& result) {
  std::vector<const Observation*> sorted;
  for (const Observation& observation : result.observations) sorted.push_back(&observation);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->scenario < b->scenario; });
  Json all = Json::array();
  for (const Observation* observation : sorted) all.push_back(canonical(*observation));
  return sha256(all.dump(-1, ' ', true, Json::error_handler_t::replace));
}

std::vector<ScenarioHistory> by_flips(std::vector<ScenarioHistory> scenarios) {
  std::stable_sort(scenarios.begin(), scenarios.end(), [](const auto& a, const auto& b) {
    return a.flips != b.flips ? a.flips > b.flips : a.streak < b.streak;
  });
  return scenarios;
}

void HistoryBuilder::add(const RunRecord& run, const std::vector<RunResult>& results) {
  std::vector<const RunResult*> sorted;
  sorted.reserve(results.size());
  for (const RunResult& result : results) sorted.push_back(&result);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return a->kernel.id < b->kernel.id; });

  Night night{run.id, run.started, {}, {}, 0, 0};
  std::vector<NightChange> changes;
  std::set<std::string> answered;
  std::string digests;
  for (const RunResult* result : sorted) {
    const std::size_t before = changes.size();
    add_answers(run.id, *result, changes, answered);
    night.kernels.push_back({result->kernel.id, result->kernel.release, result->kernel.package,
                             std::string(to_string(result->guest.ending)), digest(*result),
                             changes.size() - before});
    digests += result->kernel.id + " " + night.kernels.back().digest + "\n";
  }
  night.digest = sha256(digests);
  std::set<std::string> asked;
  for (const RunResult* result : sorted)
    for (const Observation& observation : result->observations) asked.insert(observation.scenario);
  if (!nights_.empty()) {
    night.added = how_many_lack(asked_, asked);
    night.gone = how_many_lack(asked, asked_);
  }
  asked_ = std::move(asked);
  nights_.push_back(std::move(night));

  std::map<std::string, std::set<std::string>> flipped;  // scenario to its kernels
  for (const NightChange& change : changes) flipped[change.scenario].insert(change.kernel);
  for (const std::string& id : answered) {
    ScenarioHistory& scenario = scenarios_[id];
    scenario.scenario = id;
    ++scenario.nights;
    ++scenario.streak;
    if (const auto flip = flipped.find(id); flip != flipped.end()) {
      scenario.flips += flip->second.size();
      scenario.streak = 0;
      scenario.last_flip = run.id;
    }
  }
  changes_.insert(changes_.begin(), changes.begin(), changes.end());
}

void HistoryBuilder::add_answers(const std::string& run, const RunResult& result,
                                 std::vector<NightChange>& changes,
                                 std::set<std::string>& answered) {
  const KernelIdentity& kernel = result.kernel;
  auto& last = last_[kernel.id];
  for (const Observation& observation : result.observations) {
    if (!is_conclusive(result, observation)) continue;
    answered.insert(observation.scenario);
    LastAnswer now{run, kernel.release, kernel.sha256, result.probe.sha256, observation};
    const auto was = last.find(observation.scenario);
    if (was == last.end()) {
      last.emplace(observation.scenario, std::move(now));
      continue;
    }
    const LastAnswer& old = was->second;
    for (Difference& difference : differences(old.observation, observation))
      changes.push_back({run, old.run, kernel.id, observation.scenario, difference.step,
                         std::move(difference.from), std::move(difference.to), old.release,
                         kernel.release, old.kernel_sha256 == kernel.sha256,
                         old.probe_sha256 != result.probe.sha256});
    was->second = std::move(now);
  }
}

History HistoryBuilder::history() const {
  History history{nights_, changes_, {}};
  for (const auto& [id, scenario] : scenarios_) history.scenarios.push_back(scenario);
  return history;
}

OrderedJson to_json(const History& history) {
  return {{"schema", History::schema},
          {"nights", all_to_json(history.nights)},
          {"changes", all_to_json(history.changes)},
          {"scenarios", all_to_json(history.scenarios)}};
}

}  // namespace brokenpipe
