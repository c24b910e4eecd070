#pragma once

#include <string>
#include <string_view>

#include "results/run_result.h"

/// An answer in as few characters as a cell of a table or a box of a picture has room for.
namespace brokenpipe {

/// What a caller has to reckon with; each is a colour.
enum class AnswerKind {
  success,       ///< it was written, or there was something else to return
  epipe_signal,  ///< EPIPE, and SIGPIPE
  epipe,         ///< EPIPE alone
  reset,         ///< ECONNRESET
  refused,       ///< ECONNREFUSED
  failed,        ///< any other errno
  unfinished,    ///< it blocked, or its process was killed in it
  none,          ///< no answer: not asked, not made, not supported, inconclusive
};

/// The name of a kind as a CSS class: `epipe-signal`.
std::string_view to_string(AnswerKind kind);

struct Answer {
  std::string text;   ///< `EPIPE ⚡`, `ECONNRESET`, `1 byte`, `blocked`, `n/a`; plain, not escaped
  std::string words;  ///< the same for a screen reader: `EPIPE and SIGPIPE`; a reason where none
  AnswerKind kind = AnswerKind::none;

  bool operator==(const Answer&) const = default;
};

/// What a step has seen: of an asynchronous call its completion, and a signal of either.
Answer answer(const Step& step);

/// The answer at a step of a scenario; where there is none, why: `not asked` (no such scenario in
/// the result), `n/a` (the kernel lacks what it needs), `?` (inconclusive), `not made`.
Answer answer_at(const RunResult& result, const std::string& scenario, const std::string& step);

/// The first step of a scenario: the call that it is about where it has one entry point.
Answer first_answer(const RunResult& result, const std::string& scenario);

}  // namespace brokenpipe
