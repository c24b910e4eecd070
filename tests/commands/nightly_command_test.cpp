#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/known_kernels.h"

/// `brokenpipe nightly` as a timer runs it: what it leaves, what it says and its exit code.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::KnownKernels;

// The answer is made up, and no change explains it.
CommandResult night(KnownKernels& kernels, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"nightly",    "debian-6.12",
                                 "--state",    kernels.runs().parent_path().string(),
                                 "--scenario", KnownKernels::scenario};
  words.insert(words.end(), more.begin(), more.end());
  return kernels(words);
}

TEST(NightlyCommand, NewsAreToldOnceAndTheSiteIsThere) {
  KnownKernels kernels({KnownKernels::scenario});
  kernels.answered("debian-6.12", "6.12.9", "EBADF");
  const CommandResult first = night(kernels);
  EXPECT_EQ(first.exit_status, 1) << first.err;
  EXPECT_THAT(first.out, AllOf(HasSubstr("0 of 1 kernel run"), HasSubstr("new unexplained")));
  const fs::path state = kernels.runs().parent_path();
  EXPECT_TRUE(fs::exists(state / "site/index.html"));
  EXPECT_THAT(read_file(state / "summary.md"), HasSubstr("New unexplained differences"));

  const CommandResult second = night(kernels);
  EXPECT_EQ(second.exit_status, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("unexplained as before"));
}

TEST(NightlyCommand, AJobsPageKeepsWhatItHas) {
  KnownKernels kernels({KnownKernels::scenario});
  kernels.answered("debian-6.12", "6.12.9", "EBADF");
  const fs::path page = kernels.folder() / "page.md";
  write_file(page, "# Of another step\n");
  night(kernels, {"--summary", page.string()});
  EXPECT_THAT(read_file(page), AllOf(HasSubstr("# Of another step"), HasSubstr("## Night ")));
}

TEST(NightlyCommand, WithoutAnyResultItIsToldAndNotPublished) {
  KnownKernels kernels({KnownKernels::scenario});
  kernels.broken("6.12.9");
  const fs::path page = kernels.folder() / "page.md";
  const CommandResult first = night(kernels, {"--summary", page.string()});
  EXPECT_EQ(first.exit_status, 3) << first.err;
  EXPECT_THAT(first.out, HasSubstr("1 could not be judged"));
  const fs::path state = kernels.runs().parent_path();
  EXPECT_FALSE(fs::exists(state / "site"));
  EXPECT_THAT(read_file(state / "summary.md"), HasSubstr("debian-6.12 could not be judged"));
  EXPECT_THAT(read_file(page), HasSubstr("debian-6.12 could not be judged"));
}

TEST(NightlyCommand, AStateThatCannotBeWrittenIsAnError) {
  KnownKernels kernels({KnownKernels::scenario});
  kernels.answered("debian-6.12", "6.12.9", "EBADF");
  const CommandResult refused = kernels(
      {"nightly", "debian-6.12", "--state", "/proc/nights", "--scenario", KnownKernels::scenario});
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_THAT(refused.err, HasSubstr("/proc/nights"));
}

TEST(NightlyCommand, AsksForAPlaceToKeepItsNights) {
  EXPECT_EQ(testing::Cli()({"nightly"}).exit_status, 2);
}

}  // namespace
}  // namespace brokenpipe
