#include "orchestrator/site/change_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "orchestrator/site/pages.h"
#include "tests/site/model_builder.h"

/// Since when a step is answered as it is, and which changes show.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ChangePoints, SayWhereAValueBeganAsPreciselyAsTheKernelsThatWereRunAllow) {
  const Changes changes{{change("pwritev2", {4, 6, 0}, {{"pipe/x"}, "pwritev2#1", no_call, reset}),
                         change("nosignal", {6, 18, 0}, {{"pipe/x"}, "pwritev2#1", reset, epipe})}};
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{
        completed("pipe/x", {step("pwritev2#1", seen), step("write#1", broken_pipe)})};
  };
  const SiteModel model = model_of(answer(no_call),
                                   {{"5.10", answer(reset)},
                                    {"6.17", answer(reset)},
                                    {"6.18", answer(epipe)},
                                    {"6.19", answer(epipe)},
                                    {"7.0", answer(sent)}},
                                   changes);
  const std::vector<ChangePoints> points = change_points(model, "pipe/x");
  ASSERT_EQ(points.size(), 1U);
  std::vector<std::string> told;
  for (const Span& span : points.front().spans)
    told.push_back(since_text(span) + ": " + span.value);
  EXPECT_THAT(told, ElementsAre("3.16: -1 ENOSYS", "4.6 (≤ 5.10): -1 ECONNRESET", "6.18: -1 EPIPE",
                                "7.0: 1"));
  ASSERT_EQ(points.front().spans[2].causes.size(), 1U);
  EXPECT_EQ(points.front().spans[2].causes.front().change, "nosignal");
  EXPECT_FALSE(points.front().spans[2].causes.front().lacking);
  EXPECT_THAT(points.front().spans[2].kernels, ElementsAre("debian-6.18", "debian-6.19"));
  EXPECT_THAT(points.front().spans[2].unexplained, IsEmpty());
  EXPECT_THAT(points.front().spans[3].unexplained, ElementsAre("debian-7.0"));
}

/// Kernels of which the reference knows nothing, and a change that one of them has by back-port.
SiteModel model_with_a_back_port() {
  Change challenged = change("challenged", {7, 1, 0}, {{"vsock/x"}, "send#1", sent, epipe});
  challenged.stable = {{6, 1, 5}};
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{completed("vsock/x", {step("send#1", seen)})};
  };
  return model_of({ended("vsock/x", ScenarioEnding::unsupported, "no vsock")},
                  {{"5.10.9", answer(sent)},
                   {"6.1.9", answer(epipe)},
                   {"6.16.1", answer(sent)},
                   {"7.0.1", answer(sent)},
                   {"7.1.2", answer(epipe)}},
                  {{challenged, introduction("vsock", {4, 8, 0},
                                             completed("vsock/x", {step("send#1", sent)}))}});
}

TEST(ChangePoints, AreExplainedAgainstTheKernelBeforeWhereTheReferenceSaysNothing) {
  const SiteModel model = model_with_a_back_port();
  const std::vector<ChangePoints> points = change_points(model, "vsock/x");
  const auto send = std::find_if(points.begin(), points.end(),
                                 [](const ChangePoints& p) { return p.place == "send#1"; });
  ASSERT_NE(send, points.end());
  std::vector<std::string> causes;
  for (const Span& span : send->spans) {
    EXPECT_THAT(span.unexplained, IsEmpty()) << span.value;
    for (const Cause& cause : span.causes)
      causes.push_back((cause.lacking ? "without " : "with ") + cause.change);
  }
  EXPECT_THAT(causes, ElementsAre("with challenged", "without challenged", "with challenged"));
}

TEST(ChangePoints, TellOfABackPortOnWhichReleasesItWasSeenAndNoReturnAsNews) {
  const SiteModel model = model_with_a_back_port();
  const std::vector<ChangePoints> all = change_points(model, "vsock/x");
  const auto send = std::find_if(all.begin(), all.end(),
                                 [](const ChangePoints& p) { return p.place == "send#1"; });
  ASSERT_NE(send, all.end());
  std::vector<std::string> since;
  std::vector<std::string> releases;
  for (std::size_t i = 0; i < send->spans.size(); ++i) {
    since.push_back(since_text(send->spans[i]));
    releases.push_back(releases_text(model, *send, i));
  }
  EXPECT_THAT(since, ElementsAre("≤ 5.10", "6.1.5", "", "7.1"));
  EXPECT_THAT(releases, ElementsAre("5.10.9", "6.1.9", "6.16.1, 7.0.1", "7.1.2 on"));
}

TEST(ChangePoints, LegendSpeaksOnlyOfWhatThePageHas) {
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{completed("tcp/x", {step("send#1", seen)})};
  };
  const SiteModel exact = model_of(answer(sent), {{"3.17", answer(epipe)}});
  const auto legend = scenario_data(exact, exact.scenarios.front())["since_legend"];
  EXPECT_EQ(legend["release"], "3.17");
  EXPECT_EQ(legend["bound"], "");
  const SiteModel bounded = model_of(answer(sent), {{"6.1", answer(epipe)}});
  const auto other = scenario_data(bounded, bounded.scenarios.front())["since_legend"];
  EXPECT_EQ(other["release"], "");
  EXPECT_EQ(other["bound"], "6.1");
}

TEST(Changes, ShowWhereTheyExplainADifferenceBetweenNeighboursThatTheReferenceDoesNotKnow) {
  const SiteModel model = model_with_a_back_port();
  EXPECT_THAT(changes_shown(model, "vsock/x").at("challenged"),
              ElementsAre("debian-6.1.9", "debian-7.1.2"));
  const auto data = changes_data(model)["changes"].front();
  EXPECT_EQ(data["shows"], true);
  EXPECT_EQ(data["scenarios"].front()["id"], "vsock/x");
  EXPECT_EQ(scenario_data(model, model.scenarios.front())["changes"].front()["id"], "challenged");
}

TEST(ChangePoints, TellWhichChangeTookAFeatureAndWhichBroughtIt) {
  const std::vector<Observation> has{completed("dccp/x", {step("send#1", sent)})};
  const std::vector<Observation> lacks{ended("dccp/x", ScenarioEnding::unsupported, "no DCCP")};
  const SiteModel model = model_of(
      lacks, {{"4.4", lacks}, {"6.15", has}, {"6.16", lacks}},
      {{introduction("brought", {4, 5, 0}, has.front()), removal("taken", {6, 16, 0}, "dccp/*")}});
  const std::vector<ChangePoints> points = change_points(model, "dccp/x");
  ASSERT_EQ(points.back().place, "ending");
  std::vector<std::string> told;
  for (const Span& span : points.back().spans)
    told.push_back(since_text(span) + ": " + span.value +
                   (span.causes.empty() ? "" : " by " + span.causes.front().change));
  EXPECT_THAT(told, ElementsAre("3.16: not available", "4.5 (≤ 6.15): completed by brought",
                                "6.16: not available by taken"));
  EXPECT_THAT(changes_shown(model, "dccp/x").at("taken"), ElementsAre("debian-6.16"));
}

TEST(ChangePoints, NameTheKernelThatAnswersAsTheReferenceWhereSomethingElseWasPredicted) {
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{completed("tcp/x", {step("send#1", seen)})};
  };
  const SiteModel model = model_of(
      answer(sent), {{"5.10", answer(sent)}, {"6.1", answer(sent)}, {"6.2", answer(epipe)}},
      {{change("fix", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe})}});
  const std::vector<ChangePoints> points = change_points(model, "tcp/x");
  EXPECT_THAT(points.front().spans[0].unexplained, ElementsAre("debian-6.1"));
  EXPECT_THAT(points.front().spans[1].unexplained, IsEmpty());
}

TEST(ChangePoints, KernelThatWasNotAskedNeitherBeginsNorEndsASpan) {
  const std::vector<Observation> has{completed("vsock/x", {step("send#1", sent)})};
  const SiteModel model =
      model_of(has, {{"6.1", has},
                     {"6.2", {ended("vsock/x", ScenarioEnding::unsupported, "no module")}},
                     {"6.3", has}});
  EXPECT_TRUE(change_points(model, "vsock/x").empty());
}

TEST(ChangePoints, KernelWithoutAnAnswerNeitherBeginsNorEndsASpan) {
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{completed("tcp/x", {step("send#1", seen)})};
  };
  const SiteModel model =
      model_of(answer(sent), {{"6.1", answer(sent)},
                              {"6.2", {ended("tcp/x", ScenarioEnding::broken, "bind")}},
                              {"6.3", answer(sent)}});
  EXPECT_TRUE(change_points(model, "tcp/x").empty());
}

}  // namespace
}  // namespace brokenpipe
