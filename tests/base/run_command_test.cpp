#include "results/base/run_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"

/// What is kept of a program that was run, and how one is ended.
namespace brokenpipe {
namespace {

TEST(Command, OutputErrorsAndStatusAreKeptApart) {
  const CommandResult result = run_command({"sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.exit_status, 7);
}

TEST(Command, MoreThanAPipeHoldsIsReadFromBothEnds) {
  const CommandResult result =
      run_command({"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"});
  EXPECT_EQ(result.out.size(), 300000U);
  EXPECT_EQ(result.err.size(), 300000U);
}

TEST(Command, LinesAreToldWholeAndOnce) {
  std::vector<std::string> told;
  run_command({"printf", "one\\ntwo\\nrest"},
              {{}, [&](const std::string& line) { told.push_back(line); }, {}});
  EXPECT_THAT(told, testing::ElementsAre("one", "two"));
}

TEST(Command, ASignalThatEndsItIsCountedAsAShellDoes) {
  EXPECT_EQ(run_command({"sh", "-c", "kill -KILL $$"}).exit_status, 137);
}

TEST(Command, AStopThatIsAskedForEndsIt) {
  std::stop_source stop;
  const auto ask = [&](const std::string&) { stop.request_stop(); };
  EXPECT_EQ(
      run_command({"sh", "-c", "echo up; exec tail -f /dev/null"}, {{}, ask, stop.get_token()})
          .exit_status,
      143);
}

TEST(Command, ItRunsInTheFolderNamedAndInTheCLocale) {
  const CommandResult result = run_command({"sh", "-c", "pwd; echo $LC_ALL"}, {"/usr/lib", {}, {}});
  EXPECT_EQ(result.out, "/usr/lib\nC\n");
}

TEST(Command, AProgramThatIsNotThereIsAnErrorThatNamesIt) {
  try {
    run_command({"brokenpipe-no-such-program"});
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("brokenpipe-no-such-program"));
  }
}

TEST(Command, AFolderThatIsNotThereIsAnErrorThatNamesItAndNotTheProgram) {
  for (const char* folder : {"/no/such/folder", "/etc/passwd"}) {
    try {
      run_command({"true"}, {folder, {}, {}});
      FAIL() << "it ran";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(folder));
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("PATH")));
    }
  }
}

}  // namespace
}  // namespace brokenpipe
