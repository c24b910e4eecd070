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
    const WayPoint when = way_point(change, *reference_version, *contender_version);
    for (const Move& move : change.moves)
      active_.push_back({&change, &move, in_reference, when, false, false});
  }
}

std::vector<Explanations::Way> Explanations::ways(const std::string& scenario,
                                                  const std::string& place,
                                                  const nlohmann::json& from,
                                                  const nlohmann::json& to) {
  std::vector<Active*> here;
  for (Active& active : active_)
    if (active.move->step == place && active.is_about(scenario)) here.push_back(&active);

  // Breadth first from value to value, so that the shortest comes first. A way has no move twice,
  // which ends the search where moves go in circles.
  std::vector<Way> found;
  std::deque<Way> begun{{}};
  while (!begun.empty()) {
    const Way way = std::move(begun.front());
    begun.pop_front();
    const nlohmann::json& value = way.empty() ? from : way.back()->to();
    for (Active* next : here) {
      if (next->from() != value || (!way.empty() && next->when < way.back()->when)) continue;
      if (std::find(way.begin(), way.end(), next) != way.end()) continue;
      Way further = way;
      further.push_back(next);
      if (next->to() == to)
        found.push_back(further);
      else
        begun.push_back(std::move(further));
    }
  }
  return found;
}

std::vector<std::string> Explanations::explain(const std::string& scenario,
                                               const std::string& place, const nlohmann::json& from,
                                               const nlohmann::json& to) {
  const std::vector<Way> found = ways(scenario, place, from, to);
  if (found.empty()) return {};
  std::vector<std::string> ids;
  for (Active* walked : found.front()) {
    walked->used = true;
    ids.push_back(walked->change->id);
  }
  return ids;
}

void Explanations::unchanged(const std::string& scenario, const std::string& place,
                             const nlohmann::json& value) {
  for (const Way& way : ways(scenario, place, value, value))
    for (Active* walked : way) walked->used = true;
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
