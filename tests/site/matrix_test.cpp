#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "orchestrator/site/matrix.h"
#include "orchestrator/site/pages.h"
#include "tests/site/model_builder.h"
#include "tests/site/sample_site.h"
#include "tests/support/scratch_folder.h"

/// The matrix: which step a row tells, and what a cell says of it.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using testing::ScratchFolder;

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

TEST(Matrix, RowTellsTheFirstUnexplainedDifferenceOfAnyKernel) {
  const Changes changes{{change("late", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe})}};
  const SiteModel model =
      model_of({completed("tcp/x", {step("send#1", sent), step("recv#1", epipe)})},
               {{"6.1", {completed("tcp/x", {step("send#1", epipe), step("recv#1", epipe)})}},
                {"6.2", {completed("tcp/x", {step("send#1", epipe), step("recv#1", reset)})}}},
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
  EXPECT_THAT(ids, ElementsAre("debian-3.16", "linux-4.14.67", "own-tree", "debian-6.12",
                               "debian-7.1", "debian-7.3", "debian-9.9"));
  const auto row = [&](const std::string& id) {
    for (const ScenarioInfo& scenario : model.scenarios)
      if (scenario.id == id) return matrix_row(model, scenario);
    throw std::runtime_error(id);
  };
  EXPECT_THAT(verdicts(row("entry/listening/io-uring-send")),
              ElementsAre("absent", "absent", "new", "new", "new", "inconclusive", "not-asked"));
  EXPECT_THAT(texts(row("entry/listening/io-uring-send")),
              ElementsAre("n/a", "n/a", "EPIPE", "EPIPE", "EPIPE", "no answer", "not asked"));
  EXPECT_THAT(verdicts(row("vsock/loopback")),
              ElementsAre("absent", "absent", "not-asked", "recorded-here", "not-asked",
                          "inconclusive", "new"));
  EXPECT_THAT(verdicts(row("entry/listening/aio")),
              ElementsAre("same", "behind", "explained", "explained", "unexplained", "explained",
                          "explained"));
  EXPECT_THAT(verdicts(row("tcp/repair")),
              ElementsAre("same", "same", "same", "same", "gone", "inconclusive", "same"));
  EXPECT_THAT(
      verdicts(row("entry/never-connected/pwritev2-nowait")),
      ElementsAre("same", "behind", "behind", "explained", "flaky", "inconclusive", "explained"));
  EXPECT_THAT(verdicts(row("tcp/unheard-of")),
              ElementsAre("left-out", "left-out", "unreferenced", "unreferenced", "unreferenced",
                          "left-out", "unreferenced"));
}

TEST(Matrix, LostFixIsRedThoughItIsTheReferencesOwnAnswer) {
  const std::vector<Observation> as_ever{
      completed("tcp/x", {step("recv#1", sent), step("send#1", sent)})};
  const SiteModel model =
      model_of(as_ever, {{"5.10", as_ever}, {"6.1", as_ever}},
               {{change("fix", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe})}});
  const MatrixRow row = matrix_row(model, model.scenarios.front());
  EXPECT_EQ(row.place, "send#1");
  EXPECT_THAT(verdicts(row), ElementsAre("same", "unexplained"));
  EXPECT_THAT(texts(row), ElementsAre("1 byte", "1 byte"));
  EXPECT_EQ(cell_title(model, row.cells[1]), "send#1: send(1) = 1; predicted: send(1) = -1 EPIPE");
}

TEST(Matrix, WhatWasNotAskedSaysWhyAndUntilWhenItIsWaived) {
  SiteModel model =
      model_of({completed("vsock/x", {step("send#1", sent)})},
               {{"6.1", {ended("vsock/x", ScenarioEnding::unsupported, "no module")}}});
  const auto title = [&] { return matrix_row(model, model.scenarios.front()).cells[0].words; };
  EXPECT_THAT(verdicts(matrix_row(model, model.scenarios.front())), ElementsAre("not-asked"));
  EXPECT_EQ(title(), "not asked: no module");
  model.waivers = {{{{"mirror", {"*"}, {"vsock/*"}, "why", "owner", "2027-06-30"}}}, "2026-11-26"};
  apply_waivers(*model.kernels.front().report.diff, model.waivers);
  EXPECT_EQ(title(), "not asked: no module; waived until 2027-06-30");
}

TEST(Matrix, KernelWhoseVersionDoesNotTellIsAheadOrBehind) {
  const auto answer = [](const Json& seen) {
    return std::vector<Observation>{completed("tcp/x", {step("send#1", seen)})};
  };
  SiteModel model = model_of(answer(sent), {{"5.10", answer(epipe)}, {"6.1", answer(sent)}},
                             {{change("fix", {6, 0, 0}, {{"tcp/x"}, "send#1", sent, epipe})}});
  for (SiteKernel& kernel : model.kernels) {
    kernel.report.result->kernel.package = "own/bzImage";
    kernel.report.diff = diff(model.reference, kernel.result(), model.changes);
  }
  const MatrixRow row = matrix_row(model, model.scenarios.front());
  EXPECT_THAT(verdicts(row), ElementsAre("ahead", "behind"));
  EXPECT_EQ(cell_title(model, row.cells[0]),
            "send#1: send(1) = -1 EPIPE; predicted: send(1) = 1; since 6.0: s");
  EXPECT_EQ(cell_title(model, row.cells[1]),
            "send#1: send(1) = 1; predicted: send(1) = -1 EPIPE; without what came with 6.0: s");
}

TEST(Matrix, ArchivedResultsAreColumnsUnlessARunHasTheirKernel) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path());
  RunResult old = sample_archived();
  input.archive = {old};
  old.kernel.id = "debian-6.12";
  input.archive.push_back(old);
  NewestResults newest;
  newest.add(input.runs.back(), {*input.runs.back().result("debian-6.12")});
  const SiteModel model = std::move(newest).model(input);
  ASSERT_EQ(model.kernels.size(), 2U);
  EXPECT_EQ(model.kernels[0].id(), "linux-4.14.67");
  EXPECT_TRUE(model.kernels[0].archived);
  EXPECT_EQ(model.kernels[1].id(), "debian-6.12");
  EXPECT_FALSE(model.kernels[1].archived);
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

}  // namespace
}  // namespace brokenpipe
