#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "results/changes.h"
#include "results/run_result.h"
#include "results/scenario_list.h"

/// One question to many kernels: a scenario, or one step of it.
namespace brokenpipe {

struct Question {
  ScenarioInfo scenario;
  std::string step;  ///< empty: all of them and the ending
};

/// Reads `tcp/x` or `tcp/x#send#2`, which is step send#2 of tcp/x. Throws UsageError, with near
/// ids, where the probe has no such scenario.
Question question_of(const std::string& words, const std::filesystem::path& probe);

/// What is known of kernels before any is asked: it tells one that lacks a feature from one that
/// merely could not be asked for it.
struct Expectations {
  RunResult reference;
  Changes changes;
};

/// The answer, as text that is equal where and only where the answers are. Nothing where the
/// scenario came to no conclusion, or its repeats to more than one, or where it could not be asked
/// and nothing shows that the kernel lacks what it needs: that says nothing of the kernel.
std::optional<std::string> answer_in(const RunResult& result, const Question& question,
                                     const Expectations& expected);

/// Why the scenario was not asked; nothing where it was, or where the kernel lacks what it needs.
std::optional<std::string> why_not_asked(const RunResult& result, const Question& question,
                                         const Expectations& expected);

/// The steps that not all of these answer alike, and `ending` where those differ.
std::set<std::string> places_that_vary(const std::vector<const Observation*>& answers);

/// The answer for people: the step that is asked for, else the steps in `places`, else all.
std::string told(const Observation& seen, const Question& question,
                 const std::set<std::string>& places);

/// Where two answers part, and which changes are known to have done it.
struct Explanation {
  struct Known {
    std::string change;               ///< its id
    std::vector<std::string> places;  ///< steps' ids, or `ending`
  };
  std::vector<Known> known;
  std::vector<std::string> unexplained;  ///< places that no change explains
};

/// Where only one of the two has what the scenario needs, what has done it is the change that
/// brought it or took it away.
Explanation explain(const RunResult& older, const RunResult& newer, const Question& question,
                    const Expectations& expected);

}  // namespace brokenpipe
