#pragma once

#include <string>

#include "results/run_result.h"

/// What was seen, in the few words that people compare by eye. Two answers to one step never read
/// the same unless they are.
namespace brokenpipe {

/// `-1 EPIPE +SIGPIPE`, `POLLIN|POLLOUT`, `CLOSE_WAIT`, `blocked`: what a step has seen. A signal
/// is bare where the kernel sent it to the caller itself with SI_USER, as SIGPIPE is.
std::string describe_seen(const nlohmann::json& seen);

/// `send(1, MSG_NOSIGNAL) = -1 EPIPE`, `peer.poll = POLLIN`, `state = CLOSE_WAIT`,
/// `SO_ERROR = EPIPE`.
std::string describe(const Step& step);

}  // namespace brokenpipe
