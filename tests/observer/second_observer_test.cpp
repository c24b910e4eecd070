#include "tests/observer/second_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The second observer by itself: steps as the probe records them, held against what strace prints.
namespace brokenpipe::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string send_below_strace = R"(
7 write(-1, "begin send#1", 12) = -1 EBADF (Bad file descriptor)
7 sendto(3, "x", 1, 0, NULL, 0) = -1 EPIPE (Broken pipe)
7 --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER, si_pid=7, si_uid=0} ---
7 rt_sigreturn({mask=[]}) = -1 EPIPE (Broken pipe)
7 write(-1, "end send#1", 10) = -1 EBADF (Bad file descriptor)
)";

json send_recorded() {
  return {{"step", "send#1"},
          {"call", "send"},
          {"args", "1"},
          {"returned", -1},
          {"errno", "EPIPE"},
          {"signals", {{{"signal", "SIGPIPE"}, {"code", "SI_USER"}, {"pid", "self"}}}}};
}

std::vector<std::string> disagreements(const json& step, const std::string& printed) {
  const StraceLog log = read_strace(printed.substr(1));
  Comparison comparison;
  compare({{"scenario", "tcp/x"}, {"steps", {step}}}, {log.events, log.processes}, comparison);
  return comparison.disagreements;
}

// What strace printed, with one thing of it replaced.
std::string altered(const std::string& what, const std::string& by) {
  std::string printed = send_below_strace;
  return printed.replace(printed.find(what), what.size(), by);
}

TEST(SecondObserver, AStepThatWasRecordedAsItWasAgrees) {
  EXPECT_THAT(disagreements(send_recorded(), send_below_strace), IsEmpty());
}

TEST(SecondObserver, EachFalsifiedMemberOfARecordIsADisagreement) {
  for (const auto& [name, value] : std::map<std::string, json>{
           {"returned", 1},
           {"errno", "ECONNRESET"},
           {"signals", {{{"signal", "SIGPIPE"}, {"code", "SI_KERNEL"}, {"pid", "self"}}}},
           {"revents", {"POLLIN"}}}) {
    json step = send_recorded();
    step[name] = value;
    EXPECT_THAT(disagreements(step, send_below_strace),
                ElementsAre(HasSubstr("the probe recorded " + name)));
  }
}

TEST(SecondObserver, ASignalThatWasNotRecordedIsADisagreement) {
  json step = send_recorded();
  step.erase("signals");
  EXPECT_THAT(disagreements(step, send_below_strace),
              ElementsAre(HasSubstr("the probe recorded signals []")));
}

TEST(SecondObserver, ASignalThatStraceDidNotSeeHandledIsADisagreement) {
  EXPECT_THAT(disagreements(send_recorded(), altered("rt_sigreturn", "getpid")),
              Contains(HasSubstr("strace saw []")));
}

TEST(SecondObserver, ASignalOfAnotherSenderIsADisagreement) {
  EXPECT_THAT(disagreements(send_recorded(), altered("si_pid=7", "si_pid=8")),
              ElementsAre(HasSubstr(R"("pid":"other")")));
}

TEST(SecondObserver, AnotherCallBesideTheOneUnderTestIsADisagreement) {
  EXPECT_THAT(disagreements(send_recorded(),
                            altered("7 write(-1, \"end", "7 close(3) = 0\n7 write(-1, \"end")),
              ElementsAre(HasSubstr("sendto, close")));
}

TEST(SecondObserver, AStepThatStraceDidNotSeeIsADisagreement) {
  EXPECT_THAT(disagreements(send_recorded(), altered("begin send#1", "begin send#2")),
              ElementsAre(HasSubstr("strace saw no such step")));
}

TEST(SecondObserver, AMemberThatNobodyHasTaughtItIsADisagreement) {
  json step = send_recorded();
  step["colour"] = "blue";
  EXPECT_THAT(disagreements(step, send_below_strace), ElementsAre(HasSubstr("colour")));
}

TEST(SecondObserver, ACallThatWasRecordedAsBlockedButCameBackIsADisagreement) {
  const json step{{"step", "send#1"}, {"call", "send"}, {"args", "1"}, {"blocked", true}};
  const std::string waiting = R"(
7 write(-1, "begin send#1", 12) = -1 EBADF (Bad file descriptor)
8 sendto(3, "x", 1, 0, NULL, 0 <unfinished ...>
7 write(-1, "end send#1", 10) = -1 EBADF (Bad file descriptor)
8 <... sendto resumed>) = ?
)";
  EXPECT_THAT(disagreements(step, waiting), IsEmpty());
  EXPECT_THAT(disagreements(step, send_below_strace), ElementsAre(HasSubstr("blocked")));
}

TEST(SecondObserver, ACallThatWasRecordedAsNeverComingBackButDidIsADisagreement) {
  const json step{{"step", "send#1"}, {"call", "send"}, {"args", "1"}, {"returned", "never"}};
  const std::string killed = R"(
7 write(-1, "begin send#1", 12) = -1 EBADF (Bad file descriptor)
7 sendto(3, "x", 1, 0, NULL, 0) = -1 EPIPE (Broken pipe)
7 --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER, si_pid=7, si_uid=0} ---
7 +++ killed by SIGPIPE +++
)";
  EXPECT_THAT(disagreements(step, killed), IsEmpty());
  EXPECT_THAT(disagreements(step, send_below_strace), ElementsAre(HasSubstr("never")));
}

TEST(SecondObserver, WhatPollAndWaitAndSoErrorToldIsCompared) {
  const std::string printed = R"(
7 wait4(9, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGPIPE}], 0, NULL) = 9
7 write(-1, "begin waitpid#1", 15) = -1 EBADF (Bad file descriptor)
7 write(-1, "end waitpid#1", 13) = -1 EBADF (Bad file descriptor)
7 write(-1, "begin poll#1", 12) = -1 EBADF (Bad file descriptor)
7 poll([{fd=3, events=POLLIN|POLLOUT}], 1, 0) = 1 ([{fd=3, revents=POLLIN|POLLHUP}])
7 write(-1, "end poll#1", 10) = -1 EBADF (Bad file descriptor)
7 write(-1, "begin so_error#1", 16) = -1 EBADF (Bad file descriptor)
7 getsockopt(3, SOL_SOCKET, SO_ERROR, [EPIPE], [4]) = 0
7 write(-1, "end so_error#1", 14) = -1 EBADF (Bad file descriptor)
)";
  const auto step = [](const std::string& id, const std::string& call, const std::string& name,
                       const json& value) {
    return json{{"step", id + "#1"}, {"call", call}, {"args", ""}, {name, value}};
  };
  EXPECT_THAT(disagreements(step("waitpid", "waitpid", "status", "killed by SIGPIPE"), printed),
              IsEmpty());
  EXPECT_THAT(disagreements(step("waitpid", "waitpid", "status", "exited 42"), printed),
              ElementsAre(HasSubstr("exited 42")));
  EXPECT_THAT(disagreements(step("poll", "poll", "revents", {"POLLIN", "POLLHUP"}), printed),
              IsEmpty());
  EXPECT_THAT(disagreements(step("poll", "poll", "revents", {"POLLIN"}), printed),
              ElementsAre(HasSubstr("revents")));
  EXPECT_THAT(disagreements(step("so_error", "getsockopt", "so_error", "EPIPE"), printed),
              IsEmpty());
  EXPECT_THAT(disagreements(step("so_error", "getsockopt", "so_error", "0"), printed),
              ElementsAre(HasSubstr("so_error")));
}

TEST(SecondObserver, ASignalBetweenTwoStepsIsComparedWithTheStepOfItsOwn) {
  json step = send_recorded();
  step["step"] = "signals#1";
  step["call"] = "signals";
  step.erase("returned");
  step.erase("errno");
  const std::string between = R"(
7 write(-1, "end send#1", 10) = -1 EBADF (Bad file descriptor)
7 sendto(3, "x", 1, 0, NULL, 0) = -1 EPIPE (Broken pipe)
7 --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER, si_pid=7, si_uid=0} ---
7 rt_sigreturn({mask=[]}) = -1 EPIPE (Broken pipe)
7 write(-1, "begin signals#1", 15) = -1 EBADF (Bad file descriptor)
7 write(-1, "end signals#1", 13) = -1 EBADF (Bad file descriptor)
)";
  EXPECT_THAT(disagreements(step, between), IsEmpty());
  step["signals"].push_back(step["signals"].front());
  EXPECT_THAT(disagreements(step, between), ElementsAre(HasSubstr("signals")));
}

TEST(SecondObserver, ALogIsCutWhereScenariosBegin) {
  const auto logs = by_scenario(read_strace(
      "5 write(1, \"{\\\"record\\\":\\\"begin\\\",\\\"scenario\\\":\\\"tcp/a\\\"}\\n\", 40) = 40\n"
      "7 close(3) = 0\n"
      "5 write(1, \"{\\\"record\\\":\\\"begin\\\",\\\"scenario\\\":\\\"tcp/b\\\"}\\n\", 40) = 40\n"
      "8 close(4) = 0\n8 close(5) = 0\n"));
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs.at("tcp/a").events.size(), 2U);
  EXPECT_EQ(logs.at("tcp/b").events.size(), 3U);
}

}  // namespace
}  // namespace brokenpipe::testing
