#include "orchestrator/site/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "orchestrator/site/compare.h"
#include "orchestrator/site/matrix.h"
#include "orchestrator/site/pages.h"
#include "orchestrator/site/story.h"
#include "orchestrator/site/templates.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/site/sample_site.h"
#include "tests/support/cli.h"
#include "tests/support/result_builder.h"
#include "tests/support/sample_run.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScratchFolder;

const Json sent{{"returned", 1}};
const Json epipe{{"returned", -1}, {"errno", "EPIPE"}};
const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
const Json no_call{{"returned", -1}, {"errno", "ENOSYS"}};
const Json sigpipe = Json::parse(R"([{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}])");
const Json broken_pipe{{"returned", -1}, {"errno", "EPIPE"}, {"signals", sigpipe}};

Change change(const std::string& id, const KernelVersion& mainline, const Move& move) {
  return {id, "", mainline, {}, {}, "c", "s", "", {move}};
}

/// A model of these kernels, given as release and observations, in the order of their versions.
SiteModel model_of(std::vector<Observation> reference,
                   const std::vector<std::pair<std::string, std::vector<Observation>>>& kernels,
                   Changes changes = {}) {
  SiteModel model;
  model.reference = result("3.16.0", std::move(reference));
  model.changes = std::move(changes);
  for (const auto& [release, observations] : kernels) {
    SiteKernel kernel;
    kernel.report.result = result(release, observations);
    kernel.report.plan = {"debian-" + release, KernelState::done, ""};
    kernel.latest = kernel.report.plan;
    kernel.report.result->kernel.id = kernel.id();
    kernel.report.diff = diff(model.reference, kernel.result(), model.changes);
    for (const Observation& observation : observations)
      if (std::none_of(model.scenarios.begin(), model.scenarios.end(),
                       [&](const auto& s) { return s.id == observation.scenario; }))
        model.scenarios.push_back({observation.scenario, "?", {}, {}});
    model.kernels.push_back(std::move(kernel));
  }
  return model;
}

std::vector<std::string> texts(const MatrixRow& row) {
  std::vector<std::string> all;
  for (const MatrixCell& cell : row.cells) all.push_back(cell.text);
  return all;
}

std::vector<std::string> verdicts(const MatrixRow& row) {
  std::vector<std::string> all;
  for (const MatrixCell& cell : row.cells) all.emplace_back(cell.verdict);
  return all;
}

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(folder).string()] = read_file(entry.path());
  return files;
}

TEST(Matrix, RowTellsTheFirstUnexplainedDifferenceOfAnyKernel) {
  const Changes changes{{change("late", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe})}};
  const SiteModel model =
      model_of({completed("tcp/x", {step("send#1", sent), step("recv#1", epipe)})},
               {{"6.1", {completed("tcp/x", {step("send#1", epipe), step("recv#1", epipe)})}},
                {"6.2", {completed("tcp/x", {step("send#1", sent), step("recv#1", reset)})}}},
               changes);
  EXPECT_EQ(telling_place(model, "tcp/x"), "recv#1");
  const MatrixRow row = matrix_row(model, model.scenarios.front());
  EXPECT_THAT(texts(row), ElementsAre("send: EPIPE", "ECONNRESET"));
  EXPECT_THAT(verdicts(row), ElementsAre("explained", "unexplained"));
  EXPECT_EQ(row.reference.text, "EPIPE");
}

TEST(Matrix, RowOfEqualAnswersTellsTheFirstWriteThatDidNotSimplySucceed) {
  const std::vector<Observation> alike{
      completed("tcp/x", {step("poll#1", {{"revents", {"POLLIN"}}}), step("send#1", sent),
                          step("send#2", broken_pipe), step("send#3", epipe)}),
      completed("tcp/y", {step("send#1", sent), step("send#2", sent), step("recv#1", epipe)}),
      completed("tcp/z", {step("recv#1", sent), step("poll#1", {{"revents", {"POLLIN"}}})})};
  const SiteModel model = model_of(alike, {{"6.1", alike}});
  EXPECT_EQ(telling_place(model, "tcp/x"), "send#2");
  EXPECT_EQ(telling_place(model, "tcp/y"), "send#2");
  EXPECT_EQ(telling_place(model, "tcp/z"), "poll#1");
}

TEST(Matrix, EveryVerdictHasItsWordAndAnAnswer) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path());
  NewestResults newest;
  for (const RunDirectory& run : input.runs) {
    std::vector<RunResult> results;
    for (const PlannedKernel& kernel : run.run().kernels)
      if (auto one = run.result(kernel.id)) results.push_back(*one);
    newest.add(run, results);
  }
  const SiteModel model = std::move(newest).model(input);
  std::vector<std::string> ids;
  for (const SiteKernel& kernel : model.kernels) ids.push_back(kernel.id());
  EXPECT_THAT(ids,
              ElementsAre("debian-3.16", "debian-6.12", "debian-7.1", "debian-7.3", "debian-9.9"));
  const auto row = [&](const std::string& id) {
    for (const ScenarioInfo& scenario : model.scenarios)
      if (scenario.id == id) return matrix_row(model, scenario);
    throw std::runtime_error(id);
  };
  EXPECT_THAT(verdicts(row("entry/listening/io-uring-send")),
              ElementsAre("same", "new", "new", "inconclusive", "same"));
  EXPECT_THAT(texts(row("entry/listening/io-uring-send")),
              ElementsAre("n/a", "EPIPE", "EPIPE", "no answer", "n/a"));
  EXPECT_THAT(verdicts(row("tcp/repair")),
              ElementsAre("same", "same", "gone", "inconclusive", "same"));
  EXPECT_THAT(verdicts(row("entry/never-connected/pwritev2-nowait")),
              ElementsAre("same", "explained", "flaky", "inconclusive", "explained"));
  EXPECT_THAT(
      verdicts(row("tcp/unheard-of")),
      ElementsAre("not-asked", "unreferenced", "unreferenced", "not-asked", "unreferenced"));
}

TEST(Matrix, AnswersThatAreNotTheSameDoNotReadTheSame) {
  const Json late{{"returned", -1}, {"errno", "ETIMEDOUT"}, {"elapsed", "keepalive"}};
  const Json later{{"returned", -1}, {"errno", "ETIMEDOUT"}, {"elapsed", "tcp_retries2"}};
  const SiteModel model = model_of({completed("tcp/x", {step("send#1", late)})},
                                   {{"6.1", {completed("tcp/x", {step("send#1", late)})}},
                                    {"6.2", {completed("tcp/x", {step("send#1", later)})}}});
  EXPECT_THAT(texts(matrix_row(model, model.scenarios.front())),
              ElementsAre("-1 ETIMEDOUT after keepalive", "-1 ETIMEDOUT after tcp_retries2"));
}

TEST(Matrix, AnswersThatAreTheSameReadTheSameThoughArgumentsAreWordedOtherwise) {
  Step reworded = step("send#1", broken_pipe);
  reworded.args = "fd, 1 byte";
  const SiteModel model = model_of({completed("tcp/x", {reworded})},
                                   {{"6.1", {completed("tcp/x", {step("send#1", broken_pipe)})}}});
  const MatrixRow row = matrix_row(model, model.scenarios.front());
  EXPECT_EQ(row.reference.text, "EPIPE ⚡\ufe0e");
  EXPECT_THAT(texts(row), ElementsAre("EPIPE ⚡\ufe0e"));
}

TEST(Matrix, TitleOfACellNamesTheStepAndTheChangeThatExplainsIt) {
  Change late = change("late", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe});
  late.subject = "tcp: late";
  const SiteModel model = model_of({completed("tcp/x", {step("send#1", sent)})},
                                   {{"5.10", {completed("tcp/x", {step("send#1", sent)})}},
                                    {"6.1", {completed("tcp/x", {step("send#1", epipe)})}}},
                                   {{late}});
  const auto data = row_data(model, matrix_row(model, model.scenarios.front()));
  EXPECT_EQ(data["step"], "send#1");
  EXPECT_EQ(data["reference"]["title"], "send#1: send(1) = 1");
  EXPECT_EQ(data["cells"][0]["title"], "");
  EXPECT_EQ(data["cells"][1]["title"], "send#1: send(1) = -1 EPIPE; since 6.0: tcp: late");
}

TEST(Matrix, KernelsDisagreeByAllThatTheySawAndNotByTheStepOfTheCell) {
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{
        completed("tcp/x", {step("send#1", epipe), step("recv#1", seen)})};
  };
  const SiteModel model = model_of({}, {{"6.1", answer(sent)},
                                        {"6.2", answer(reset)},
                                        {"6.3", {ended("tcp/x", ScenarioEnding::broken, "bind")}},
                                        {"6.4", answer(sent)}});
  const MatrixRow row = matrix_row(model, model.scenarios.front());
  EXPECT_EQ(row.cells[0].text, row.cells[1].text);
  EXPECT_EQ(row_data(model, row)["answers"], "0 1 - 0");
  const SiteModel alike = model_of({}, {{"6.1", answer(sent)}, {"6.2", answer(sent)}});
  EXPECT_EQ(row_data(alike, matrix_row(alike, alike.scenarios.front()))["answers"], "");
}

TEST(Matrix, PartialRunDoesNotTakeThePlaceOfAWholeOne) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path());
  RunResult partial = *input.runs.back().result("debian-6.12");
  partial.probe.selection = {"tcp/*"};
  NewestResults newest;
  newest.add(input.runs.back(), {*input.runs.back().result("debian-6.12")});
  newest.add(input.runs.front(), {partial});
  const SiteModel model = std::move(newest).model(input);
  EXPECT_TRUE(model.kernels.at(0).result().probe.selection.empty());
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

TEST(Matrix, RowIsFoundByItsCallsAndTheChangesThatShowInIt) {
  Change nowait = change("sockets-nowait", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe});
  nowait.says = "RWF_NOWAIT says it.";
  nowait.subject = "net: Do it";
  Step flagged = step("pwritev2#1", epipe);
  flagged.args = "1, RWF_NOSIGNAL";
  const SiteModel model =
      model_of({completed("tcp/x", {step("send#1", sent)})},
               {{"5.10", {completed("tcp/x", {step("send#1", sent)})}},
                {"6.1", {completed("tcp/x", {step("send#1", epipe), flagged})}}},
               {{nowait}});
  const auto data = row_data(model, matrix_row(model, model.scenarios.front()));
  EXPECT_EQ(data["more"],
            "send(1) pwritev2(1, RWF_NOSIGNAL) sockets-nowait net: Do it RWF_NOWAIT says it.");
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

TEST(Paths, StayBelowTheSiteWhateverTheIdAndAreEachOnesOwn) {
  EXPECT_EQ(scenario_page("tcp/rst+ipv6"), "scenario/tcp/rst+ipv6.html");
  EXPECT_EQ(scenario_page("../../etc/x"), "scenario/~2e./~2e./etc/x.html");
  EXPECT_EQ(scenario_page("a//b"), "scenario/a/~/b.html");
  EXPECT_EQ(kernel_page("a/b c"), "kernel/a~2fb~20c.html");
  EXPECT_NE(kernel_page("a~2fb"), kernel_page("a/b"));
  EXPECT_EQ(root_of("scenario/tcp/x.html"), "../../");
}

TEST(TemplatesOfTheSite, EscapeTextAndTakeNothingInItForATag) {
  ScratchFolder scratch;
  write_file(scratch.path() / "one.mustache", "{{text}}|{{{markup}}}|{{#empty}}no{{/empty}}");
  Templates templates(scratch.path());
  EXPECT_EQ(templates.render("one", {{"text", "<b>'\"&{{x}}"}, {"markup", "<i>"}, {"empty", ""}}),
            "&lt;b&gt;&apos;&quot;&amp;{{x}}|<i>|");
  EXPECT_EQ(templates.render("one", {{"text", "\x1b\xff"}, {"markup", 1}, {"empty", false}}),
            "\xef\xbf\xbd\xef\xbf\xbd|1|");
}

TEST(TemplatesOfTheSite, BrokenOneIsAnErrorThatNamesIt) {
  ScratchFolder scratch;
  write_file(scratch.path() / "one.mustache", "{{#open}}");
  Templates templates(scratch.path());
  try {
    templates.render("one", {});
    FAIL() << "it was rendered";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("one.mustache"));
  }
}

TEST(HistoryPage, TellsHowManyScenariosWereAddedWhereTheDigestIsAnother) {
  const SiteModel model = model_of({}, {{"6.1", {completed("tcp/a", {step("send#1", sent)})}}});
  HistoryBuilder builder;
  RunResult night = model.kernels.front().result();
  RunRecord run;
  run.id = "one";
  builder.add(run, {night});
  run.id = "two";
  night.observations.push_back(completed("tcp/b", {step("send#1", sent)}));
  builder.add(run, {night});
  const auto data = history_data(model, builder.history());
  EXPECT_EQ(data["nights"][0]["same"], false);
  EXPECT_EQ(data["nights"][0]["added"], "1 scenario");
  EXPECT_EQ(data["nights"][0]["gone"], "");
  EXPECT_EQ(data["nights"][1]["added"], "");
  EXPECT_EQ(data["has_changes"], false);
}

TEST(Publish, EscapesWhateverAGuestOrAPackageSaid) {
  ScratchFolder scratch;
  publish(sample_site(scratch.path() / "runs"), scratch.path() / "site");
  const auto files = files_below(scratch.path() / "site");
  std::size_t pages_that_tell = 0;
  for (const auto& [name, text] : files) {
    if (!name.ends_with(".html") && !name.ends_with(".svg") && !name.ends_with(".atom")) continue;
    EXPECT_THAT(text, Not(HasSubstr("<script>alert"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("\xff"))) << name;
    pages_that_tell += text.find("&lt;script&gt;alert") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(pages_that_tell, 3U);
  EXPECT_THAT(files.at("kernel/debian-9.9.html"), HasSubstr("&lt;/pre&gt;"));
}

TEST(Publish, ScenarioPageTellsItsRulesItsStepsAndItsGrounds) {
  ScratchFolder scratch;
  publish(sample_site(scratch.path() / "runs"), scratch.path() / "site");
  const std::string page = read_file(scratch.path() / "site/scenario/tcp/close-wait-rst.html");
  EXPECT_THAT(page, HasSubstr("A write to nobody, by a few rules:"));
  EXPECT_THAT(page, HasSubstr("<li>One rule.</li>"));
  EXPECT_THAT(page, HasSubstr("send(1) fails with EPIPE, and SIGPIPE is raised."));
  EXPECT_THAT(page, HasSubstr("<li>net/core/stream.c:176 sk_stream_error</li>"));
  EXPECT_THAT(page, HasSubstr("<code>net/ipv4/tcp_input.c:tcp_reset</code>"));
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

TEST(Publish, SameInputGivesTheSameBytes) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path() / "runs");
  publish(input, scratch.path() / "one");
  publish(input, scratch.path() / "two");
  EXPECT_EQ(files_below(scratch.path() / "one"), files_below(scratch.path() / "two"));
}

TEST(Publish, MatrixBadgeDoesNotSayThatAllIsWellWhereAKernelCouldNotBeRun) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path() / "sample");
  input.reference = result("3.16", {completed("tcp/a", {step("send#1", sent)})});
  const auto badge_of_a_run = [&](const std::string& id, KernelState state) {
    RunRecord record;
    record.id = id;
    record.started = "2026-11-22T16:10:05Z";
    record.kernels = {{"linux-6.1", KernelState::planned, ""}, {"other", state, "no boot"}};
    RunDirectory run = RunDirectory::create(scratch.path() / "runs", record);
    run.keep(result("6.1", {completed("tcp/a", {step("send#1", sent)})}));
    run.finish();
    input.runs = {run};
    publish(input, scratch.path() / id);
    return read_file(scratch.path() / id / "badges/matrix.svg");
  };
  EXPECT_THAT(badge_of_a_run("left", KernelState::not_offered), HasSubstr("or explained"));
  EXPECT_THAT(badge_of_a_run("broken", KernelState::failed), HasSubstr("incomplete"));
}

TEST(Publish, ReplacesAnOldSiteWhole) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path() / "runs");
  publish(input, scratch.path() / "site");
  write_file(scratch.path() / "site" / "stale.html", "");
  publish(input, scratch.path() / "site");
  EXPECT_FALSE(fs::exists(scratch.path() / "site" / "stale.html"));
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()), 2)
      << "something was left beside the site";
}

TEST(Publish, TouchesNoFolderThatIsNoSite) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path() / "runs");
  fs::create_directory(scratch.path() / "home");
  write_file(scratch.path() / "home" / "diary", "dear");
  EXPECT_THROW(publish(input, scratch.path() / "home"), UsageError);
  EXPECT_EQ(read_file(scratch.path() / "home" / "diary"), "dear");
}

TEST(Publish, WithoutAnyResultIsAUsageError) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path() / "runs");
  input.runs.clear();
  EXPECT_THROW(publish(input, scratch.path() / "site"), UsageError);
  EXPECT_FALSE(fs::exists(scratch.path() / "site"));
}

TEST(Publish, EveryRelativeLinkLeadsToAFile) {
  ScratchFolder scratch;
  const fs::path site = scratch.path() / "site";
  publish(sample_site(scratch.path() / "runs"), site);
  std::size_t links = 0;
  for (const auto& [name, text] : files_below(site)) {
    if (!name.ends_with(".html")) continue;
    for (const std::string attribute : {"href=\"", "src=\""}) {
      for (auto at = text.find(attribute); at != std::string::npos;
           at = text.find(attribute, at + 1)) {
        const auto begin = at + attribute.size();
        std::string link = text.substr(begin, text.find('"', begin) - begin);
        link = link.substr(0, link.find('#'));
        if (link.empty()) continue;
        ++links;
        EXPECT_TRUE(fs::exists((site / name).parent_path() / link)) << name << ": " << link;
      }
    }
  }
  EXPECT_GT(links, 100U);
}

TEST(PublishCommand, WritesTheSiteAndSaysWhereToOpenIt) {
  const testing::Cli brokenpipe;
  const fs::path out = brokenpipe.folder() / "site";
  const SiteInput input = sample_site(brokenpipe.folder() / "brokenpipe" / "runs");
  // One of them twice: by its id and by its folder.
  const CommandResult published =
      brokenpipe({"publish", input.runs[1].run().id, input.runs[0].run().id,
                  input.runs[1].path().string(), "--out", out.string()});
  EXPECT_EQ(published.exit_status, 0) << published.err;
  EXPECT_EQ(published.out, (out / "index.html").string() + "\n");
  // The newest night stands in the matrix, in whatever order runs are named.
  EXPECT_THAT(read_file(out / "kernel/debian-6.12.html"), HasSubstr(input.runs[1].run().id));
  const Json history = Json::parse(read_file(out / "data/history.json"));
  EXPECT_EQ(history["nights"].size(), 2U);
  EXPECT_EQ(brokenpipe({"publish", "20200101T000000Z", "--out", out.string()}).exit_status, 2);
  EXPECT_EQ(brokenpipe({"publish", input.runs[0].run().id}).exit_status, 2);
}

}  // namespace
}  // namespace brokenpipe
