#include "results/explanations.h"

#include <algorithm>
#include <deque>

namespace brokenpipe {

bool Explanations::Active::is_about(const std::string& scenario) const {
  return std::any_of(move->scenarios.begin(), move->scenarios.end(),
                     [&](const std::string& glob) { return matches(glob, scenario); });
}

Explanations::Explanations(const Changes& changes, const KernelIdentity& reference,
                           const KernelIdentity& contender) {
  const auto reference_version = version_of(reference);
  const auto contender_version = version_of(contender);
  if (!reference_version || !contender_version) return;
  for (const Change& change : changes.changes) {
    const bool in_reference = in_effect(change, *reference_version);
    if (in_reference == in_effect(change, *contender_version)) continue;
    for (const Move& move : change.moves) active_.push_back({&change, &move, in_reference});
  }
}

std::vector<std::string> Explanations::explain(const std::string& scenario,
                                               const std::string& place, const nlohmann::json& from,
                                               const nlohmann::json& to) {
  std::vector<Active*> here;
  for (Active& active : active_)
    if (active.move->step == place && active.is_about(scenario)) here.push_back(&active);

  // Breadth first from value to value, so that the first way found is the shortest. A move is
  // walked once at most, which ends the search where moves go in circles.
  struct Reached {
    const nlohmann::json* value;
    std::vector<Active*> way;
  };
  std::deque<Reached> frontier{{&from, {}}};
  while (!frontier.empty()) {
    const Reached reached = std::move(frontier.front());
    frontier.pop_front();
    for (Active*& next : here) {
      if (next == nullptr || next->from() != *reached.value) continue;
      std::vector<Active*> way = reached.way;
      way.push_back(next);
      next = nullptr;
      if (way.back()->to() != to) {
        frontier.push_back({&way.back()->to(), way});
        continue;
      }
      std::vector<std::string> ids;
      for (Active* walked : way) {
        walked->used = true;
        ids.push_back(walked->change->id);
      }
      return ids;
    }
  }
  return {};
}

void Explanations::compared(const std::string& scenario) {
  for (Active& active : active_)
    if (!active.compared && active.is_about(scenario)) active.compared = true;
}

std::vector<IdleMove> Explanations::idle() const {
  std::vector<IdleMove> idle;
  for (const Active& active : active_)
    if (active.compared && !active.used)
      idle.push_back({active.change->id, active.move->scenarios, active.move->step});
  return idle;
}

}  // namespace brokenpipe
