#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
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

/// The same of a kernel that was judged: `not asked` also where nothing shows that it lacks what
/// the scenario needs.
Answer answer_at(const RunResult& result, const Diff& diff, const std::string& scenario,
                 const std::string& step);

/// The answer that was due at a place that is off_prediction().
Answer due_answer(const PlaceVerdict& place);

/// A step of a scenario; null where the scenario or the step is not there.
const Step* find_step(const RunResult& result, const std::string& scenario,
                      const std::string& step);

/// Whether a place is no call, but what the kernel itself says in its log
/// (probes/frame/runner.cpp).
bool is_kernel_report(std::string_view place);

/// What there is to say of a place at which nothing was seen: `not made`, or `silent`.
std::string_view words_for_none(std::string_view place);

/// The id of the first step of a scenario, which is the call that it is about where it has one
/// entry point; empty where there is none.
std::string first_step(const RunResult& result, const std::string& scenario);

/// How an answer departs from the reference's, or from what was predicted: a mark to be told apart
/// without its colour.
struct VerdictMark {
  std::string_view mark;   ///< one character
  std::string_view name;   ///< for CSS and filters: cell_word()
  std::string_view words;  ///< for a screen reader and a legend
};

inline constexpr VerdictMark explained_mark{"◇", "explained",
                                            "explained: as predicted, and not as the reference"};
inline constexpr VerdictMark unexplained_mark{"▲", "unexplained", "unexplained: not as predicted"};
inline constexpr VerdictMark added_mark{"+", "new", "new: the reference kernel lacks it"};
inline constexpr VerdictMark gone_mark{"−", "gone", "gone: this kernel lacks it"};
inline constexpr VerdictMark ahead_mark{"»", "ahead",
                                        "ahead: it has a change that its version does not tell"};
inline constexpr VerdictMark behind_mark{"«", "behind",
                                         "behind: it lacks a change that its version tells"};
inline constexpr VerdictMark recorded_here_mark{
    "●", "recorded-here", "recorded here: what predicts it was seen on this very kernel"};
inline constexpr VerdictMark not_asked_mark{"…", "not-asked",
                                            "not asked: nothing shows that this kernel lacks it"};
inline constexpr VerdictMark inconclusive_mark{"?", "inconclusive", "inconclusive"};
inline constexpr VerdictMark flaky_mark{"~", "flaky", "flaky: the repeats disagree"};

/// The word by which pages, filters and styles know a verdict: the standing where that is not
/// `predicted`, else how the answer stands to the reference: `unexplained`, `recorded-here`,
/// `same`, `explained`, `not-asked`.
std::string_view cell_word(Verdict verdict, Standing standing);

/// Of a place (a step's id, or `ending`); null where it is as predicted and as the reference, or
/// nobody predicts it, or the scenario was not compared.
const VerdictMark* mark_at(const Diff& diff, const std::string& scenario, const std::string& place);

/// The verdict on a place; null where the scenario has none, or not that place.
const PlaceVerdict* place_verdict(const ScenarioVerdict* scenario, std::string_view place);

/// CSS rules that define, for the elements that the selector `root` names, the colours of every
/// kind of answer: `--epipe-signal`, `--epipe-signal-ink` for the text on it, and
/// `--epipe-signal-edge`. Dark where the reader's system or `data-theme` on the root says so.
std::string answer_colours(const std::string& root);

/// CSS rules for `root` with one set of declarations in the light and one in the dark.
std::string themed(const std::string& root, const std::string& light, const std::string& dark);

}  // namespace brokenpipe
