// A kernel's own reports of having failed, among all that stands on its console.
#include "orchestrator/guest/console_log.h"

#include <algorithm>
#include <array>

#include "results/base/text.h"

namespace brokenpipe {
namespace {

constexpr std::size_t longest_line = 1024;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Cuts `[ ... ] ` off `rest`, if what is between the brackets are blanks and then characters of
/// this kind.
template <class Fits>
bool cut_bracket(std::string_view& rest, const Fits& fits) {
  if (!rest.starts_with('[')) return false;
  const auto begin = rest.find_first_not_of(' ', 1);
  const auto end = rest.find(']');
  if (begin == std::string_view::npos || end == std::string_view::npos || begin >= end)
    return false;
  const auto inside = rest.substr(begin, end - begin);
  if (!std::all_of(inside.begin(), inside.end(), fits)) return false;
  rest.remove_prefix(end + 1);
  return true;
}

/// Cuts the time off, and the caller that CONFIG_PRINTK_CALLER puts after it: `[    1.2][   T1] `.
bool cut_time(std::string_view& rest) {
  if (!cut_bracket(rest, [](char c) { return is_digit(c) || c == '.'; })) return false;
  cut_bracket(rest, [](char c) { return is_digit(c) || c == 'T' || c == 'C'; });
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return true;
}

}  // namespace

void ConsoleLog::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n')
      end_line();
    else if (line_.size() < longest_line && c != '\r')
      line_ += c;
  }
}

void ConsoleLog::end_line() {
  bool has_time = false;
  // A program may have left its line unfinished, so that the kernel's begins in the middle.
  for (auto at = line_.find('['); at != std::string::npos; at = line_.find('[', at + 1)) {
    std::string_view report = std::string_view(line_).substr(at);
    if (!cut_time(report)) continue;
    has_time = true;
    read_report(report);
  }
  if (!has_time && !has_times_) read_report(line_);
  has_times_ = has_times_ || has_time;
  line_.clear();
}

void ConsoleLog::read_report(std::string_view report) {
  if (panic_.empty() && report.starts_with("Kernel panic")) panic_ = printable_ascii(line_);
  constexpr std::array words{"Oops:", "BUG:", "kernel BUG at", "general protection fault"};
  const bool says = std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return report.find(word) != std::string_view::npos;
  });
  if (says && oops_.empty()) oops_ = printable_ascii(line_);
}

}  // namespace brokenpipe
