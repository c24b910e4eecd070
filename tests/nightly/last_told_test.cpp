#include "orchestrator/nightly/last_told.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/schema.h"
#include "tests/support/scratch_folder.h"

/// unexplained.json: written, read, and as its schema says.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

const Unexplained difference{"debian-6.12", "tcp/x", "send#1", "send(1) = -1 EPIPE", "not made"};

TEST(LastTold, IsReadAsItWasWritten) {
  const testing::ScratchFolder state;
  write_last_told(state.path(), {"20261122T161005Z", {difference}});
  const auto last = read_last_told(state.path());
  ASSERT_TRUE(last);
  EXPECT_EQ(last->night, "20261122T161005Z");
  EXPECT_EQ(last->unexplained, std::set<Unexplained>{difference});
}

TEST(LastTold, IsNothingBeforeTheFirstNight) {
  EXPECT_FALSE(read_last_told(testing::ScratchFolder().path()));
}

TEST(LastTold, OfAFileOfOldDoesNotSayWhichNight) {
  const testing::ScratchFolder state;
  write_file(state.path() / "unexplained.json", R"({"schema": 1, "unexplained": []})");
  EXPECT_EQ(read_last_told(state.path())->night, "");
}

TEST(LastTold, FileThatIsNoneOfOursIsAnErrorThatNamesIt) {
  const testing::ScratchFolder state;
  write_file(state.path() / "unexplained.json", R"({"schema": 1, "unexplained": [{}]})");
  try {
    read_last_told(state.path());
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("unexplained.json"));
  }
}

TEST(LastTold, IsAsItsSchemaSays) {
  const testing::ScratchFolder state;
  write_last_told(state.path(), {"20261122T161005Z", {difference}});
  const Json written = Json::parse(read_file(state.path() / "unexplained.json"));
  EXPECT_EQ(testing::Schema("unexplained.json").complaint_about(written), "");
}

}  // namespace
}  // namespace brokenpipe
