#include "results/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/compared.h"

/// What is the same and what differs, and what a process that compares exits with. Changes that
/// explain a difference are the subject of diff_changes_test.cpp.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

std::map<std::string, Verdict> scenarios(const Diff& diff) {
  std::map<std::string, Verdict> all;
  for (const ScenarioVerdict& scenario : diff.scenarios) all[scenario.scenario] = scenario.verdict;
  return all;
}

TEST(Diff, EqualAnswersAreTheSame) {
  const Observation answer = completed("tcp/x", {step("send#1", one), step("send#2", broken_pipe)});
  const ScenarioVerdict scenario = verdict(answer, answer);
  EXPECT_EQ(scenario.verdict, Verdict::same);
  EXPECT_THAT(places(scenario), ::testing::Each(::testing::Pair(::testing::_, Verdict::same)));
}

TEST(Diff, CallArgsReasonAndLinesAreNotCompared) {
  Observation reference = completed("tcp/x", {step("send#1", one)});
  reference.steps[0].call = "sys_sendto";
  reference.steps[0].args = "1 byte";
  reference.steps[0].basis = Basis::derived;
  reference.steps[0].lines = "net/socket.c:1";
  reference.reason = "another";
  EXPECT_EQ(verdict(reference, completed("tcp/x", {step("send#1", one)})).verdict, Verdict::same);
}

TEST(Diff, OtherValueIsAnUnexplainedDifference) {
  const ScenarioVerdict scenario =
      verdict(completed("tcp/x", {step("send#1", one), step("send#2", broken_pipe)}),
              completed("tcp/x", {step("send#1", one), step("send#2", reset)}));
  EXPECT_EQ(scenario.verdict, Verdict::differs);
  EXPECT_TRUE(scenario.unexplained());
  EXPECT_THAT(places(scenario),
              ::testing::ElementsAre(::testing::Pair("ending", Verdict::same),
                                     ::testing::Pair("send#1", Verdict::same),
                                     ::testing::Pair("send#2", Verdict::differs)));
  EXPECT_EQ(scenario.places[2].expected->seen, broken_pipe);
  EXPECT_EQ(scenario.places[2].got->seen, reset);
}

TEST(Diff, KeyThatOneSideLacksIsADifference) {
  Json with_signal = broken_pipe;
  with_signal["signals"] = {{{"signal", "SIGPIPE"}}};
  const Observation with = completed("tcp/x", {step("send#1", with_signal)});
  const Observation without = completed("tcp/x", {step("send#1", broken_pipe)});
  EXPECT_EQ(verdict(with, without).verdict, Verdict::differs);
  EXPECT_EQ(verdict(without, with).verdict, Verdict::differs);
}

TEST(Diff, StepsPairByIdWhateverTheirOrder) {
  EXPECT_EQ(verdict(completed("tcp/x", {step("send#1", one), step("poll#1", one)}),
                    completed("tcp/x", {step("poll#1", one), step("send#1", one)}))
                .verdict,
            Verdict::same);
}

TEST(Diff, StepThatTheContenderDidNotMakeIsADifference) {
  const ScenarioVerdict scenario =
      verdict(completed("tcp/x", {step("send#1", one), step("send#2", one)}),
              completed("tcp/x", {step("send#1", one)}));
  EXPECT_EQ(scenario.verdict, Verdict::differs);
  EXPECT_EQ(scenario.places[2].place, "send#2");
  EXPECT_EQ(scenario.places[2].verdict, Verdict::differs);
  EXPECT_EQ(scenario.places[2].got, std::nullopt);
}

TEST(Diff, StepThatNobodyPredictsLeavesItsScenarioUnreferenced) {
  const ScenarioVerdict scenario =
      verdict(completed("tcp/x", {step("send#1", one)}),
              completed("tcp/x", {step("send#1", one), step("send#2", one)}));
  EXPECT_EQ(scenario.verdict, Verdict::unreferenced);
  EXPECT_EQ(scenario.standing, Standing::unjudged);
  EXPECT_EQ(places(scenario).at("send#2"), Verdict::unreferenced);
}

TEST(Diff, ScenarioOfWhichNoStepIsReferencedIsUnreferenced) {
  EXPECT_EQ(verdict(completed("tcp/x", {}), completed("tcp/x", {step("send#1", one)})).verdict,
            Verdict::unreferenced);
}

TEST(Diff, ScenarioAbsentFromTheReferenceIsUnreferenced) {
  const Diff result = compare({}, {completed("tcp/x", {step("send#1", one)})});
  EXPECT_THAT(scenarios(result),
              ::testing::ElementsAre(::testing::Pair("tcp/x", Verdict::unreferenced)));
  EXPECT_EQ(result.step_totals.unreferenced, 1U);
}

TEST(Diff, ScenarioThatTheContendersProbeDoesNotKnowWasNotAsked) {
  const ScenarioVerdict scenario =
      compare({completed("tcp/x", {step("send#1", one)})}, {}).scenarios.at(0);
  EXPECT_EQ(scenario.verdict, Verdict::not_asked);
  EXPECT_EQ(scenario.reason, "its probe does not know this scenario");
  EXPECT_EQ(places(scenario).at("send#1"), Verdict::not_asked);
}

TEST(Diff, ScenarioThatAnUnfinishedGuestDidNotReachSaysHowTheGuestEnded) {
  RunResult contender = result("6.1.0", {completed("tcp/a", {step("send#1", one)})});
  contender.guest.ending = GuestEnding::panic;
  contender.guest.reason = "Attempted to kill init!";
  const RunResult reference = result("3.16.0", {completed("tcp/a", {step("send#1", one)}),
                                                completed("tcp/b", {step("send#1", one)})});
  const Diff unfinished = diff(reference, contender, {});
  EXPECT_THAT(scenarios(unfinished),
              ::testing::ElementsAre(::testing::Pair("tcp/a", Verdict::same),
                                     ::testing::Pair("tcp/b", Verdict::inconclusive)));
  EXPECT_THAT(unfinished.scenarios[1].reason,
              ::testing::HasSubstr("panic: Attempted to kill init!"));
}

TEST(Diff, ScenarioThatWasNotAskedForIsLeftOut) {
  RunResult contender = result("6.1.0", {completed("tcp/a", {step("send#1", one)})});
  contender.probe.selection = {"tcp/a", "unix/*"};
  const RunResult reference = result("3.16.0", {completed("tcp/a", {step("send#1", one)}),
                                                completed("tcp/b", {step("send#1", one)}),
                                                completed("unix/c", {step("send#1", one)})});
  EXPECT_THAT(scenarios(diff(reference, contender, {})),
              ::testing::ElementsAre(::testing::Pair("tcp/a", Verdict::same),
                                     ::testing::Pair("unix/c", Verdict::not_asked)));
}

TEST(Diff, VerdictFollowsTheTwoEndings) {
  const auto answer = [](ScenarioEnding ending) {
    switch (ending) {
      case ScenarioEnding::completed:
        return completed("tcp/x", {step("send#1", one)});
      case ScenarioEnding::killed:
        return killed("tcp/x", "SIGSEGV", {step("send#1", one)});
      default:
        return ended("tcp/x", ending, "because");
    }
  };
  using enum ScenarioEnding;
  struct Case {
    ScenarioEnding reference;
    ScenarioEnding contender;
    Verdict verdict;
  };
  for (const Case& c : std::vector<Case>{
           {completed, completed, Verdict::same},
           {completed, killed, Verdict::differs},
           {completed, unsupported, Verdict::not_asked},
           {completed, broken, Verdict::inconclusive},
           {completed, timed_out, Verdict::inconclusive},
           {killed, completed, Verdict::differs},
           {killed, killed, Verdict::same},
           {killed, unsupported, Verdict::not_asked},
           {killed, broken, Verdict::inconclusive},
           {unsupported, completed, Verdict::added},
           {unsupported, killed, Verdict::added},
           {unsupported, unsupported, Verdict::absent},
           {unsupported, timed_out, Verdict::inconclusive},
           {broken, completed, Verdict::inconclusive},
           {timed_out, completed, Verdict::inconclusive},
           {timed_out, timed_out, Verdict::inconclusive},
       })
    EXPECT_EQ(verdict(answer(c.reference), answer(c.contender)).verdict, c.verdict)
        << to_string(c.reference) << " " << to_string(c.contender);
}

TEST(Diff, KillingSignalIsCompared) {
  const ScenarioVerdict scenario =
      verdict(killed("tcp/x", "SIGSEGV", {}), killed("tcp/x", "SIGBUS", {}));
  EXPECT_EQ(scenario.verdict, Verdict::differs);
  EXPECT_EQ(places(scenario).at("ending"), Verdict::differs);
}

TEST(Diff, RepeatsThatDisagreeAreFlakyWhereTheyDo) {
  Observation flaky = completed("tcp/x", {step("send#1", one), step("send#2", one)});
  flaky.disagreeing = {completed("tcp/x", {step("send#1", one), step("send#2", broken_pipe)})};
  const ScenarioVerdict scenario =
      verdict(completed("tcp/x", {step("send#1", one), step("send#2", one)}), flaky);
  EXPECT_EQ(scenario.verdict, Verdict::flaky);
  EXPECT_EQ(places(scenario).at("send#1"), Verdict::same);
  EXPECT_EQ(places(scenario).at("send#2"), Verdict::flaky);
}

TEST(Diff, RepeatThatOnceLackedTheFeatureIsFlakyAndNotNew) {
  Observation flaky = completed("tcp/x", {step("send#1", one)});
  flaky.disagreeing = {ended("tcp/x", ScenarioEnding::unsupported, "")};
  EXPECT_EQ(verdict(ended("tcp/x", ScenarioEnding::unsupported, ""), flaky).verdict,
            Verdict::flaky);
}

TEST(Diff, TotalsCountEveryScenarioAndEveryStepOnce) {
  Observation flaky = completed("tcp/f", {step("send#1", one)});
  flaky.disagreeing = {completed("tcp/f", {step("send#1", reset)})};
  Observation proven = ended("tcp/e", ScenarioEnding::unsupported, "no io_uring");
  proven.proof = "ENOSYS";
  const auto lacking = [](const std::string& id) {
    return ended(id, ScenarioEnding::unsupported, "no module");
  };
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Diff result = compare(
      {completed("tcp/a", {step("send#1", one), step("send#2", one)}),
       completed("tcp/b", {step("send#1", one)}), completed("tcp/c", {step("send#1", one)}),
       ended("tcp/d", ScenarioEnding::unsupported, ""), completed("tcp/e", {step("send#1", one)}),
       completed("tcp/f", {step("send#1", one)}), completed("tcp/g", {step("send#1", one)}),
       completed("tcp/i", {step("send#1", one)})},
      {completed("tcp/a", {step("send#1", broken_pipe), step("send#2", one)}),
       completed("tcp/b", {step("send#1", broken_pipe)}),
       completed("tcp/c", {step("send#1", reset)}), completed("tcp/d", {step("send#1", one)}),
       proven, flaky, ended("tcp/g", ScenarioEnding::timed_out, ""),
       completed("tcp/h", {step("send#1", one)}), lacking("tcp/i")},
      changes);
  EXPECT_EQ(result.scenario_totals, (Totals{.explained = 2,
                                            .gone = 1,
                                            .unexplained = 2,
                                            .not_asked = 1,
                                            .inconclusive = 1,
                                            .flaky = 1,
                                            .unreferenced = 1}));
  EXPECT_EQ(result.step_totals, (Totals{.same = 1,
                                        .explained = 2,
                                        .gone = 1,
                                        .unexplained = 2,
                                        .not_asked = 1,
                                        .inconclusive = 1,
                                        .flaky = 1,
                                        .unreferenced = 1}));
  EXPECT_EQ(result.scenario_totals.all(), result.scenarios.size());
}

TEST(Diff, StepThatOnlyOneOfTwoRunsMadeIsADifferenceEitherWay) {
  const RunResult a = result("6.1.0", {completed("tcp/x", {step("send#1", one)})});
  const RunResult b =
      result("6.12.0", {completed("tcp/x", {step("send#1", one), step("send#2", one)})});
  EXPECT_EQ(places(diff(a, b, {}).scenarios[0]).at("send#2"), Verdict::differs);
  EXPECT_EQ(places(diff(b, a, {}).scenarios[0]).at("send#2"), Verdict::differs);
  Change appears = change("send#2", nullptr, one);
  appears.mainline = {6, 2, 0};
  EXPECT_TRUE(diff(a, b, {{appears}}).scenarios[0].explained());
}

TEST(Diff, StepThatAnotherProbeDoesNotHaveIsUnreferenced) {
  RunResult a = result("6.1.0", {completed("tcp/x", {step("send#1", one)})});
  a.probe.sha256 = std::string(64, 'a');
  const RunResult b =
      result("6.1.0", {completed("tcp/x", {step("send#1", one), step("send#2", one)})});
  EXPECT_EQ(places(diff(a, b, {}).scenarios[0]).at("send#2"), Verdict::unreferenced);
}

TEST(Diff, ScenarioThatTheOtherRunDidNotReachIsInconclusive) {
  RunResult a = result("6.1.0", {});
  a.guest.ending = GuestEnding::panic;
  const RunResult b = result("6.12.0", {completed("tcp/x", {step("send#1", one)})});
  const ScenarioVerdict scenario = diff(a, b, {}).scenarios.at(0);
  EXPECT_EQ(scenario.verdict, Verdict::inconclusive);
  EXPECT_THAT(scenario.reason, ::testing::HasSubstr("the guest did not get to it (panic)"));
  a.probe.selection = {"unix/*"};
  EXPECT_EQ(diff(a, b, {}).scenarios.at(0).verdict, Verdict::unreferenced) << "it was not asked";
}

TEST(DueAt, IsWhatWasPredictedWhereSomethingElseWasSeen) {
  const Changes changes{{change("send#1", one, broken_pipe)}};
  const Observation answer = completed("tcp/x", {step("send#1", one)});
  const auto due = [&](const Diff& held) { return due_at(held.scenarios.at(0).places.at(1)); };
  EXPECT_EQ(due(compare({answer}, {answer}, changes))->seen, broken_pipe);
  EXPECT_EQ(
      due(compare({answer}, {completed("tcp/x", {step("send#1", broken_pipe)})}, changes))->seen,
      one)
      << "as predicted, it is held against the reference";
  const Changes taken_away{{change("send#1", one, nullptr)}};
  EXPECT_EQ(due(compare({answer}, {answer}, taken_away)), std::nullopt) << "it was not to be made";
  const RunResult a = result("6.1.0", {completed("tcp/x", {step("send#1", reset)})});
  const RunResult b = result("6.12.0", {answer});
  EXPECT_EQ(due(diff(a, b, {}))->seen, reset) << "of two contenders it is the other's";
}

TEST(ExitCode, FollowsTheWorstOfTheVerdicts) {
  const Observation answer = completed("tcp/x", {step("send#1", one)});
  const Observation other = completed("tcp/x", {step("send#1", broken_pipe)});
  const Observation lacking = ended("tcp/x", ScenarioEnding::unsupported, "");
  const Observation late = ended("tcp/y", ScenarioEnding::timed_out, "");
  const Observation lacking_y = ended("tcp/y", ScenarioEnding::unsupported, "no module");
  Observation flaky = answer;
  flaky.disagreeing = {other};
  const Changes changes{{change("send#1", one, broken_pipe)}};

  EXPECT_EQ(exit_code(compare({answer}, {answer})), ExitCode::as_reference);
  EXPECT_EQ(exit_code(compare({answer}, {other}, changes)), ExitCode::as_reference);
  EXPECT_EQ(exit_code(compare({lacking}, {answer})), ExitCode::differs) << "nobody predicts it";
  EXPECT_EQ(exit_code(compare({}, {answer})), ExitCode::incomplete) << "nothing was compared";
  EXPECT_EQ(exit_code(compare({}, {flaky})), ExitCode::differs)
      << "repeats that disagree need no reference";
  EXPECT_EQ(exit_code(compare({answer, late}, {other, lacking_y})), ExitCode::incomplete)
      << "what was not asked is not the same";
  EXPECT_EQ(exit_code(compare({answer}, {other})), ExitCode::differs);
  EXPECT_EQ(exit_code(compare({answer}, {flaky})), ExitCode::differs);
  EXPECT_EQ(exit_code(compare({answer}, {other, late})), ExitCode::incomplete)
      << "incomplete is worse than different";
  EXPECT_EQ(exit_code(compare({answer}, {})), ExitCode::incomplete);
  EXPECT_EQ(exit_code(compare({}, {})), ExitCode::incomplete) << "nothing was compared";
  EXPECT_EQ(exit_code(compare({answer}, {lacking})), ExitCode::incomplete)
      << "nothing was compared";
  Observation proven = lacking;
  proven.proof = "ENOSYS";
  EXPECT_EQ(exit_code(compare({answer}, {proven})), ExitCode::as_reference)
      << "that it is gone is an answer, where there is evidence of it";
  EXPECT_EQ(exit_code(compare({lacking}, {proven})), ExitCode::as_reference);
}

/// The negative control of the whole product: in the committed reference, no value can be
/// falsified unseen.
TEST(MutatedReference, EveryFalsifiedValueIsSeenWhereItIs) {
  const RunResult reference =
      read_run_result(std::filesystem::path(PROJECT_FILES) / "results/reference/linux-3.16.json");
  std::size_t falsified = 0;
  for (const Observation& truth : reference.observations) {
    for (std::size_t i = 0; i < truth.steps.size(); ++i) {
      for (const auto& [key, value] : truth.steps[i].seen.items()) {
        Observation lie = truth;
        lie.steps[i].seen[key] = "falsified";
        const Diff seen = compare({lie}, {truth});
        EXPECT_EQ(exit_code(seen), ExitCode::differs) << truth.scenario << " " << key;
        EXPECT_EQ(places(seen.scenarios[0]).at(truth.steps[i].id), Verdict::differs);
        EXPECT_EQ(seen.step_totals.unexplained, 1U);
        ++falsified;
      }
    }
  }
  EXPECT_GT(falsified, 1000U);
}

TEST(DiffJson, HoldsEveryScenarioAndOnlyThePlacesThatAreNotTheSame) {
  const nlohmann::ordered_json json =
      to_json(compare({completed("tcp/a", {step("send#1", one)}),
                       completed("tcp/b", {step("send#1", one), step("send#2", one)})},
                      {completed("tcp/a", {step("send#1", one)}),
                       completed("tcp/b", {step("send#1", one), step("send#2", reset)})}));
  ASSERT_EQ(json["scenarios"].size(), 2U);
  EXPECT_EQ(json["scenarios"][0]["verdict"], "same");
  EXPECT_TRUE(json["scenarios"][0]["places"].empty());
  ASSERT_EQ(json["scenarios"][1]["places"].size(), 1U);
  const nlohmann::ordered_json& place = json["scenarios"][1]["places"][0];
  EXPECT_EQ(place["place"], "send#2");
  EXPECT_EQ(place["verdict"], "differs");
  EXPECT_EQ(place["expected"]["returned"], 1);
  EXPECT_EQ(place["got"]["errno"], "ECONNRESET");
  EXPECT_TRUE(place["changes"].empty());
  EXPECT_EQ(json["totals"]["steps"]["unexplained"], 1);
}

}  // namespace
}  // namespace brokenpipe
