#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "orchestrator/site/pages.h"
#include "orchestrator/site/story.h"
#include "results/scenario_list.h"
#include "tests/site/model_builder.h"

/// What a scenario's page tells: its rules, its story and its traces.
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

TEST(Traces, LostFixIsRedAndSaysWhatWasPredicted) {
  const std::vector<Observation> as_ever{completed("tcp/x", {step("send#1", sent)})};
  const SiteModel model =
      model_of(as_ever, {{"6.1", as_ever}},
               {{change("fix", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe})}});
  const auto data = scenario_data(model, model.scenarios.front());
  EXPECT_EQ(data["strip"]["cells"][0]["word"], "unexplained");
  EXPECT_EQ(data["traces"]["columns"][0]["word"], "unexplained");
  const auto& cell = data["traces"]["rows"][0]["cells"][0];
  EXPECT_EQ(cell["text"], "1");
  EXPECT_EQ(cell["word"], "unexplained");
  EXPECT_EQ(cell["due"], "-1 EPIPE");
  EXPECT_EQ(data["all_alike"], false);
}

TEST(Traces, SayWhatWasNotAsked) {
  const SiteModel model =
      model_of({completed("vsock/x", {step("send#1", sent)})},
               {{"6.1", {ended("vsock/x", ScenarioEnding::unsupported, "no module")}}});
  const auto traces = scenario_data(model, model.scenarios.front())["traces"];
  EXPECT_EQ(traces["columns"][0]["label"], "not asked");
  EXPECT_EQ(traces["rows"].back()["cells"][0]["text"], "not asked: no module");
}

TEST(Traces, KernelThatWarnsIsRedBesideThoseThatAreSilent) {
  const std::vector<Observation> silent{completed("tcp/x", {step("send#1", sent)})};
  std::vector<Observation> warns = silent;
  warns[0].steps.push_back(step("kernel#1", {{"report", "WARNING in tcp_send"}}));
  const SiteModel model = model_of(silent, {{"6.1", silent}, {"6.2", warns}});
  const auto row = scenario_data(model, model.scenarios.front())["traces"]["rows"][1];
  EXPECT_EQ(row["cells"][0]["text"], "silent");
  EXPECT_EQ(row["cells"][1]["text"], "WARNING in tcp_send");
  EXPECT_EQ(row["cells"][1]["word"], "unexplained");
  EXPECT_EQ(row["cells"][1]["due"], "silent");
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
  EXPECT_EQ(narrate(step("kernel#1", {{"report", "WARNING in tcp_send"}})),
            "The kernel reports WARNING in tcp_send.");
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

}  // namespace
}  // namespace brokenpipe
