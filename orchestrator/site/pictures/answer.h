#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "results/diff.h"
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

inline constexpr std::array all_answer_kinds{
    AnswerKind::success, AnswerKind::epipe_signal, AnswerKind::epipe,      AnswerKind::reset,
    AnswerKind::refused, AnswerKind::failed,       AnswerKind::unfinished, AnswerKind::none,
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

/// A step of a scenario; null where the scenario or the step is not there.
const Step* find_step(const RunResult& result, const std::string& scenario,
                      const std::string& step);

/// How a scenario ended, as a step tells what it saw: `ending`, and the `signal` of a killed one.
nlohmann::json ending_seen(const Observation& observation);

/// Whether a probe's globs select a scenario; without any, all are.
bool was_asked_for(const ProbeIdentity& probe, const std::string& scenario);

/// The id of the first step of a scenario, which is the call that it is about where it has one
/// entry point; empty where there is none.
std::string first_step(const RunResult& result, const std::string& scenario);

/// How an answer departs from the reference's: a mark to be told apart without its colour.
struct Departure {
  std::string_view mark;   ///< one character
  std::string_view name;   ///< for CSS: `explained`, `unexplained`, or the verdict
  std::string_view words;  ///< for a screen reader and a legend
};

inline constexpr Departure explained_departure{"◇", "explained", "explained: not as the reference"};
inline constexpr Departure unexplained_departure{"▲", "unexplained",
                                                 "unexplained: not as the reference"};
inline constexpr Departure added_departure{"+", "new", "new: the reference kernel lacks it"};
inline constexpr Departure gone_departure{"−", "gone", "gone: this kernel lacks it"};
inline constexpr Departure inconclusive_departure{"?", "inconclusive", "inconclusive"};
inline constexpr Departure flaky_departure{"~", "flaky", "flaky: the repeats disagree"};

/// Of a place (a step's id, or `ending`); null where it is as the reference, or the reference
/// does not say, or the scenario was not compared.
const Departure* departure(const Diff& diff, const std::string& scenario, const std::string& place);

/// CSS rules that define, for the elements that the selector `root` names, the colours of every
/// kind of answer: `--epipe-signal`, `--epipe-signal-ink` for the text on it, and
/// `--epipe-signal-edge`. Dark where the reader's system or `data-theme` on the root says so.
std::string answer_colours(const std::string& root);

/// CSS rules for `root` with one set of declarations in the light and one in the dark.
std::string themed(const std::string& root, const std::string& light, const std::string& dark);

}  // namespace brokenpipe
