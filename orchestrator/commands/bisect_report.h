#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "orchestrator/campaign/bisect.h"
#include "orchestrator/campaign/kernel_selection.h"
#include "orchestrator/campaign/question.h"

/// What a bisection came to, and how it is told.
namespace brokenpipe {

/// What one kernel answers.
struct KernelAnswer {
  std::string kernel;
  std::string package;
  std::string answer;  ///< for people
};

/// A kernel that was asked in vain.
struct InVain {
  KernelChoice kernel;
  std::string why;
};

struct Finding {
  Bisection::Ending ending = Bisection::Ending::unanswered;
  std::vector<KernelChoice> chain;  ///< that was searched last
  std::size_t before = 0;           ///< in `chain`, as in Bisection
  std::size_t after = 0;
  std::vector<KernelChoice> known;    ///< whose answer is known, oldest first
  std::vector<KernelAnswer> answers;  ///< of `known`
  std::vector<InVain> in_vain;        ///< of all that were searched, oldest first
  std::size_t changes = 0;            ///< of the answer along them
  Explanation explanation;
  bool has_changelog = false;
  std::vector<std::string> changelog;  ///< on the subsystems in the scenario's grounds
  std::size_t changelog_entries = 0;   ///< on any

  const KernelChoice& older() const { return chain.at(before); }
  const KernelChoice& newer() const { return chain.at(after); }
  /// Of those that were asked in vain: which lie between the two, so that any of them may be the
  /// first with the new answer.
  std::vector<std::string> undecided() const;
  bool within_a_series() const { return older().entry->series == newer().entry->series; }
};

/// On standard output, as the next.
void print_text(const Finding& finding, const Question& question);
void print_json(const Finding& finding, const Question& question);

}  // namespace brokenpipe
