#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/changes.h"
#include "results/diff.h"

/// Which changes of the kernel explain a difference between two kernels.
namespace brokenpipe {

/// The changes that lie between two kernels, asked difference by difference, and which of them
/// were of use. Refers to `changes`: they must outlive this.
class Explanations {
 public:
  Explanations(const Changes& changes, const KernelIdentity& reference,
               const KernelIdentity& contender);

  /// The ids of the changes that lead from one value to the other in this place, each step of the
  /// way by exact values and none before an earlier one on the way from kernel to kernel; the
  /// shortest way. Empty where none does. A value is what was seen, null where the step was not
  /// made.
  std::vector<std::string> explain(const std::string& scenario, const std::string& place,
                                   const nlohmann::json& from, const nlohmann::json& to);

  /// A place where nothing differs: changes that lead away from its value and back are of use
  /// there, though they cancel out.
  void unchanged(const std::string& scenario, const std::string& place,
                 const nlohmann::json& value);

  /// A scenario that was compared, whatever came of it.
  void compared(const std::string& scenario);

  /// The moves that explained nothing, though one of their scenarios was compared.
  std::vector<IdleMove> idle() const;

 private:
  /// A move that makes a difference between the two kernels.
  struct Active {
    const Change* change = nullptr;
    const Move* move = nullptr;
    bool backwards = false;  ///< the reference has the change, and the contender has not
    WayPoint when;
    bool compared = false;
    bool used = false;

    const nlohmann::json& from() const { return backwards ? move->after : move->before; }
    const nlohmann::json& to() const { return backwards ? move->before : move->after; }
    bool is_about(const std::string& scenario) const;
  };
  using Way = std::vector<Active*>;

  /// All ways that explain() may go, the shortest first.
  std::vector<Way> ways(const std::string& scenario, const std::string& place,
                        const nlohmann::json& from, const nlohmann::json& to);

  std::vector<Active> active_;
};

}  // namespace brokenpipe
