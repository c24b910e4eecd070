#include "tests/observer/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Reading what test programs of others say, and holding it against the probe's records.
namespace brokenpipe::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::vector<Claim> claims{
    {"TestEPIPE", "pipe/no-reader", "write#1", {{"returned", -1}, {"errno", "EPIPE"}}},
    {"TestEPIPE", "pipe/no-reader", "write#2", {{"returned", 0}}}};

std::map<std::string, nlohmann::json> recorded(const std::string& error) {
  return {{"pipe/no-reader",
           {{"steps",
             {{{"step", "write#1"}, {"returned", -1}, {"errno", error}, {"signals", {"SIGPIPE"}}},
              {{"step", "write#2"}, {"returned", 0}}}}}}};
}

TEST(Verdicts, GoSaysPassOrFailAndLeavesOutWhatItSkips) {
  EXPECT_THAT(go_verdicts("=== RUN   TestEPIPE\n--- PASS: TestEPIPE (0.00s)\n"
                          "--- FAIL: TestStdPipe (0.12s)\n    pipe_test.go:1: why\n"
                          "--- SKIP: TestStdPipeHelper (0.00s)\nFAIL\n"),
              ElementsAre(Pair("TestEPIPE", true), Pair("TestStdPipe", false)));
}

TEST(Verdicts, ASelftestSaysOkOrNotOkAndLeavesOutWhatDoesNotApply) {
  EXPECT_THAT(tap_verdicts("TAP version 13\n1..3\n#            OK  s.stream.eof\n"
                           "ok 1 s.stream.eof\nnot ok 2 s.stream.reset\n"
                           "ok 3 s.dgram.embryo # XFAIL Test only applies to SOCK_STREAM\n"),
              ElementsAre(Pair("s.stream.eof", true), Pair("s.stream.reset", false)));
}

TEST(Verdicts, ATestThatPassedAgreesWithAProbeThatSawWhatItClaims) {
  EXPECT_THAT(disagreements({{"TestEPIPE", true}}, claims, recorded("EPIPE")), IsEmpty());
}

TEST(Verdicts, ATestThatFailedAgreesWithAProbeThatSawSomethingElse) {
  EXPECT_THAT(disagreements({{"TestEPIPE", false}}, claims, recorded("EIO")), IsEmpty());
}

TEST(Verdicts, ATestThatPassedDisagreesWithAProbeThatSawSomethingElse) {
  EXPECT_THAT(disagreements({{"TestEPIPE", true}}, claims, recorded("EIO")),
              ElementsAre(HasSubstr("TestEPIPE passed, but the probe: pipe/no-reader")));
}

TEST(Verdicts, ATestThatPassedDisagreesWithAProbeThatDidNotAsk) {
  EXPECT_THAT(disagreements({{"TestEPIPE", true}}, claims, {}),
              ElementsAre(HasSubstr("TestEPIPE passed, but the probe")));
}

TEST(Verdicts, ATestThatFailedDisagreesWithAProbeThatSawAllThatItClaims) {
  EXPECT_THAT(disagreements({{"TestEPIPE", false}}, claims, recorded("EPIPE")),
              ElementsAre(HasSubstr("TestEPIPE failed")));
}

TEST(Verdicts, ATestThatDidNotRunIsNoAgreement) {
  EXPECT_THAT(disagreements({}, claims, recorded("EPIPE")), ElementsAre("TestEPIPE was not run"));
}

}  // namespace
}  // namespace brokenpipe::testing
