#include "images/changelog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/kernel_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/local_repository.h"

namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

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

const CatalogueEntry trixie = {
    "debian-6.12", "6.12", "cloud", {"trixie"}, {R"(linux-image-6\.12\.[0-9]+-cloud-amd64)"},
    "For a test.", false,  true};
const CatalogueEntry backports = {
    "debian-7.2",  "7.2", "cloud", {"trixie"}, {R"(linux-binary-7\.2\.[0-9]+-cloud-amd64)"},
    "For a test.", false, true};

// A package with a changelog that tells of these releases.
void add_documents(const test::LocalRepository& repository, const std::string& package,
                   const std::string& version, const std::string& text) {
  repository.add_package(
      "trixie", package, version,
      {{"usr/share/doc/" + package + "/changelog.gz", test::compressed(text, "gzip")}});
}

KernelStore store_of(const test::LocalRepository& repository) {
  return KernelStore({repository.path() / "store", repository.mirror(), repository.keyring(), {}});
}

TEST(KernelStore, TheChangelogIsThatOfTheKernelsOwnPackage) {
  const test::LocalRepository repository;
  add_documents(repository, "linux-image-6.12.105-cloud-amd64", "6.12.105-1", changelog);
  repository.publish("trixie");
  EXPECT_THAT(store_of(repository).changelog(trixie, "6.12.105"), Optional(HasSubstr("mrp")));
}

TEST(KernelStore, TheChangelogOfALaterReleaseTellsOfAnEarlierOne) {
  const test::LocalRepository repository;
  add_documents(repository, "linux-image-6.12.105-cloud-amd64", "6.12.105-1", changelog);
  repository.publish("trixie");
  EXPECT_THAT(store_of(repository).changelog(trixie, "6.12.101"), Optional(HasSubstr("mrp")));
  EXPECT_EQ(store_of(repository).changelog(trixie, "6.12.100"), std::nullopt);
  EXPECT_EQ(store_of(repository).changelog(trixie, "6.12.106"), std::nullopt);
}

TEST(KernelStore, TheChangelogOfASplitKernelLiesInItsBasePackage) {
  const test::LocalRepository repository;
  repository.add_package("trixie", "linux-binary-7.2.6-cloud-amd64", "7.2.6-1", {});
  repository.add_package("trixie", "linux-binary-7.2.9-cloud-amd64", "7.2.9-1", {});
  add_documents(repository, "linux-base-7.2.9-cloud-amd64", "7.2.9-1",
                "linux (7.2.9-1) unstable; urgency=medium\n\n  * b\n\n"
                "linux (7.2.6-1) unstable; urgency=medium\n\n  * a\n");
  repository.publish("trixie");
  EXPECT_THAT(store_of(repository).changelog(backports, "7.2.6"), Optional(HasSubstr("* a")));
}

TEST(KernelStore, AChangelogIsFetchedOnce) {
  const test::LocalRepository repository;
  add_documents(repository, "linux-image-6.12.105-cloud-amd64", "6.12.105-1", changelog);
  repository.publish("trixie");
  KernelStore store = store_of(repository);
  ASSERT_TRUE(store.changelog(trixie, "6.12.105"));
  std::filesystem::remove_all(repository.path() / "debian" / "pool");
  EXPECT_TRUE(store.changelog(trixie, "6.12.105"));
}

}  // namespace
}  // namespace brokenpipe
