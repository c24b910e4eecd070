#include "images/changelog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/kernel_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/local_repository.h"

/// What a changelog tells between two releases, and which of it is about a subsystem.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As signed packages have it: an entry of their own before those of linux.
constexpr const char* changelog = R"(linux-signed-amd64 (6.12.105+1) trixie-security; urgency=high

  * Sign kernel from linux 6.12.105-1

  * New upstream stable update:
    https://example.org/ChangeLog-6.12.104
    - net: bridge: mrp: fix uninitialised bytes on the wire
    - tcp: challenge ACK for non-exact RST in
      SYN-RECEIVED (CVE-2026-0001)
    https://example.org/ChangeLog-6.12.105
    - [amd64] x86/fpu: restore later

  [ A Person ]
  * udeb: Add a driver

 -- A Person <person@example.org>  Mon, 24 Aug 2026 20:05:00 +0000

linux (6.12.101-1) trixie-security; urgency=high

  * New upstream stable update:
    - mptcp: an older change

 -- A Person <person@example.org>  Mon, 03 Aug 2026 20:05:00 +0000

linux (6.12.9-1~bpo12+1) bookworm-backports; urgency=medium

  * Rebuild for bookworm

 -- A Person <person@example.org>  Mon, 06 Jan 2025 20:05:00 +0000
)";

TEST(Changelog, TellsOfTheReleasesInItsHeadings) {
  EXPECT_TRUE(tells_of(changelog, "6.12.105"));
  EXPECT_TRUE(tells_of(changelog, "6.12.101"));
  EXPECT_TRUE(tells_of(changelog, "6.12.9"));
  EXPECT_FALSE(tells_of(changelog, "6.12.104"));
  EXPECT_FALSE(tells_of(changelog, "6.12.10"));
}

TEST(Changelog, EveryChangeBetweenTwoReleasesIsOneLine) {
  EXPECT_THAT(changes_between(changelog, "6.12.101", "6.12.105"),
              ElementsAre("Sign kernel from linux 6.12.105-1",
                          "New upstream stable update: https://example.org/ChangeLog-6.12.104",
                          "net: bridge: mrp: fix uninitialised bytes on the wire",
                          "tcp: challenge ACK for non-exact RST in SYN-RECEIVED (CVE-2026-0001)",
                          "[amd64] x86/fpu: restore later", "udeb: Add a driver"));
}

TEST(Changelog, TheOlderReleaseItselfIsLeftOut) {
  EXPECT_THAT(changes_between(changelog, "6.12.9", "6.12.101"),
              ElementsAre("New upstream stable update:", "mptcp: an older change"));
  EXPECT_THAT(changes_between(changelog, "6.12.105", "6.12.117"), IsEmpty());
}

TEST(Subsystems, AreNamedByFilesAndFolders) {
  const Subsystems tcp = subsystems_of({"net/ipv4/tcp_input.c:tcp_reset"});
  EXPECT_THAT(tcp.words, ElementsAre("tcp_input", "tcp", "ipv4"));
  EXPECT_THAT(tcp.roots, ElementsAre("net"));
  EXPECT_THAT(
      subsystems_of({"net/unix/af_unix.c:unix_stream_sendmsg", "fs/pipe.c:pipe_write"}).words,
      ElementsAre("af_unix", "unix", "pipe"));
}

TEST(Subsystems, AChangeIsAboutWhatStandsBeforeItsColons) {
  const Subsystems tcp = subsystems_of({"net/ipv4/tcp_input.c:tcp_reset"});
  for (const char* about :
       {"tcp: a", "net: tcp: a", "tcp/dccp: a", "[arm64] tcp: a", "net: a", "net/tcp: a"}) {
    EXPECT_TRUE(tcp.contain(about)) << about;
  }
  for (const char* other : {"mptcp: a", "bpf: tcp: a", "net: bridge: a", "net/mlx5: a",
                            "drm: about tcp: a", "Revert tcp: a", "a"}) {
    EXPECT_FALSE(tcp.contain(other)) << other;
  }
}

}  // namespace
}  // namespace brokenpipe
