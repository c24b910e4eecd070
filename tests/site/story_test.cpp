#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "orchestrator/site/pages.h"
#include "orchestrator/site/story.h"
#include "results/scenario_list.h"
#include "tests/site/model_builder.h"

/// What a scenario's page tells: its rules, its story, its traces, and where its answers change.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Traces, KernelsThatSawTheSameShareAColumn) {
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{completed("tcp/x", {step("send#1", seen)})};
  };
  const SiteModel model = model_of(
      answer(sent), {{"6.1", answer(sent)}, {"6.2", answer(epipe)}, {"6.3", answer(sent)}});
  const std::vector<TraceGroup> groups = trace_groups(model, "tcp/x");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(groups[0].kernels, ElementsAre("debian-6.1", "debian-6.3"));
  EXPECT_THAT(groups[1].kernels, ElementsAre("debian-6.2"));
}

TEST(Traces, PlacesOfAllTracesMergeInAnOrderThatFitsEach) {
  const SiteModel model =
      model_of({completed("tcp/x", {step("send#1", sent), step("recv#1", sent)})},
               {{"6.1",
                 {completed("tcp/x", {step("send#1", sent), step("poll#1", sent),
                                      step("recv#1", sent), step("so_error#1", sent)})}}});
  EXPECT_THAT(merged_places(model, "tcp/x"),
              ElementsAre("send#1", "poll#1", "recv#1", "so_error#1"));
}

TEST(Story, StepsAreToldInSentences) {
  EXPECT_EQ(narrate(step("send#1", broken_pipe)),
            "send(1) fails with EPIPE, and SIGPIPE is raised.");
  EXPECT_EQ(narrate(step("peer.send#1", sent)), "For peer, peer.send(1) returns 1.");
  EXPECT_EQ(narrate(step("poll#1", {{"revents", Json::array()}})), "Poll reports nothing.");
  EXPECT_EQ(narrate(step("state#1", {{"state", "CLOSE_WAIT"}})),
            "The connection is in CLOSE_WAIT.");
  EXPECT_EQ(narrate(step("so_error#1", {{"so_error", "0"}})), "SO_ERROR has nothing to report.");
  EXPECT_EQ(narrate(step("send#1", {{"returned", "never"}})), "send(1) never returns.");
  EXPECT_EQ(narrate(step("waitpid#1", {{"status", "killed by SIGPIPE"}, {"core_dumped", false}})),
            "The process is killed by SIGPIPE.");
  EXPECT_EQ(narrate(step("orphan#1", {{"state", "gone"}, {"elapsed", "tcp_fin_timeout"}})),
            "orphan is gone after tcp_fin_timeout.");
  // What no sentence fits is told as everywhere else.
  EXPECT_EQ(narrate(step("send#1", {{"returned", 1}, {"count", 2}})), "send(1) = 1 count=2.");
}

TEST(Stories, ProbeTellsTheRulesOfItsScenarios) {
  const ScenarioList list = list_scenarios(PROBE);
  const auto late = std::find_if(list.scenarios.begin(), list.scenarios.end(),
                                 [](const auto& s) { return s.id == "tcp/late-accept"; });
  ASSERT_NE(late, list.scenarios.end());
  const Story& story = list.stories.at(late->story);
  EXPECT_THAT(story.opening, HasSubstr("The second send is EPIPE and SIGPIPE"));
  EXPECT_EQ(story.rules.size(), 4U);
}

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
  EXPECT_FALSE(points.front().spans[2].unexplained);
  EXPECT_TRUE(points.front().spans[3].unexplained);
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
                  {{challenged}});
}

TEST(ChangePoints, AreExplainedAgainstTheKernelBeforeWhereTheReferenceSaysNothing) {
  const SiteModel model = model_with_a_back_port();
  const std::vector<ChangePoints> points = change_points(model, "vsock/x");
  const auto send = std::find_if(points.begin(), points.end(),
                                 [](const ChangePoints& p) { return p.place == "send#1"; });
  ASSERT_NE(send, points.end());
  std::vector<std::string> causes;
  for (const Span& span : send->spans) {
    EXPECT_FALSE(span.unexplained) << span.value;
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
