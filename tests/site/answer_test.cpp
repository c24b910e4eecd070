#include "orchestrator/site/pictures/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_builder.h"

/// The words of an answer, in the room of a cell.
namespace brokenpipe {
namespace {

using ::testing::HasSubstr;

const nlohmann::json sigpipe{{"signal", "SIGPIPE"}, {"code", "SI_USER"}, {"pid", "self"}};
const nlohmann::json one_byte{{"returned", 1}};
const nlohmann::json epipe_signal{
    {"returned", -1}, {"errno", "EPIPE"}, {"signals", nlohmann::json::array({sigpipe})}};
const nlohmann::json reset{{"returned", -1}, {"errno", "ECONNRESET"}};

TEST(Answer, TellsAnErrnoWithAndWithoutSigpipeApart) {
  const Answer loud = answer(step("send#1", epipe_signal));
  EXPECT_EQ(loud.text, "EPIPE ⚡\ufe0e");
  EXPECT_EQ(loud.words, "EPIPE and SIGPIPE");
  EXPECT_EQ(loud.kind, AnswerKind::epipe_signal);
  const Answer silent = answer(step("send#1", {{"returned", -1}, {"errno", "EPIPE"}}));
  EXPECT_EQ(silent.text, "EPIPE");
  EXPECT_EQ(silent.kind, AnswerKind::epipe);
}

TEST(Answer, OfAnAsynchronousCallIsItsCompletion) {
  EXPECT_EQ(answer(step("io_submit#1", {{"returned", 1}, {"completion", reset}})).text,
            "ECONNRESET");
  EXPECT_EQ(answer(step("io_submit#1", {{"returned", 1}, {"completion", one_byte}})).text,
            "1 byte");
  const Answer loud =
      answer(step("io_submit#1", {{"returned", 1},
                                  {"completion", {{"returned", -1}, {"errno", "EPIPE"}}},
                                  {"signals", nlohmann::json::array({sigpipe})}}));
  EXPECT_EQ(loud.kind, AnswerKind::epipe_signal);
}

TEST(Answer, CountsWhatTheCallCounts) {
  EXPECT_EQ(answer(step("send#1", {{"returned", 0}})).text, "0 bytes");
  EXPECT_EQ(answer(step("sendmmsg#1", one_byte)).text, "1 message");
  EXPECT_EQ(answer(step("shutdown#1", {{"returned", 0}})).text, "0");
  EXPECT_EQ(answer(step("send#1", {{"returned", "partial"}})).text, "partial");
}

TEST(Answer, OfACallThatDoesNotComeBackIsUnfinished) {
  EXPECT_EQ(answer(step("send#1", {{"blocked", true}})).kind, AnswerKind::unfinished);
  EXPECT_EQ(answer(step("send#1", {{"returned", "never"}})).text, "killed");
}

TEST(Answer, OfTheKernelItselfIsItsReport) {
  const Answer told = answer(step("kernel#1", {{"report", "WARNING in tcp_send"}}));
  EXPECT_EQ(told.text, "WARNING in tcp_send");
  EXPECT_EQ(told.kind, AnswerKind::failed);
  EXPECT_EQ(words_for_none("kernel#1"), "silent");
  EXPECT_EQ(words_for_none("send#1"), "not made");
}

TEST(Answer, IsNeverInventedWhereThereIsNone) {
  RunResult run = result("6.1", {completed("tcp/a", {step("send#1", one_byte)}),
                                 ended("tcp/b", ScenarioEnding::unsupported, "no sctp"),
                                 ended("tcp/c", ScenarioEnding::broken, "no port")});
  EXPECT_EQ(answer_at(run, "tcp/a", "send#2").text, "not made");
  EXPECT_EQ(answer_at(run, "tcp/b", "send#1").text, "n/a");
  EXPECT_THAT(answer_at(run, "tcp/b", "send#1").words, HasSubstr("no sctp"));
  EXPECT_EQ(answer_at(run, "tcp/c", "send#1").text, "?");
  EXPECT_EQ(answer_at(run, "tcp/d", "send#1").text, "not asked");
  run.guest.ending = GuestEnding::panic;
  EXPECT_EQ(answer_at(run, "tcp/d", "send#1").text, "?");
  run.probe.selection = {"pipe/*"};
  EXPECT_EQ(answer_at(run, "tcp/d", "send#1").text, "not asked");
}

TEST(CellWord, IsTheStandingBeforeTheVerdict) {
  EXPECT_EQ(cell_word(Verdict::same, Standing::unexplained), "unexplained");
  EXPECT_EQ(cell_word(Verdict::added, Standing::recorded_here), "recorded-here");
  EXPECT_EQ(cell_word(Verdict::differs, Standing::behind), "behind");
  EXPECT_EQ(cell_word(Verdict::differs, Standing::predicted), "explained");
  EXPECT_EQ(cell_word(Verdict::not_asked, Standing::unjudged), "not-asked");
  EXPECT_EQ(cell_word(Verdict::flaky, Standing::unjudged), "flaky");
}

}  // namespace
}  // namespace brokenpipe
