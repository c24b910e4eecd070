#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/frame/trace.h"

/// Durations as answers: never a measured number where a rule of the kernel gives it, but the name
/// of the rule.
namespace probe {

/// What a duration may be, by a rule of the kernel and the values in force.
struct Span {
  std::string name;
  std::chrono::milliseconds from;
  std::chrono::milliseconds to;
};

/// The name of the span that holds it; where none does, whole seconds: `17 s`.
std::string elapsed_words(std::chrono::nanoseconds elapsed, const std::vector<Span>& spans);

/// For how long a timer of the kernel's was set that went off after so long: rounded down, to 0.2 s
/// below 2 s, else to whole seconds. A timer is not early, and late by up to an eighth
/// (kernel/time/timer.c: the wheel of 4.8 and later); for one of 16 s or less that is not seen.
std::string timer_words(std::chrono::nanoseconds elapsed);

/// How long a SYN that nobody answers is sent again with its time-out doubled each time, as
/// net.ipv4.tcp_syn_retries says (net/ipv4/tcp_timer.c:retransmits_timed_out): 127 s by default.
/// Wide enough for the four seconds of net.ipv4.tcp_syn_linear_timeouts at that default.
Span syn_retries_span();

/// A limit that the scenario has set: from a tenth less to half a second, or `slack`, more.
Span limit_span(std::string name, std::chrono::milliseconds limit,
                std::chrono::milliseconds slack = std::chrono::milliseconds(500));

/// Trace::call() with `elapsed` in what is seen.
long timed_call(Trace& trace, std::string_view name, std::string_view args,
                const std::vector<Span>& spans, const std::function<long()>& invoke);

}  // namespace probe
