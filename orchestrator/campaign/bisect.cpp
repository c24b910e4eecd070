#include "orchestrator/campaign/bisect.h"

#include <bit>
#include <vector>

namespace brokenpipe {
namespace {

class Search {
 public:
  Search(const Ask& ask, const AboutToAsk& about_to_ask) : ask_(ask), about_to_ask_(about_to_ask) {}

  Bisection run(std::size_t versions) {
    const std::size_t last = versions - 1;
    // Halving takes as many steps as the number of what is between has bits.
    const auto halvings = static_cast<std::size_t>(std::bit_width(last - 1));
    const auto first_answer = answer(0, halvings + 2);
    if (!first_answer) return std::move(bisection_);
    const auto last_answer = answer(last, halvings + 1);
    if (!last_answer) return std::move(bisection_);
    if (first_answer == last_answer) {
      bisection_.ending = Bisection::Ending::alike;
      return std::move(bisection_);
    }
    narrow(0, last);
    return std::move(bisection_);
  }

 private:
  std::optional<std::string> answer(std::size_t version, std::size_t left) {
    about_to_ask_(version, left);
    return bisection_.answers[version] = ask_(version);
  }

  // Invariant: `before` and `after` answer differently.
  void narrow(std::size_t before, std::size_t after) {
    while (true) {
      std::vector<std::size_t> between;
      for (std::size_t version = before + 1; version < after; ++version) {
        if (!bisection_.answers.contains(version)) between.push_back(version);
      }
      if (between.empty()) break;
      const std::size_t middle = between.at(between.size() / 2);
      const auto left = static_cast<std::size_t>(std::bit_width(between.size()));
      const auto said = answer(middle, left);
      if (!said) continue;
      (said == bisection_.answers.at(before) ? before : after) = middle;
    }
    bisection_.ending = Bisection::Ending::found;
    bisection_.before = before;
    bisection_.after = after;
  }

  const Ask& ask_;
  const AboutToAsk& about_to_ask_;
  Bisection bisection_;
};

}  // namespace

Bisection bisect(std::size_t versions, const Ask& ask, const AboutToAsk& about_to_ask) {
  return Search(ask, about_to_ask).run(versions);
}

std::size_t changes_in(const std::map<std::size_t, std::optional<std::string>>& answers) {
  std::size_t changes = 0;
  std::optional<std::string> previous;
  for (const auto& [version, answer] : answers) {
    if (!answer) continue;
    if (previous && previous != answer) ++changes;
    previous = answer;
  }
  return changes;
}

}  // namespace brokenpipe
