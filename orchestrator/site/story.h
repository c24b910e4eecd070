#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/site/model.h"

/// What a scenario's page tells.
namespace brokenpipe {

/// A step in a sentence: "`send(1)` fails with EPIPE, and SIGPIPE is raised." Where there is no
/// sentence for what was seen, what `describe()` says.
std::string narrate(const Step& step);

/// `send(1, MSG_NOSIGNAL)`, `peer.poll`: what was done, without what came of it.
std::string step_head(const Step& step);

/// Kernels that saw the same, step by step, to the same verdicts.
struct TraceGroup {
  std::vector<std::string> kernels;
  const Observation* observation = nullptr;  ///< null where there is none
  const ScenarioVerdict* verdict = nullptr;  ///< null where they were not asked
};
std::vector<TraceGroup> trace_groups(const SiteModel& model, const std::string& scenario);

/// What a kernel answered; null where it was not asked, or said nothing of use.
const Observation* answer_of(const SiteKernel& kernel, const std::string& scenario);

/// Which kernels answer alike in all that they saw: of each kernel the number of its answers, in
/// the matrix's order; nothing of one that gave none.
std::vector<std::optional<std::size_t>> answers_alike(const SiteModel& model,
                                                      const std::string& scenario);

/// The places of all traces in an order that fits every one of them, the reference's included.
std::vector<std::string> merged_places(const SiteModel& model, const std::string& scenario);

}  // namespace brokenpipe
