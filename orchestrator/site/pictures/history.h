#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "results/run_directory.h"
#include "results/run_result.h"

/// What has changed between the nights on which kernels were run.
namespace brokenpipe {

/// SHA-256 over all that a result has seen, in canonical form and without words that are never
/// compared (arguments, reasons): the same digest means the same truth.
std::string digest(const RunResult& result);

/// One kernel on one night on which it answered.
struct NightKernel {
  std::string kernel;
  std::string release;  ///< as uname(2) has it
  std::string package;
  std::string ending;       ///< its guest's
  std::string digest;       ///< of all that it answered
  std::size_t changes = 0;  ///< places that were another on the last night on which it answered
};

struct Night {
  std::string run;      ///< the run's id
  std::string started;  ///< ISO 8601, UTC
  std::string digest;   ///< of all kernels' digests; equal for equal kernels and equal answers
  std::vector<NightKernel> kernels;  ///< sorted; a kernel that was not run is not there
  std::size_t added = 0;             ///< scenarios that no kernel was asked on the night before
  std::size_t gone = 0;              ///< scenarios that were asked then, and now of no kernel
};

/// A place whose answer became another from one night to the next on which it was answered.
struct NightChange {
  std::string night;   ///< the run that saw the new answer
  std::string before;  ///< the run that saw the old one last
  std::string kernel;
  std::string scenario;
  std::string step;     ///< a step's id, or `ending`
  nlohmann::json from;  ///< what was seen; null where the step was not made
  nlohmann::json to;
  std::string from_release;
  std::string to_release;
  bool same_kernel = false;    ///< it is the same image: the answer is not steady
  bool probe_changed = false;  ///< it was another probe: the question may have changed
};

/// How steady a scenario is, all kernels taken together.
struct ScenarioHistory {
  std::string scenario;
  std::size_t flips = 0;   ///< nights and kernels on which it answered other than before
  std::size_t nights = 0;  ///< nights on which it was answered
  std::size_t streak = 0;  ///< of them, the last ones without a flip
  std::string last_flip;   ///< the run that saw it; empty for none
};

struct History {
  static constexpr int schema = 1;
  std::vector<Night> nights;               ///< oldest first
  std::vector<NightChange> changes;        ///< newest night first, then by kernel and scenario
  std::vector<ScenarioHistory> scenarios;  ///< sorted
};

/// Most flips first; of equal flips the shortest streak.
std::vector<ScenarioHistory> by_flips(std::vector<ScenarioHistory> scenarios);

/// Takes night after night, oldest first, and keeps of each kernel only its last answers: years
/// of nights need no more memory than one.
///
/// A scenario without a conclusive answer (broken, timed out, repeats that disagree, not asked for,
/// a guest that did not get to it, a feature that is out of reach though nothing shows that the
/// kernel lacks it) carries nothing: it is neither a change, nor ends a streak.
class HistoryBuilder {
 public:
  void add(const RunRecord& run, const std::vector<RunResult>& results);
  History history() const;

 private:
  struct LastAnswer {
    std::string run;
    std::string release;
    std::string kernel_sha256;
    std::string probe_sha256;
    Observation observation;
  };
  /// One kernel's answers: adds what changed to `changes`, and what was answered to `answered`.
  void add_answers(const std::string& run, const RunResult& result,
                   std::vector<NightChange>& changes, std::set<std::string>& answered);

  std::vector<Night> nights_;
  std::vector<NightChange> changes_;
  std::map<std::string, ScenarioHistory> scenarios_;
  std::set<std::string> asked_;                                    ///< on the last night
  std::map<std::string, std::map<std::string, LastAnswer>> last_;  ///< by kernel and scenario
};

nlohmann::ordered_json to_json(const History& history);

}  // namespace brokenpipe
