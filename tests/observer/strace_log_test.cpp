#include "tests/observer/strace_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

/// Reading what strace prints.
namespace brokenpipe::testing {
namespace {

using ::testing::ElementsAre;
using Kind = StraceEvent::Kind;

StraceEvent only_event(const std::string& line) {
  const StraceLog log = read_strace(line);
  EXPECT_EQ(log.events.size(), 1U);
  return log.events.at(0);
}

TEST(StraceLog, ACallHasItsArgumentsAndItsResult) {
  const StraceEvent call = only_event(
      "129   sendto(3, \"a, \\\"b)\", 6, MSG_DONTWAIT, NULL, 0) = -1 EPIPE (Broken pipe)\n");
  EXPECT_EQ(call.thread, 129);
  EXPECT_EQ(call.name, "sendto");
  EXPECT_THAT(call.arguments, ElementsAre("3", "\"a, \\\"b)\"", "6", "MSG_DONTWAIT", "NULL", "0"));
  EXPECT_EQ(returned_number(call), -1);
  EXPECT_EQ(error_name(call), "EPIPE");
}

TEST(StraceLog, WhatStandsInBracketsIsOneArgument) {
  const StraceEvent call =
      only_event("7 poll([{fd=3, events=POLLIN|POLLOUT}], 1, 0) = 1 ([{fd=3, revents=POLLOUT}])\n");
  EXPECT_THAT(call.arguments, ElementsAre("[{fd=3, events=POLLIN|POLLOUT}]", "1", "0"));
  EXPECT_EQ(returned_number(call), 1);
  EXPECT_EQ(error_name(call), "");
  EXPECT_EQ(member(call.result, "revents"), "POLLOUT");
}

TEST(StraceLog, ACallThatOtherThreadsPartIsOne) {
  const StraceLog log = read_strace(
      "7 getsockopt(3, SOL_SOCKET, SO_ERROR,  <unfinished ...>\n"
      "8 close(4) = 0\n"
      "7 <... getsockopt resumed>[EPIPE], [4]) = 0\n");
  ASSERT_EQ(log.events.size(), 2U);
  EXPECT_THAT(log.events[0].arguments,
              ElementsAre("3", "SOL_SOCKET", "SO_ERROR", "[EPIPE]", "[4]"));
  EXPECT_EQ(log.events[0].begun, 1U);
  EXPECT_EQ(log.events[0].returned, 3U);
  EXPECT_EQ(log.events[1].name, "close");
}

TEST(StraceLog, ACallThatNeverComesBackHasNoReturn) {
  const StraceLog log = read_strace(
      "7 sendto(3, \"x\", 1, 0, NULL, 0 <unfinished ...>\n"
      "8 recvfrom(4,  <unfinished ...>) = ?\n"
      "7 <... sendto resumed>) = ?\n"
      "7 +++ killed by SIGKILL +++\n");
  ASSERT_EQ(log.events.size(), 3U);
  EXPECT_EQ(log.events[0].returned, 0U);
  EXPECT_EQ(log.events[1].returned, 0U);
  EXPECT_EQ(log.events[2].kind, Kind::end);
}

TEST(StraceLog, ACallThatASignalBrokeOffIsToBeRestarted) {
  EXPECT_TRUE(
      is_restarted(only_event("7 sendto(3, \"x\", 1, 0, NULL, 0) = ? ERESTARTSYS (To be restarted "
                              "if SA_RESTART is set)\n")));
  EXPECT_FALSE(is_restarted(only_event("7 sendto(3, \"x\", 1, 0, NULL, 0) = 1\n")));
}

TEST(StraceLog, ASignalHasItsSiginfo) {
  const StraceEvent signal =
      only_event("7 --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER, si_pid=7, si_uid=0} ---\n");
  EXPECT_EQ(signal.kind, Kind::signal);
  EXPECT_EQ(signal.name, "SIGPIPE");
  EXPECT_EQ(member(signal.arguments.at(0), "si_code"), "SI_USER");
  EXPECT_EQ(member(signal.arguments.at(0), "si_pid"), "7");
  EXPECT_EQ(member(signal.arguments.at(0), "pid"), "");
}

TEST(StraceLog, AThreadBelongsToTheProcessThatClonedIt) {
  const StraceLog log = read_strace(
      "7 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f} => {parent_tid=[9]}, 88) = 9\n"
      "9 close(3) = 0\n"
      "9 clone(child_stack=NULL, flags=SIGCHLD) = 10\n"
      "10 close(3) = 0\n");
  EXPECT_EQ(log.processes.at(7), 7);
  EXPECT_EQ(log.processes.at(9), 7);
  EXPECT_EQ(log.processes.at(10), 10);
}

TEST(StraceLog, AStringIsReadInHexadecimalAndInLetters) {
  EXPECT_EQ(unescaped(R"("\x07\x00\xff"...)"), std::string("\x07\x00\xff", 3));
  EXPECT_EQ(unescaped(R"("{\"a\"}\n")"), "{\"a\"}\n");
  EXPECT_EQ(unescaped("NULL"), "");
}

TEST(StraceLog, ALineOfAnotherFormIsAnError) {
  EXPECT_THROW(read_strace("strace: Process 7 attached\n"), std::runtime_error);
  EXPECT_THROW(read_strace("7 close(3\n"), std::runtime_error);
}

}  // namespace
}  // namespace brokenpipe::testing
