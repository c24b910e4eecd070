#include "orchestrator/campaign/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>

/// What people are told of a campaign, on a terminal and elsewhere.
namespace brokenpipe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What `tell` wrote to the stream that a Progress was given.
template <class Tell>
std::string written(bool live, Tell&& tell) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  {
    Progress progress(stream, live, {"debian-6.1", "host"});
    tell(progress);
  }
  std::fclose(stream);
  std::string result(text, size);
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream's
  return result;
}

TEST(Progress, IsALineAnEventWhereNobodyWatches) {
  const std::string text = written(false, [](Progress& progress) {
    progress.event("host", "booting");
    progress.scenarios("host", 1, 2, "tcp/x");
    progress.event("host", "finished");
  });
  EXPECT_EQ(text, "host        booting\nhost        finished\n");
}

TEST(Progress, PaintsOneRowAKernelOverTheLastTable) {
  const std::string text = written(true, [](Progress& progress) {
    progress.event("host", "booting");
    progress.event("debian-6.1", "finished");
  });
  EXPECT_THAT(text, HasSubstr("\033[2A"));
  EXPECT_THAT(text.substr(text.rfind("\033[2A")), HasSubstr("debian-6.1  finished"));
  EXPECT_THAT(text.substr(text.rfind("\033[2A")), HasSubstr("host        booting"));
}

TEST(Progress, ARowNeverWraps) {
  const std::string text =
      written(true, [](Progress& progress) { progress.event("host", std::string(500, 'x')); });
  EXPECT_THAT(text, Not(HasSubstr(std::string(80, 'x'))));
}

TEST(Progress, ANoteStandsAboveTheTable) {
  const std::string text = written(true, [](Progress& progress) {
    progress.event("host", "booting");
    progress.note("accelerator: tcg");
  });
  const size_t note = text.find("accelerator: tcg\n");
  ASSERT_NE(note, std::string::npos);
  EXPECT_NE(text.find("host", note), std::string::npos);
}

}  // namespace
}  // namespace brokenpipe
