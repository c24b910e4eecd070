#include "orchestrator/site/predicted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "orchestrator/site/pages.h"
#include "tests/site/model_builder.h"

/// What was predicted, on a scenario's page and for versions that nobody has booted.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<Observation> sends{completed("tcp/x", {step("send#1", sent)})};

std::vector<std::string> texts(const Json& items, const char* key) {
  std::vector<std::string> all;
  for (const Json& item : items) all.push_back(item[key].get<std::string>());
  return all;
}

TEST(Predictions, KernelsOfWhichTheSameWasPredictedShareAGroupWhateverTheyAnswered) {
  const Changes changes{{change("late", {6, 2, 0}, {{"tcp/x"}, "send#1", sent, epipe})}};
  const SiteModel model = model_of(
      sends,
      {{"5.10", sends}, {"6.1", {completed("tcp/x", {step("send#1", reset)})}}, {"6.3", sends}},
      changes);
  const std::vector<PredictionGroup> groups = prediction_groups(model, "tcp/x");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(groups[0].kernels, ElementsAre("debian-5.10", "debian-6.1"));
  EXPECT_THAT(groups[1].kernels, ElementsAre("debian-6.3"));
  EXPECT_EQ(groups[1].predicted->places[1].step.seen, epipe);
}

TEST(ScenarioPage, SaysWhereNoChangeMovesAnything) {
  const SiteModel model = model_of(sends, {{"5.10", sends}, {"6.1", sends}});
  const Json told = scenario_data(model, model.scenarios.front())["predictions"];
  EXPECT_EQ(told["as_reference"], true);
  EXPECT_EQ(told["table"], false);
}

TEST(ScenarioPage, SaysWhatWasPredictedByWhichChangesAndOnWhichBasis) {
  const Changes changes{{change("late", {6, 2, 0}, {{"tcp/x"}, "send#1", sent, epipe})}};
  const SiteModel model = model_of(sends, {{"5.10", sends}, {"6.3", sends}}, changes);
  const Json told = scenario_data(model, model.scenarios.front())["predictions"];
  EXPECT_EQ(told["table"], true);
  const Json& row = told["rows"][0];
  EXPECT_EQ(row["head"], "send(1)");
  EXPECT_THAT(texts(row["cells"], "text"), ElementsAre("1", "-1 EPIPE"));
  EXPECT_THAT(texts(row["cells"], "basis"), ElementsAre("recorded", "derived"));
  EXPECT_THAT(row["cells"][0]["changes"], IsEmpty());
  EXPECT_THAT(texts(row["cells"][1]["changes"], "id"), ElementsAre("late"));
}

TEST(ScenarioPage, SaysWhichChangeBroughtAScenarioOrWillAndWhereThatWasRecorded) {
  const Changes changes{
      {introduction("vsock", {5, 6, 0}, completed("vsock/x", {step("send#1", sent)}),
                    KernelVersion{5, 15, 135})}};
  const std::vector<Observation> lacking{ended("vsock/x", ScenarioEnding::unsupported, "no vsock")};
  const SiteModel model = model_of(
      lacking, {{"4.14", lacking}, {"6.1", {completed("vsock/x", {step("send#1", sent)})}}},
      changes);
  const Json told = scenario_data(model, model.scenarios.front())["predictions"];
  EXPECT_EQ(told["columns"][0]["lacks"],
            "lacks it, as linux-3.16.0 does; vsock brings it: 5.6: c s");
  EXPECT_EQ(told["columns"][1]["introduced_by"][0]["id"], "vsock");
  EXPECT_THAT(texts(told["rows"][0]["cells"], "text"), ElementsAre("", "1"));
  EXPECT_EQ(told["rows"][0]["cells"][1]["basis"], "recorded on 5.15.135");
}

/// The cells of the row of the only scenario.
Json cells_of(const SiteModel& model) {
  return predict_data(model)["groups"][0]["rows"][0]["cells"];
}

TEST(PredictPage, HasTheNewestKnownReleaseOfEachSeriesAndOfAll) {
  Change late = change("late", {6, 2, 0}, {{"tcp/x"}, "send#1", sent, epipe});
  late.stable = {{5, 15, 170}, {6, 1, 5}};
  const SiteModel model = model_of(sends, {{"6.1.20", sends}, {"6.3.1", sends}}, {{late}});
  EXPECT_THAT(
      predict_data(model)["versions"].get<std::vector<std::string>>(),
      ElementsAre("4.4", "4.9", "4.14", "4.19", "5.4", "5.10", "5.15.170", "6.1.20", "6.3.1"));
  EXPECT_THAT(texts(cells_of(model), "text"),
              ElementsAre("1 byte", "1 byte", "1 byte", "1 byte", "1 byte", "1 byte", "1 byte",
                          "EPIPE", "EPIPE", "EPIPE"));
}

TEST(PredictPage, TellsTheStepThatMovesAndWhy) {
  const std::vector<Observation> two{
      completed("tcp/x", {step("send#1", broken_pipe), step("recv#1", sent)})};
  const SiteModel model = model_of(
      two, {{"5.0", two}}, {{change("late", {4, 6, 0}, {{"tcp/x"}, "recv#1", sent, reset})}});
  const Json row = predict_data(model)["groups"][0]["rows"][0];
  EXPECT_EQ(row["step"], "recv#1");
  EXPECT_EQ(row["steady"], false);
  EXPECT_EQ(row["cells"][0]["word"], "reference");
  EXPECT_EQ(row["cells"][1]["word"], "same");
  EXPECT_EQ(row["cells"].back()["word"], "explained");
  EXPECT_EQ(row["cells"].back()["title"],
            "predicted: recv(1) = -1 ECONNRESET (derived); since 4.6: s");
}

TEST(PredictPage, TellsWhatComesAndWhatGoes) {
  const std::vector<Observation> reference{ended("a/new", ScenarioEnding::unsupported, "no call"),
                                           completed("b/gone", {step("send#1", sent)})};
  const SiteModel model =
      model_of(reference, {{"6.16", reference}},
               {{introduction("comes", {4, 19, 0}, completed("a/new", {step("send#1", epipe)})),
                 removal("goes", {6, 16, 0}, "b/*")}});
  const Json groups = predict_data(model)["groups"];
  const Json comes = groups[0]["rows"][0];
  EXPECT_THAT(texts(comes["cells"], "word"),
              ElementsAre("reference", "absent", "absent", "absent", "new", "new", "new", "new",
                          "new", "new", "new", "new"));
  EXPECT_THAT(comes["cells"][1]["title"].get<std::string>(), HasSubstr("comes brings it: 4.19"));
  const Json goes = groups[1]["rows"][0]["cells"].back();
  EXPECT_EQ(goes["word"], "gone");
  EXPECT_EQ(goes["title"], "lacks it by goes: since 6.16: c s");
}

TEST(PredictPage, LeavesWhatNothingMovesOutOfWhatMoves) {
  const SiteModel model = model_of(sends, {{"6.1", sends}});
  const Json data = predict_data(model);
  EXPECT_EQ(data["groups"][0]["rows"][0]["steady"], true);
  EXPECT_EQ(data["moving_count"], 0);
}

}  // namespace
}  // namespace brokenpipe
