#pragma once

#include <vector>

#include "results/run_result.h"

/// Several runs of one kernel (--repeat), as one result.
namespace brokenpipe {

/// One result of several runs of one kernel: the first run's, in which every observation carries
/// those of the others that disagree with it, each distinct one once. A run whose guest did not
/// get to the end stands for all, because it vouches for nothing. `runs` must not be empty.
RunResult merge_repeats(const std::vector<RunResult>& runs);

}  // namespace brokenpipe
