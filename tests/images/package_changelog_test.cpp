#include "images/package_changelog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/kernel_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/local_repository.h"

/// In which package a kernel's changelog is looked for.
namespace brokenpipe {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

constexpr const char* changelog =
    "linux (6.12.105-1) trixie-security; urgency=high\n\n"
    "  * net: bridge: mrp: fix uninitialised bytes on the wire\n\n"
    "linux (6.12.101-1) trixie-security; urgency=high\n\n"
    "  * mptcp: an older change\n";

const CatalogueEntry trixie = {
    "debian-6.12", "6.12", "cloud", {"trixie"}, {R"(linux-image-6\.12\.[0-9]+-cloud-amd64)"},
    "For a test.", false,  true};
const CatalogueEntry backports = {
    "debian-7.2",  "7.2", "cloud", {"trixie"}, {R"(linux-binary-7\.2\.[0-9]+-cloud-amd64)"},
    "For a test.", false, true};

/// A package with a changelog that tells of these releases.
void add_documents(const test::LocalRepository& repository, const std::string& package,
                   const std::string& version, const std::string& text) {
  repository.add_package(
      "trixie", package, version,
      {{"usr/share/doc/" + package + "/changelog.gz", test::compressed(text, "gzip")}});
}

KernelStore store_of(const test::LocalRepository& repository) {
  return KernelStore({repository.path() / "store", repository.mirror(), repository.keyring(), {}});
}

TEST(PackageChangelog, TheChangelogIsThatOfTheKernelsOwnPackage) {
  const test::LocalRepository repository;
  add_documents(repository, "linux-image-6.12.105-cloud-amd64", "6.12.105-1", changelog);
  repository.publish("trixie");
  EXPECT_THAT(store_of(repository).changelog(trixie, "6.12.105"), Optional(HasSubstr("mrp")));
}

TEST(PackageChangelog, TheChangelogOfALaterReleaseTellsOfAnEarlierOne) {
  const test::LocalRepository repository;
  add_documents(repository, "linux-image-6.12.105-cloud-amd64", "6.12.105-1", changelog);
  repository.publish("trixie");
  EXPECT_THAT(store_of(repository).changelog(trixie, "6.12.101"), Optional(HasSubstr("mrp")));
  EXPECT_EQ(store_of(repository).changelog(trixie, "6.12.100"), std::nullopt);
  EXPECT_EQ(store_of(repository).changelog(trixie, "6.12.106"), std::nullopt);
}

TEST(PackageChangelog, TheChangelogOfASplitKernelLiesInItsBasePackage) {
  const test::LocalRepository repository;
  repository.add_package("trixie", "linux-binary-7.2.6-cloud-amd64", "7.2.6-1", {});
  repository.add_package("trixie", "linux-binary-7.2.9-cloud-amd64", "7.2.9-1", {});
  add_documents(repository, "linux-base-7.2.9-cloud-amd64", "7.2.9-1",
                "linux (7.2.9-1) unstable; urgency=medium\n\n  * b\n\n"
                "linux (7.2.6-1) unstable; urgency=medium\n\n  * a\n");
  repository.publish("trixie");
  EXPECT_THAT(store_of(repository).changelog(backports, "7.2.6"), Optional(HasSubstr("* a")));
}

TEST(PackageChangelog, AChangelogIsFetchedOnce) {
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
