#include "images/mirrors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"

/// Addresses that a user names, and which suite is where.
namespace brokenpipe {
namespace {

TEST(Mirrors, TheSecurityArchiveStandsBesideDebians) {
  const Mirrors mirrors = named_mirrors("http://example.org/debian/");
  EXPECT_EQ(mirrors.of("bookworm"), "http://example.org/debian");
  EXPECT_EQ(mirrors.of("trixie-backports"), "http://example.org/debian");
  EXPECT_EQ(mirrors.of("bookworm-security"), "http://example.org/debian-security");
  EXPECT_EQ(mirrors.of("jessie/updates"), "http://example.org/debian-security");
}

TEST(Mirrors, AMirrorOfAnotherLayoutHoldsBoth) {
  const Mirrors mirrors = named_mirrors("http://example.org/mirror");
  EXPECT_EQ(mirrors.of("bookworm"), "http://example.org/mirror");
  EXPECT_EQ(mirrors.of("bookworm-security"), "http://example.org/mirror");
}

TEST(Mirrors, AMirrorInAFolderThatIsNotThereIsAnError) {
  try {
    named_mirrors("file:/nonexistent/debian");
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("/nonexistent/debian"));
  }
}

TEST(Mirrors, AMirrorThatIsNoAddressIsAMistakeOfTheUsers) {
  for (const char* mirror : {"/srv/debian", "http://example.org/debian\nTrusted: yes"}) {
    EXPECT_THROW(named_mirrors(mirror), UsageError) << mirror;
  }
}

}  // namespace
}  // namespace brokenpipe
