#include "images/apt_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/images/scratch_store.h"
#include "tests/support/file_server.h"

/// Which lists and signatures apt takes, and when it fetches them.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using test::bookworm;
using test::error_of_fetch;
using test::fetch_one;
using test::flip_a_byte;
using test::image_47;
using test::image_56;
using test::jessie;
using test::Store;
using testing::HasSubstr;
using testing::SizeIs;

TEST(AptRoot, FreshListsAreNotFetchedAgain) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  place.open().offers({bookworm});
  const std::size_t requests = server.requests().size();
  KernelStore store = place.open();
  fetch_one(store, bookworm);
  const std::vector<test::FileServer::Request> all = server.requests();
  ASSERT_EQ(all.size(), requests + 1);
  EXPECT_THAT(all.back().path, testing::EndsWith(".deb"));
}

TEST(AptRoot, ASuiteSignedByAStrangerIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm", test::Signer::stranger);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm),
              testing::AllOf(HasSubstr("signature"), HasSubstr("NO_PUBKEY")));
}

TEST(AptRoot, ASuiteSignedByAnExpiredKeyIsAnErrorOutsideTheArchive) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish_archived("bookworm");
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm),
              testing::AllOf(HasSubstr("signature"), HasSubstr("EXPKEYSIG")));
}

TEST(AptRoot, ASignedFileThatWasChangedIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const fs::path release = repository.suite_directory("bookworm") / "InRelease";
  std::string text = read_file(release);
  text.replace(text.find("Codename"), 8, "Codenome");
  write_file(release, text);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr("signature"));
}

TEST(AptRoot, AListThatIsNotTheSignedOneIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  flip_a_byte(repository.suite_directory("bookworm") / "main/binary-amd64/Packages");
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr("Hash Sum mismatch"));
}

TEST(AptRoot, AMirrorThatDoesNotAnswerIsAnErrorThatNamesIt) {
  test::LocalRepository repository;
  // Port 9 is discard's; nobody listens there.
  const Store place("http://127.0.0.1:9/debian", repository.keyring());
  EXPECT_THAT(error_of_fetch(place.open(), bookworm),
              testing::AllOf(HasSubstr("127.0.0.1:9"), HasSubstr("Connection refused"),
                             HasSubstr("--mirror")));
}

TEST(AptRoot, AKeyringThatIsNotThereIsAnErrorThatSaysWhereKeysComeFrom) {
  test::LocalRepository repository;
  const Store place(repository.mirror(), "/nonexistent/keyring.gpg");
  EXPECT_THAT(
      error_of_fetch(place.open(), bookworm),
      testing::AllOf(HasSubstr("/nonexistent/keyring.gpg"), HasSubstr("debian-archive-keyring")));
}

TEST(AptRoot, AnArchivedKernelIsFetchedThoughItsKeyHasExpired) {
  test::LocalRepository repository;
  repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1");
  repository.publish_archived("jessie");
  repository.add_kernel("jessie/updates", "linux-image-3.16.0-11-amd64", "3.16.84-1");
  repository.publish_archived("jessie/updates");
  const Store place(repository);
  KernelStore store = place.open();
  EXPECT_THAT(store.offers({jessie}).at(0), SizeIs(2));
  const StoredKernel kernel = fetch_one(store, jessie);
  EXPECT_EQ(kernel.release, "3.16.0-11-amd64");
  EXPECT_EQ(kernel.version, "3.16.84-1");
  EXPECT_FALSE(kernel.modules.empty());
}

TEST(AptRoot, AnArchivedSuiteSignedInlineIsFetchedAsWell) {
  test::LocalRepository repository;
  repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1");
  repository.publish("jessie");
  const Store place(repository);
  KernelStore store = place.open();
  EXPECT_EQ(fetch_one(store, jessie).version, "3.16.56-1");
}

TEST(AptRoot, AnArchivedSuiteSignedByAStrangerIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1");
  repository.publish("jessie", test::Signer::stranger);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), jessie), HasSubstr("signature"));
  EXPECT_THAT(error_of_fetch(place.open(), jessie), HasSubstr("signature"));
}

TEST(AptRoot, AnArchivedSuiteThatWasChangedOrNotSignedAtAllIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1");
  repository.publish_archived("jessie");
  const fs::path release = repository.suite_directory("jessie") / "Release";
  write_file(release, "Label: Debian\n" + read_file(release));
  const Store changed(repository);
  EXPECT_THAT(error_of_fetch(changed.open(), jessie), HasSubstr("signature"));
  fs::remove(release.string() + ".gpg");
  const Store unsigned_one(repository);
  EXPECT_THAT(error_of_fetch(unsigned_one.open(), jessie), HasSubstr("signature"));
}

}  // namespace
}  // namespace brokenpipe
