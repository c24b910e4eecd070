#include "results/base/safe_format.h"

#include <gtest/gtest.h>

/// Formatting of words from outside.
namespace brokenpipe {
namespace {

TEST(SafeFormat, OnlyTheFormatBreaksLines) {
  // NOLINTNEXTLINE(misc-misleading-bidirectional): to mislead is what it is for.
  const std::string said = "\x1b[31mone\ntwo\xe2\x80\xae";
  EXPECT_EQ(safe_format("{}: {}\n", said, said.c_str()),
            "\\x1b[31mone two\\u202e: \\x1b[31mone two\\u202e\n");
}

TEST(SafeFormat, AlignsWhatIsShownAndLeavesNumbersAlone) {
  EXPECT_EQ(safe_format("{:<{}}|{:>4}|{:.1f}", "\x1b", 6, 7U, 0.25), "\\x1b  |   7|0.2");
}

}  // namespace
}  // namespace brokenpipe
