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

TEST(Progress, ShowsWordsThatMoveNothingAndForgeNoRow) {
  const std::string words =
      // NOLINTNEXTLINE(misc-misleading-bidirectional): to mislead is what it is for.
      "\x1b]0;x\x07\xc2\x9b"
      "2J\r\nhost  finished \xe2\x80\xae\xff";
  const std::string shown = R"(\x1b]0;x\x07\x9b2J\x0d host  finished \u202e\xff)";
  const auto tell = [&](Progress& progress) {
    progress.event("host", words);
    progress.event(words, "booting");
    progress.scenarios("host", 1, 2, words);
    progress.note(words);
  };
  const std::string text = written(false, tell);
  EXPECT_EQ(text, "host        " + shown + "\n" + shown + "  booting\n" + shown + "\n");
  std::string live = written(true, tell);
  EXPECT_THAT(live, HasSubstr(shown));
  for (const std::string ours : {"\033[2A", "\033[3A", "\033[J", "\033[K"})
    for (size_t at = 0; (at = live.find(ours, at)) != std::string::npos;)
      live.erase(at, ours.size());
  EXPECT_THAT(live, Not(HasSubstr("\033")));
  EXPECT_THAT(live, Not(HasSubstr("\r")));
  EXPECT_THAT(live, Not(HasSubstr("\nhost  finished")));
}

TEST(Progress, ARowIsCutBetweenCharacters) {
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "漢";
  const std::string text = written(true, [&](Progress& progress) {
    progress.event("host", wide);
    progress.event("debian-6.1", "x" + wide);
  });
  EXPECT_THAT(text, Not(HasSubstr(wide.substr(0, std::size_t{40} * 3))));
  EXPECT_THAT(text, Not(HasSubstr("\xe6\033")));
  EXPECT_THAT(text, Not(HasSubstr("\xbc\033")));
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
