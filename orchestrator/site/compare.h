#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "orchestrator/site/model.h"

/// Any two results, compared in the reader's browser: what site.js needs to say what `brokenpipe
/// diff A B` says.
namespace brokenpipe {

/// Collects results, night by night. Of each scenario every distinct trace is kept once, so that
/// years of equal nights take little room.
class Comparable {
 public:
  /// Refers to `changes`: they must outlive this.
  explicit Comparable(const Changes& changes) : changes_(&changes) {}

  /// A result of a run that began at `started`, or an archived one.
  void add(const RunResult& result, const std::string& run, const std::string& started);

  /// data/compare.js, less the assignment. Traces are texts: equal texts are equal answers
  /// (describe_seen()).
  nlohmann::ordered_json json(const SiteModel& model) const;

 private:
  struct Result {
    std::string run;
    std::string started;
    KernelIdentity kernel;
    ProbeIdentity probe;
    bool whole = false;                         ///< what it has not seen, its probe does not know
    bool kernel_log = false;                    ///< the probe read it
    std::map<std::string, std::size_t> traces;  ///< by scenario
  };
  const Changes* changes_;
  std::vector<Result> results_;
  std::map<std::string, std::vector<std::string>> traces_;  ///< by scenario, as JSON
};

}  // namespace brokenpipe
