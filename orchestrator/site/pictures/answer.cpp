#include "orchestrator/site/pictures/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/base/json_file.h"
#include "results/describe.h"
#include "results/judging.h"
#include "results/vocabulary.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

constexpr Words<AnswerKind, 8> kinds{{
    {AnswerKind::success, "success"},
    {AnswerKind::epipe_signal, "epipe-signal"},
    {AnswerKind::epipe, "epipe"},
    {AnswerKind::reset, "reset"},
    {AnswerKind::refused, "refused"},
    {AnswerKind::failed, "failed"},
    {AnswerKind::unfinished, "unfinished"},
    {AnswerKind::none, "none"},
}};

AnswerKind kind_of_errno(const std::string& name, bool sigpipe) {
  if (name == "EPIPE") return sigpipe ? AnswerKind::epipe_signal : AnswerKind::epipe;
  if (name == "ECONNRESET") return AnswerKind::reset;
  if (name == "ECONNREFUSED") return AnswerKind::refused;
  return AnswerKind::failed;
}

std::string amount(const Json& returned, const std::string& call) {
  if (!returned.is_number_integer())
    return returned.is_string() ? returned.get<std::string>() : returned.dump();
  const auto count = returned.get<long long>();
  const char* const plural = count == 1 ? "" : "s";
  switch (call_named(call).counts) {
    case Counts::messages:
      return fmt::format("{} message{}", count, plural);
    case Counts::bytes:
      return fmt::format("{} byte{}", count, plural);
    case Counts::nothing:
      break;
  }
  return std::to_string(count);
}

/// What the call came to, its signals apart.
Answer outcome(const Json& seen, const std::string& call, bool sigpipe) {
  if (seen.contains("completion")) return outcome(seen["completion"], call, sigpipe);
  if (seen.contains("blocked")) return {"blocked", "blocked", AnswerKind::unfinished};
  if (const auto error = seen.find("errno"); error != seen.end() && error->is_string()) {
    const auto name = error->get<std::string>();
    return {name, name, kind_of_errno(name, sigpipe)};
  }
  if (const auto returned = seen.find("returned"); returned != seen.end()) {
    if (*returned == "never") return {"killed", "killed in the call", AnswerKind::unfinished};
    const std::string words = amount(*returned, call);
    return {words, words, AnswerKind::success};
  }
  if (const auto report = seen.find("report"); report != seen.end() && report->is_string())
    return {*report, "the kernel reports " + report->get<std::string>(), AnswerKind::failed};
  const std::string words = describe_seen(seen);
  return {words, words, AnswerKind::success};
}

/// Why there is no answer.
Answer no_answer(const RunResult& result, const std::string& scenario,
                 const Observation* observation) {
  if (observation == nullptr) {
    const bool cut_short = !result.from_sources && selected(result.probe.selection, scenario) &&
                           !vouches_for_all(result.guest.ending);
    if (cut_short) return {"?", "the guest did not get to it", AnswerKind::none};
    return {"not asked", "not asked", AnswerKind::none};
  }
  switch (observation->ending) {
    case ScenarioEnding::unsupported:
      return {"n/a", "not available: " + observation->reason, AnswerKind::none};
    case ScenarioEnding::broken:
    case ScenarioEnding::timed_out:
      return {"?", fmt::format("{}: {}", to_string(observation->ending), observation->reason),
              AnswerKind::none};
    case ScenarioEnding::completed:
    case ScenarioEnding::killed:
      break;
  }
  return {"not made", "not made", AnswerKind::none};
}

struct Shade {
  std::string_view fill;
  std::string_view ink;
  std::string_view edge;
};

struct Colours {
  AnswerKind kind = AnswerKind::none;
  Shade light;
  Shade dark;
};

/// Every ink has a contrast of at least 4.5 to its fill (WCAG 2.1, 1.4.3).
constexpr std::array colours{
    Colours{
        AnswerKind::success, {"#ddf3e0", "#14532d", "#8ccc9b"}, {"#143323", "#a7e3b8", "#2f6b47"}},
    Colours{AnswerKind::epipe_signal,
            {"#fcdcd8", "#8a1c13", "#e9a099"},
            {"#451a17", "#ffb4ab", "#8a3a33"}},
    Colours{
        AnswerKind::epipe, {"#feeccb", "#6f4400", "#e3bb72"}, {"#3d2c0c", "#f5cf8a", "#7d5f22"}},
    Colours{
        AnswerKind::reset, {"#e8e0f8", "#4a2a85", "#b8a3e3"}, {"#2c2147", "#cfbcf6", "#5d4a8f"}},
    Colours{
        AnswerKind::refused, {"#dce8fb", "#1d4b8f", "#9dbcec"}, {"#162b4a", "#afcdf8", "#355a91"}},
    Colours{
        AnswerKind::failed, {"#e5eaee", "#37474f", "#b3c0c8"}, {"#28323a", "#c3d0d9", "#4c5c68"}},
    Colours{AnswerKind::unfinished,
            {"#f9dcea", "#831843", "#e3a2c1"},
            {"#421428", "#f7b3d2", "#85345a"}},
    Colours{AnswerKind::none, {"#ffffff", "#57636e", "#b6c0c9"}, {"#12171c", "#9aa7b3", "#475462"}},
};

/// What is as predicted and as the reference, or predicted by nobody, has no mark.
constexpr std::array marks{explained_mark,    unexplained_mark,  added_mark, gone_mark,
                           ahead_mark,        behind_mark,       flaky_mark, not_asked_mark,
                           inconclusive_mark, recorded_here_mark};

}  // namespace

std::string_view to_string(AnswerKind kind) {
  return word_for(kinds, kind);
}

Answer answer(const Step& step) {
  bool sigpipe = false;
  std::string other_signals;
  if (const auto signals = step.seen.find("signals");
      signals != step.seen.end() && signals->is_array()) {
    for (const Json& signal : *signals) {
      const auto name = signal.find("signal");
      if (name != signal.end() && *name == "SIGPIPE")
        sigpipe = true;
      else
        other_signals +=
            " +" +
            (name != signal.end() && name->is_string() ? name->get<std::string>() : signal.dump());
    }
  }
  Answer told = outcome(step.seen, step.call, sigpipe);
  // The variation selector asks for the plain glyph, which takes the colour of the text.
  if (sigpipe) {
    told.text += " \u26a1\ufe0e";
    told.words += " and SIGPIPE";
  }
  told.text += other_signals;
  told.words += other_signals;
  return told;
}

const Step* find_step(const RunResult& result, const std::string& scenario,
                      const std::string& step) {
  const Observation* observation = observation_of(result, scenario);
  if (observation == nullptr) return nullptr;
  return step_of(*observation, step);
}

Answer answer_at(const RunResult& result, const std::string& scenario, const std::string& step) {
  const Step* found = find_step(result, scenario, step);
  return found != nullptr ? answer(*found)
                          : no_answer(result, scenario, observation_of(result, scenario));
}

Answer answer_at(const RunResult& result, const Diff& diff, const std::string& scenario,
                 const std::string& step) {
  const ScenarioVerdict* judged = verdict_of(diff, scenario);
  if (judged != nullptr && judged->verdict == Verdict::not_asked)
    return {"not asked", "not asked: " + judged->reason, AnswerKind::none};
  return answer_at(result, scenario, step);
}

Answer due_answer(const PlaceVerdict& place) {
  if (const std::optional<Step> due = due_at(place)) return answer(*due);
  return {"nothing", "nothing of the kind", AnswerKind::none};
}

bool is_kernel_report(std::string_view place) {
  return place.starts_with("kernel#");
}

std::string_view words_for_none(std::string_view place) {
  return is_kernel_report(place) ? "silent" : "not made";
}

std::string first_step(const RunResult& result, const std::string& scenario) {
  const Observation* observation = observation_of(result, scenario);
  return observation == nullptr || observation->steps.empty() ? "" : observation->steps.front().id;
}

std::string_view cell_word(Verdict verdict, Standing standing) {
  switch (standing) {
    case Standing::unexplained:
      return unexplained_mark.name;
    case Standing::ahead:
      return ahead_mark.name;
    case Standing::behind:
      return behind_mark.name;
    case Standing::recorded_here:
      return recorded_here_mark.name;
    case Standing::predicted:
    case Standing::unjudged:
      break;
  }
  if (verdict == Verdict::differs) return explained_mark.name;
  return verdict == Verdict::not_asked ? not_asked_mark.name : to_string(verdict);
}

const VerdictMark* mark_at(const Diff& diff, const std::string& scenario,
                           const std::string& place) {
  const ScenarioVerdict* judged = verdict_of(diff, scenario);
  if (judged == nullptr) return nullptr;
  const PlaceVerdict* here = place_verdict(judged, place);
  const std::string_view word = here == nullptr ? cell_word(judged->verdict, judged->standing)
                                                : cell_word(here->verdict, here->standing);
  const auto* const found = std::find_if(marks.begin(), marks.end(),
                                         [&](const VerdictMark& d) { return d.name == word; });
  return found == marks.end() ? nullptr : found;
}

const PlaceVerdict* place_verdict(const ScenarioVerdict* scenario, std::string_view place) {
  if (scenario == nullptr) return nullptr;
  const auto found = std::find_if(scenario->places.begin(), scenario->places.end(),
                                  [&](const PlaceVerdict& p) { return p.place == place; });
  return found == scenario->places.end() ? nullptr : &*found;
}

std::string answer_colours(const std::string& root) {
  std::string light;
  std::string dark;
  for (const Colours& c : colours) {
    const std::string_view kind = to_string(c.kind);
    light += fmt::format("--{0}:{1};--{0}-ink:{2};--{0}-edge:{3};", kind, c.light.fill, c.light.ink,
                         c.light.edge);
    dark += fmt::format("--{0}:{1};--{0}-ink:{2};--{0}-edge:{3};", kind, c.dark.fill, c.dark.ink,
                        c.dark.edge);
  }
  return themed(root, light, dark);
}

std::string themed(const std::string& root, const std::string& light, const std::string& dark) {
  // `root` stands in a page or is a document by itself. Paper is light.
  return fmt::format(
      "{0}{{{1}}}\n"
      "@media screen and (prefers-color-scheme:dark){{"
      ":root:not([data-theme=light]) {0},{0}:root{{{2}}}}}\n"
      "@media screen{{:root[data-theme=dark] {0}{{{2}}}}}\n",
      root, light, dark);
}

}  // namespace brokenpipe
