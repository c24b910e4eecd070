#include "probes/tools/elapsed.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "probes/base/must.h"
#include "probes/base/sysctl.h"

namespace probe {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string elapsed_words(std::chrono::nanoseconds elapsed, const std::vector<Span>& spans) {
  const auto span = std::find_if(spans.begin(), spans.end(), [&](const Span& one) {
    return one.from <= elapsed && elapsed <= one.to;
  });
  if (span != spans.end()) return span->name;
  return std::to_string(std::chrono::round<seconds>(elapsed).count()) + " s";
}

std::string timer_words(std::chrono::nanoseconds elapsed) {
  // The wheel of 3.16 counts from the tick that has passed already.
  constexpr milliseconds tick(15);
  const auto whole = std::chrono::floor<milliseconds>(elapsed) + tick;
  constexpr milliseconds fifth(200);
  if (whole >= seconds(2)) return std::to_string(std::chrono::floor<seconds>(whole).count()) + " s";
  const long tenths = whole / fifth * 2;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) +
         " s";
}

Span syn_retries_span() {
  const long retries = read_sysctl("net.ipv4.tcp_syn_retries");
  const milliseconds doubling = seconds((1L << (retries + 1)) - 1);
  return {"tcp_syn_retries", doubling * 9 / 10, doubling * 11 / 10 + seconds(1)};
}

Span limit_span(std::string name, milliseconds limit, milliseconds slack) {
  return {std::move(name), limit * 9 / 10, limit + slack};
}

long timed_call(Trace& trace, std::string_view name, std::string_view args,
                const std::vector<Span>& spans, const std::function<long()>& invoke) {
  const Trace::Step step = trace.begin(name, name, args);
  const auto start = std::chrono::steady_clock::now();
  errno = 0;
  const long returned = invoke();
  const int error = errno;
  const auto elapsed = std::chrono::steady_clock::now() - start;
  Json seen = Json::object({{"returned", returned}});
  if (returned < 0) seen.set("errno", errno_name(error));
  trace.end(step, seen.set("elapsed", elapsed_words(elapsed, spans)));
  return returned;
}

}  // namespace probe
