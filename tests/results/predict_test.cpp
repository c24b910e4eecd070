#include "results/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/compared.h"

/// What is said of a kernel before anybody has asked it.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Observation plain = completed("tcp/x", {step("send#1", one), step("send#2", one)});
const Observation lacking = ended("tcp/x", ScenarioEnding::unsupported, "no io_uring");

Prediction predicted(const Observation& reference, const Changes& changes,
                     const KernelVersion& version) {
  return predict(reference_of({reference}), changes, version);
}

/// What is predicted for the only scenario at `send#1`; null where the step is not made.
Json at_send(const Observation& reference, const Changes& changes, const KernelVersion& version) {
  const Prediction prediction = predicted(reference, changes, version);
  const PredictedPlace* place = place_of(prediction.at("tcp/x"), "send#1");
  return place == nullptr ? Json("no such place") : place->seen();
}

Change introduction(const KernelVersion& mainline, const Observation& answer,
                    const std::optional<KernelVersion>& recorded_on = std::nullopt) {
  Change change;
  change.id = "introduction";
  change.mainline = mainline;
  change.introduces = {{answer, recorded_on}};
  return change;
}

TEST(Prediction, IsTheReferenceWhereNothingHasChanged) {
  const Prediction prediction = predicted(plain, {}, {6, 1, 0});
  const PredictedScenario& scenario = prediction.at("tcp/x");
  EXPECT_FALSE(scenario.lacks);
  ASSERT_EQ(scenario.places.size(), 3U);
  EXPECT_EQ(scenario.places[0].seen(), (Json{{"ending", "completed"}}));
  EXPECT_EQ(scenario.places[1].seen(), one);
  EXPECT_THAT(scenario.places[1].changes, IsEmpty());
}

TEST(Prediction, FollowsEachChangeFromItsVersionOn) {
  Changes changes{{change("send#1", one, broken_pipe)}};
  EXPECT_EQ(at_send(plain, changes, {4, 5, 0}), one);
  EXPECT_EQ(at_send(plain, changes, {4, 6, 0}), broken_pipe);
  changes.changes[0].stable = {{4, 4, 100}};
  EXPECT_EQ(at_send(plain, changes, {4, 4, 99}), one);
  EXPECT_EQ(at_send(plain, changes, {4, 4, 100}), broken_pipe);
  EXPECT_EQ(at_send(plain, changes, {4, 5, 7}), one) << "another series";
}

TEST(Prediction, ForgetsAChangeFromWhereItEnded) {
  Changes changes{{change("send#1", one, broken_pipe)}};
  changes.changes[0].until = {4, 18, 0};
  changes.changes[0].until_stable = {{4, 14, 72}};
  EXPECT_EQ(at_send(plain, changes, {4, 17, 3}), broken_pipe);
  EXPECT_EQ(at_send(plain, changes, {4, 18, 0}), one);
  EXPECT_EQ(at_send(plain, changes, {4, 14, 71}), broken_pipe);
  EXPECT_EQ(at_send(plain, changes, {4, 14, 72}), one);
}

TEST(Prediction, TakesChangesInTheOrderOfTheWay) {
  Changes changes{{change("send#1", broken_pipe, reset), change("send#1", one, broken_pipe)}};
  changes.changes[0].id = "later";
  changes.changes[0].mainline = {5, 0, 0};
  EXPECT_EQ(at_send(plain, changes, {6, 1, 0}), reset);
  const Prediction prediction = predicted(plain, changes, {6, 1, 0});
  EXPECT_THAT(place_of(prediction.at("tcp/x"), "send#1")->changes,
              ElementsAre("a-change", "later"));
  changes.changes[0].mainline = {4, 5, 0};
  EXPECT_EQ(at_send(plain, changes, {6, 1, 0}), broken_pipe) << "too early to have an effect";
}

TEST(Prediction, AChangeMovesAPlaceOnce) {
  Changes changes{{change("send#1", one, broken_pipe)}};
  changes.changes[0].moves.push_back({{"tcp/x"}, "send#1", broken_pipe, reset});
  EXPECT_EQ(at_send(plain, changes, {6, 1, 0}), broken_pipe);
}

TEST(Prediction, StepsComeAndGo) {
  EXPECT_EQ(at_send(plain, {{change("send#1", one, nullptr)}}, {6, 1, 0}), nullptr);
  const Prediction prediction = predicted(plain, {{change("poll#1", nullptr, reset)}}, {6, 1, 0});
  EXPECT_EQ(place_of(prediction.at("tcp/x"), "poll#1")->seen(), reset);
}

TEST(Prediction, TellsAStepThatComesAsTheChangeWordsIt) {
  Changes changes{{change("so_error#1", nullptr, reset)}};
  changes.changes[0].moves[0].call = "getsockopt";
  changes.changes[0].moves[0].args = "SO_ERROR";
  const Prediction prediction = predicted(plain, changes, {6, 1, 0});
  const Step& step = place_of(prediction.at("tcp/x"), "so_error#1")->step;
  EXPECT_EQ(step.call, "getsockopt");
  EXPECT_EQ(step.args, "SO_ERROR");
}

TEST(Prediction, OfAFeatureIsItsIntroductionAndWhatCameAfter) {
  Changes changes{{introduction({5, 6, 0}, plain), change("send#1", one, reset)}};
  changes.changes[1].mainline = {5, 12, 0};
  EXPECT_TRUE(predicted(lacking, changes, {5, 5, 0}).at("tcp/x").lacks);
  EXPECT_EQ(at_send(lacking, changes, {5, 6, 0}), one);
  EXPECT_EQ(at_send(lacking, changes, {5, 12, 0}), reset);
  const Prediction prediction = predicted(lacking, changes, {5, 12, 0});
  EXPECT_THAT(place_of(prediction.at("tcp/x"), "send#1")->changes,
              ElementsAre("introduction", "a-change"));
}

TEST(Prediction, OfWhatWasRemovedIsThatItLacks) {
  Change removal;
  removal.id = "removal";
  removal.mainline = {6, 16, 0};
  removal.removes = {"tcp/*"};
  EXPECT_FALSE(predicted(plain, {{removal}}, {6, 15, 9}).at("tcp/x").lacks);
  const Prediction prediction = predicted(plain, {{removal}}, {6, 16, 0});
  EXPECT_TRUE(prediction.at("tcp/x").lacks);
  EXPECT_EQ(prediction.at("tcp/x").change, "removal");
}

TEST(Prediction, GoesBackwardsFromAYoungerReference) {
  const Changes changes{{change("send#1", one, broken_pipe), introduction({5, 6, 0}, plain)}};
  RunResult young = result("6.1.0", {completed("tcp/x", {step("send#1", broken_pipe)})});
  EXPECT_TRUE(predict(young, changes, KernelVersion{4, 5, 0}).at("tcp/x").lacks);
  const Changes only_the_move{{changes.changes[0]}};
  const Prediction older = predict(young, only_the_move, KernelVersion{4, 5, 0});
  EXPECT_EQ(place_of(older.at("tcp/x"), "send#1")->seen(), one);
}

TEST(Prediction, KnowsNothingOfWhatHadNoAnswer) {
  EXPECT_FALSE(predicted(ended("tcp/x", ScenarioEnding::timed_out, "late"), {}, {6, 1, 0})
                   .contains("tcp/x"));
}

TEST(Introduction, IsGreenOnOthersAndProvesNothingWhereItWasRecorded) {
  const Changes changes{{introduction({5, 6, 0}, plain, KernelVersion{6, 1, 0})}};
  const RunResult reference = reference_of({lacking});
  const auto standing = [&](const std::string& version, const Observation& answer) {
    return diff(reference, package(version, {answer}), changes).scenarios[0].standing;
  };
  EXPECT_EQ(standing("6.12.0", plain), Standing::predicted);
  EXPECT_EQ(standing("6.1.0", plain), Standing::recorded_here);
  const Observation other = completed("tcp/x", {step("send#1", reset), step("send#2", one)});
  EXPECT_EQ(standing("6.12.0", other), Standing::unexplained) << "new is no free pass";
  EXPECT_EQ(standing("6.1.0", other), Standing::unexplained);
  EXPECT_EQ(standing("5.4.0", plain), Standing::unexplained) << "before it was there";
}

TEST(Introduction, OfAScenarioThatTheKernelCannotBeAskedIsNoAnswer) {
  const Changes changes{{introduction({5, 6, 0}, plain)}};
  RunResult contender = package("6.1.0", {lacking});
  const auto verdict = [&] {
    return diff(reference_of({lacking}), contender, changes).scenarios[0].verdict;
  };
  EXPECT_EQ(verdict(), Verdict::not_asked)
      << "its version has it, and nothing says that it has not";
  contender.observations[0].feature = "io_uring";
  contender.lacks["io_uring"] = "CONFIG_IO_URING is not set";
  EXPECT_EQ(verdict(), Verdict::absent);
  contender.lacks.clear();
  contender.observations[0].proof = "ENOSYS";
  EXPECT_EQ(verdict(), Verdict::absent);
}

}  // namespace
}  // namespace brokenpipe
