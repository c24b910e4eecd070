#include "images/apt_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What apt 2.6 printed, word for word.
namespace brokenpipe {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(AptOutput, ASuiteThatTheMirrorDoesNotHoldIsNoComplaint) {
  const CommandResult update = {
      100,
      "Get:1 file:/srv/debian bookworm InRelease [856 B]\n"
      "Ign:2 file:/srv/debian trixie InRelease\n"
      "Get:3 file:/srv/debian trixie Release\n"
      "Err:3 file:/srv/debian trixie Release\n"
      "  File not found - /srv/debian/dists/trixie/Release (2: No such file or directory)\n"
      "Reading package lists...\n",
      "E: The repository 'file:/srv/debian trixie Release' does not have a Release file.\n"};
  EXPECT_EQ(complaints(update), "");
}

TEST(AptOutput, AMirrorThatDoesNotAnswerIsAComplaintThoughAptSucceeds) {
  const CommandResult update = {
      0,
      "Ign:1 http://127.0.0.1:9/debian bookworm InRelease\n"
      "Err:1 http://127.0.0.1:9/debian bookworm InRelease\n"
      "  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)\n"
      "Reading package lists...\n",
      "W: Failed to fetch http://127.0.0.1:9/debian/dists/bookworm/InRelease  Could not connect to "
      "127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)\n"
      "W: Some index files failed to download. They have been ignored, or old ones used "
      "instead.\n"};
  EXPECT_THAT(complaints(update), AllOf(HasSubstr("Connection refused"), Not(HasSubstr("Some"))));
}

TEST(AptOutput, ASignatureThatDoesNotVerifyIsAComplaintBesideASuiteThatIsAbsent) {
  const CommandResult update = {
      100,
      "Err:2 file:/srv/debian-security bookworm-security InRelease\n"
      "  The following signatures couldn't be verified because the public key is not available: "
      "NO_PUBKEY 11D94A90206D1065\n"
      "Err:3 file:/srv/debian trixie Release\n"
      "  File not found - /srv/debian/dists/trixie/Release (2: No such file or directory)\n"
      "Reading package lists...\n",
      "W: GPG error: file:/srv/debian-security bookworm-security InRelease: The following "
      "signatures couldn't be verified because the public key is not available: NO_PUBKEY "
      "11D94A90206D1065\n"
      "E: The repository 'file:/srv/debian-security bookworm-security InRelease' is not signed.\n"
      "E: The repository 'file:/srv/debian trixie Release' does not have a Release file.\n"};
  EXPECT_THAT(complaints(update),
              AllOf(HasSubstr("NO_PUBKEY"), HasSubstr("is not signed"), Not(HasSubstr("trixie"))));
}

TEST(AptOutput, WordsThatAreNotAptsAreAnError) {
  EXPECT_THROW(packages_in("Segmentation fault\n"), Error);
  EXPECT_THROW(packages_in("linux-image | 6.1 | \n"), Error);
  EXPECT_THROW(downloads_in("'" + std::string(1'000'000, 'x')), Error);
  EXPECT_EQ(complaints({100, "Err:1 " + std::string(1'000'000, 'x') + "\n", ""}), "");
}

TEST(AptOutput, AVersionIsReadOnceForEachSuite) {
  const std::vector<AptPackage> packages = packages_in(
      "linux-image-6.1.0-47-cloud-amd64 |  6.1.170-3 | http://example.org/debian bookworm/main "
      "amd64 Packages\n"
      "linux-image-3.16.0-6-amd64 | 3.16.84-1 | http://example.org/debian-security "
      "jessie/updates/main amd64 Packages\n");
  ASSERT_EQ(packages.size(), 2U);
  EXPECT_EQ(packages[0].name, "linux-image-6.1.0-47-cloud-amd64");
  EXPECT_EQ(packages[0].version, "6.1.170-3");
  EXPECT_EQ(packages[0].suite, "bookworm");
  EXPECT_EQ(packages[1].suite, "jessie/updates");
}

TEST(AptOutput, ADownloadIsReadOrIsAnErrorThatShowsTheLine) {
  const std::string hash(64, 'a');
  const auto downloads = downloads_in(
      "'http://example.org/pool/linux-image-6.1.0-47-cloud-amd64_6.1.170-3_amd64.deb' "
      "linux-image-6.1.0-47-cloud-amd64_6.1.170-3_amd64.deb 1252 SHA256:" +
      hash + "\n");
  ASSERT_EQ(downloads.size(), 1U);
  const AptDownload& download = downloads.front();
  EXPECT_EQ(download.package, "linux-image-6.1.0-47-cloud-amd64");
  EXPECT_EQ(download.version, "6.1.170-3");
  EXPECT_EQ(download.uri,
            "http://example.org/pool/linux-image-6.1.0-47-cloud-amd64_6.1.170-3_amd64.deb");
  EXPECT_EQ(download.file, "linux-image-6.1.0-47-cloud-amd64_6.1.170-3_amd64.deb");
  EXPECT_EQ(download.sha256, hash);
  try {
    downloads_in("Something else\n");
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("Something else"));
  }
}

TEST(AptOutput, AnEpochIsReadAsItStandsInTheVersion) {
  const auto downloads = downloads_in(
      "'http://example.org/pool/linux_6.1_amd64.deb' linux_1%3a6.1.170-3~bpo12+1_amd64.deb 1252 "
      "SHA256:" +
      std::string(64, 'a') + "\n");
  EXPECT_EQ(downloads.at(0).version, "1:6.1.170-3~bpo12+1");
}

TEST(AptOutput, AnErrorSaysWhatToDo) {
  EXPECT_THAT(apt_error("a", "GPG error: x").what(), HasSubstr("--keyring"));
  EXPECT_THAT(apt_error("a", "Hash Sum mismatch").what(), HasSubstr("try again"));
  EXPECT_THAT(apt_error("a", "No space left on device").what(), HasSubstr("--store"));
  EXPECT_THAT(apt_error("a", "Connection refused").what(), HasSubstr("Is the network up?"));
}

}  // namespace
}  // namespace brokenpipe
