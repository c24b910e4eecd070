#include "images/kernel_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>

#include "images/modules.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/file_server.h"
#include "tests/support/local_repository.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const CatalogueEntry bookworm = {"debian-6.1",
                                 "6.1",
                                 "cloud",
                                 {"bookworm", "bookworm-security"},
                                 {R"(linux-image-6\.1\.0-[0-9]+-cloud-amd64)"},
                                 "For a test.",
                                 false,
                                 true};
const CatalogueEntry backports = {"debian-7.3",
                                  "7.3",
                                  "cloud",
                                  {"trixie-backports"},
                                  {R"(linux-binary-7\.3\.[0-9]+\+deb13-cloud-amd64)"},
                                  "For a test.",
                                  false,
                                  true};
const CatalogueEntry jessie = {"debian-3.16",
                               "3.16",
                               "plain",
                               {"jessie", "jessie/updates"},
                               {R"(linux-image-3\.16\.0-[0-9]+-amd64)"},
                               "For a test.",
                               true,
                               false};

const char* const image_47 = "linux-image-6.1.0-47-cloud-amd64";
const char* const image_56 = "linux-image-6.1.0-56-cloud-amd64";

/// A store of its own for a test.
class Store {
 public:
  explicit Store(const test::LocalRepository& repository)
      : Store(repository.mirror(), repository.keyring()) {}
  Store(std::string mirror, fs::path keyring)
      : directory_(testing::TempDir()), mirror_(std::move(mirror)), keyring_(std::move(keyring)) {}

  KernelStore open() const { return KernelStore({root(), mirror_, keyring_, {}}); }
  fs::path root() const { return directory_.path() / "store"; }

 private:
  TemporaryDirectory directory_;
  std::string mirror_;
  fs::path keyring_;
};

StoredKernel fetch_one(KernelStore& store, const CatalogueEntry& entry,
                       const std::string& point_release = {},
                       Freshness freshness = Freshness::stored_is_enough) {
  return store.fetch({{entry, point_release}}, freshness).at(0).value();
}

std::string error_of_fetch(KernelStore store, const CatalogueEntry& entry) {
  try {
    store.fetch({{entry, {}}}, Freshness::stored_is_enough);
  } catch (const Error& error) {
    EXPECT_EQ(store.find(entry, {}), std::nullopt);
    return error.what();
  }
  return "no error";
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    files.push_back(entry.path());
  }
  return files;
}

void flip_a_byte(const fs::path& file) {
  std::string content = read_file(file);
  char& byte = content[content.size() / 2];
  byte = static_cast<char>(byte ^ 1);
  write_file(file, content);
}

TEST(KernelStore, APackageThatLiesInTheFolderOneStandsInIsFetchedAllTheSame) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store store(repository);
  const TemporaryDirectory here(testing::TempDir());
  fs::copy_file(deb, here.path() / deb.filename());
  KernelStore opened = store.open();
  const fs::path before = fs::current_path();
  fs::current_path(here.path());
  const auto fetched = opened.fetch({{bookworm, {}}}, Freshness::stored_is_enough);
  fs::current_path(before);
  EXPECT_TRUE(fetched.at(0).has_value());
}

TEST(KernelStore, TheNewestKernelOfASeriesIsFetchedWithItsModules) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  repository.add_kernel("bookworm-security", image_56, "6.1.192-2");
  repository.publish("bookworm-security");
  const Store place(repository);
  KernelStore store = place.open();

  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(kernel.id, "debian-6.1");
  EXPECT_EQ(kernel.package, "linux-image-6.1.0-56-cloud-amd64=6.1.192-2");
  EXPECT_EQ(kernel.version, "6.1.192-2");
  EXPECT_EQ(kernel.release, "6.1.0-56-cloud-amd64");
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage("6.1.0-56-cloud-amd64"));
  EXPECT_EQ(kernel.sha256, sha256(test::fake_bzimage("6.1.0-56-cloud-amd64")));
  EXPECT_EQ(kernel.modules.filename(), "6.1.0-56-cloud-amd64");
  EXPECT_EQ(kernel.modules_missing_because, "");
  EXPECT_THAT(resolve_modules(kernel.modules, {"tcp_diag"}, place.root() / "cache"), SizeIs(1));
  EXPECT_THAT(files_below(place.root() / "downloads"), IsEmpty());
  EXPECT_THAT(files_below(place.root() / "incoming"), IsEmpty());
}

TEST(KernelStore, OffersAreNewestFirstAndEachOnce) {
  test::LocalRepository repository;
  for (const char* suite : {"bookworm", "bookworm-security"}) {
    repository.add_kernel(suite, image_47, "6.1.170-3");
    repository.publish(suite);
  }
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.add_kernel("bookworm", "linux-image-6.1.0-56-rt-amd64", "6.1.192-2");
  repository.publish("bookworm");
  const Store place(repository);
  std::vector<std::string> offers;
  const std::vector<std::vector<Offer>> all = place.open().offers({bookworm});
  for (const Offer& offer : all.at(0)) {
    offers.push_back(offer.package + " " + offer.version + " " + offer.point_release);
  }
  EXPECT_THAT(offers, ElementsAre("linux-image-6.1.0-56-cloud-amd64 6.1.192-2 6.1.192",
                                  "linux-image-6.1.0-47-cloud-amd64 6.1.170-3 6.1.170"));
}

TEST(KernelStore, APointReleaseAskedForIsFetchedAndStaysBesideTheNewest) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  EXPECT_EQ(fetch_one(store, bookworm, "6.1.170").version, "6.1.170-3");
  EXPECT_EQ(fetch_one(store, bookworm, {}, Freshness::newest_on_offer).version, "6.1.192-2");
  EXPECT_EQ(store.find(bookworm, "6.1.170")->version, "6.1.170-3");
  EXPECT_EQ(store.find(bookworm, {})->version, "6.1.192-2");
  EXPECT_EQ(store.find(bookworm, "6.1.171"), std::nullopt);
}

TEST(KernelStore, WhatTheMirrorDoesNotOfferIsNoError) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  const auto kernels = store.fetch({{backports, {}}, {bookworm, {}}, {bookworm, "6.1.999"}},
                                   Freshness::stored_is_enough);
  ASSERT_THAT(kernels, SizeIs(3));
  EXPECT_EQ(kernels[0], std::nullopt);
  EXPECT_EQ(kernels[1]->version, "6.1.170-3");
  EXPECT_EQ(kernels[2], std::nullopt);
  EXPECT_THAT(store.offers({backports}).at(0), IsEmpty());
}

TEST(KernelStore, AKernelWhoseModulesAreAPackageOfTheirOwnGetsThem) {
  test::LocalRepository repository;
  const std::string release = "7.3.4+deb13-cloud-amd64";
  const std::string modules = "usr/lib/modules/" + release;
  repository.add_package("trixie-backports", "linux-binary-" + release, "7.3.4-1~bpo13+1",
                         {{modules + "/vmlinuz", test::fake_bzimage(release, "zstd")}});
  repository.add_package("trixie-backports", "linux-modules-" + release, "7.3.4-1~bpo13+1",
                         {{modules + "/kernel/tls.ko", test::fake_module({"depends=\0", 9})}});
  repository.publish("trixie-backports");
  const Store place(repository);
  KernelStore store = place.open();
  const StoredKernel kernel = fetch_one(store, backports);
  EXPECT_EQ(kernel.release, release);
  EXPECT_EQ(kernel.package, "linux-binary-" + release + "=7.3.4-1~bpo13+1");
  EXPECT_TRUE(fs::exists(kernel.modules / "kernel/tls.ko"));
}

TEST(KernelStore, AKernelWhoseModulesLeftTheMirrorSaysSo) {
  test::LocalRepository repository;
  const std::string release = "7.3.4+deb13-cloud-amd64";
  repository.add_package("trixie-backports", "linux-binary-" + release, "7.3.4-1",
                         {{"boot/vmlinuz-" + release, test::fake_bzimage(release)}});
  repository.publish("trixie-backports");
  const Store place(repository);
  KernelStore store = place.open();
  const StoredKernel kernel = fetch_one(store, backports);
  EXPECT_TRUE(kernel.modules.empty());
  EXPECT_THAT(kernel.modules_missing_because,
              HasSubstr("linux-modules-7.3.4+deb13-cloud-amd64=7.3.4-1"));
}

TEST(KernelStore, AKernelWhoseModulesCameLaterIsFetchedAgainWithThem) {
  test::LocalRepository repository;
  const std::string release = "7.3.4+deb13-cloud-amd64";
  const std::string suite = "trixie-backports";
  repository.add_package(suite, "linux-binary-" + release, "7.3.4-1",
                         {{"boot/vmlinuz-" + release, test::fake_bzimage(release)}});
  repository.publish(suite);
  const Store place(repository);
  KernelStore store = place.open();
  const StoredKernel bare = fetch_one(store, backports);
  EXPECT_TRUE(bare.modules.empty());

  repository.add_package(
      suite, "linux-modules-" + release, "7.3.4-1",
      {{"usr/lib/modules/" + release + "/kernel/tls.ko", test::fake_module({"depends=\0", 9})}});
  repository.publish(suite);
  fs::remove_all(place.root() / "apt");  // its lists would be fresh for some hours
  const StoredKernel whole = fetch_one(store, backports, {}, Freshness::newest_on_offer);
  EXPECT_EQ(whole.version, bare.version);
  EXPECT_TRUE(fs::exists(whole.modules / "kernel/tls.ko"));
  EXPECT_EQ(store.find(backports, {})->modules, whole.modules);
  EXPECT_EQ(fetch_one(store, backports, {}, Freshness::newest_on_offer).modules, whole.modules);
}

TEST(KernelStore, AKernelThatIsStoredTouchesNoNetwork) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  KernelStore store = place.open();
  const StoredKernel fetched = fetch_one(store, bookworm);
  const std::size_t requests = server.requests().size();
  EXPECT_EQ(fetch_one(store, bookworm).image, fetched.image);
  EXPECT_EQ(place.open().find(bookworm, {})->image, fetched.image);
  EXPECT_EQ(server.requests().size(), requests);
}

TEST(KernelStore, FreshListsAreNotFetchedAgain) {
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

TEST(KernelStore, AConnectionCutInTheMiddleOfADownloadIsTakenUpWhereItEnded) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  test::FileServer server(repository.path());
  server.cut_packages(1);
  const Store place(server.address() + "/debian", repository.keyring());
  KernelStore store = place.open();
  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage("6.1.0-47-cloud-amd64"));
  EXPECT_TRUE(server.requests().back().is_range);
}

TEST(KernelStore, ADownloadThatFailedIsTakenUpByTheNextRun) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  server.cut_packages(1000);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr(server.address()));
  server.cut_packages(0);
  KernelStore store = place.open();
  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage("6.1.0-47-cloud-amd64"));
  EXPECT_TRUE(server.requests().back().is_range);
}

TEST(KernelStore, WhatAKilledDownloadLeftIsNotTakenForAPackage) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  KernelStore store = place.open();
  const std::string whole = read_file(deb);
  write_file(place.root() / "downloads" / deb.filename(), whole.substr(0, whole.size() / 2));
  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage("6.1.0-47-cloud-amd64"));
}

TEST(KernelStore, WhatAKillLeftBehindIsNoKernelAndStandsInNobodysWay) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  const fs::path directory = fetch_one(store, bookworm).image.parent_path();
  fs::remove(directory / "kernel.json");
  make_directories(place.root() / "incoming/abcdef/lib");
  EXPECT_EQ(store.find(bookworm, {}), std::nullopt);
  EXPECT_EQ(fetch_one(store, bookworm).image.parent_path(), directory);
  EXPECT_THAT(files_below(place.root() / "incoming"), IsEmpty());
}

TEST(KernelStore, ListsThatNameAReplacedPackageAreFetchedAnew) {
  test::LocalRepository repository;
  const fs::path old = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  ASSERT_THAT(store.offers({bookworm}).at(0), SizeIs(1));
  fs::remove(old);
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  EXPECT_EQ(fetch_one(store, bookworm).version, "6.1.192-2");
}

TEST(KernelStore, ASuiteSignedByAStrangerIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm", test::Signer::stranger);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm),
              testing::AllOf(HasSubstr("signature"), HasSubstr("NO_PUBKEY")));
}

TEST(KernelStore, ASuiteSignedByAnExpiredKeyIsAnErrorOutsideTheArchive) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish_archived("bookworm");
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm),
              testing::AllOf(HasSubstr("signature"), HasSubstr("EXPKEYSIG")));
}

TEST(KernelStore, ASignedFileThatWasChangedIsAnError) {
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

TEST(KernelStore, AListThatIsNotTheSignedOneIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  flip_a_byte(repository.suite_directory("bookworm") / "main/binary-amd64/Packages");
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr("Hash Sum mismatch"));
}

TEST(KernelStore, APackageThatIsNotTheListedOneIsAnError) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  flip_a_byte(deb);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr("Hash Sum mismatch"));
}

TEST(KernelStore, AMirrorThatDoesNotAnswerIsAnErrorThatNamesIt) {
  test::LocalRepository repository;
  // Port 9 is discard's; nobody listens there.
  const Store place("http://127.0.0.1:9/debian", repository.keyring());
  EXPECT_THAT(error_of_fetch(place.open(), bookworm),
              testing::AllOf(HasSubstr("127.0.0.1:9"), HasSubstr("Connection refused"),
                             HasSubstr("--mirror")));
}

TEST(KernelStore, AMirrorInAFolderThatIsNotThereIsAnError) {
  test::LocalRepository repository;
  const Store place("file:/nonexistent/debian", repository.keyring());
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr("/nonexistent/debian"));
}

TEST(KernelStore, AMirrorThatIsNoAddressIsAMistakeOfTheUsers) {
  test::LocalRepository repository;
  for (const char* mirror : {"/srv/debian", "http://example.org/debian\nTrusted: yes"}) {
    const Store place(mirror, repository.keyring());
    KernelStore store = place.open();
    EXPECT_THROW(store.offers({bookworm}), UsageError) << mirror;
  }
}

TEST(KernelStore, AKeyringThatIsNotThereIsAnErrorThatSaysWhereKeysComeFrom) {
  test::LocalRepository repository;
  const Store place(repository.mirror(), "/nonexistent/keyring.gpg");
  EXPECT_THAT(
      error_of_fetch(place.open(), bookworm),
      testing::AllOf(HasSubstr("/nonexistent/keyring.gpg"), HasSubstr("debian-archive-keyring")));
}

TEST(KernelStore, OneKernelAskedForTwiceIsFetchedOnce) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  const auto kernels =
      store.fetch({{bookworm, {}}, {bookworm, "6.1.170"}}, Freshness::stored_is_enough);
  EXPECT_EQ(kernels.at(0)->image, kernels.at(1)->image);
}

TEST(KernelStore, AStoreThatCannotBeMadeIsAnErrorThatNamesIt) {
  const TemporaryDirectory directory(testing::TempDir());
  write_file(directory.path() / "file", "");
  try {
    const KernelStore store({directory.path() / "file/store", {}, {}, {}});
    FAIL() << "it was made";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((directory.path() / "file/store").string()));
  }
}

/// As long as it lives, no file of this process or its children grows beyond a limit.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  FileSizeLimit(FileSizeLimit&&) = delete;
  FileSizeLimit& operator=(FileSizeLimit&&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(KernelStore, AStoreThatCannotHoldAKernelSaysSoAndHoldsNone) {
  test::LocalRepository repository;
  std::string noise(300000, '\0');
  std::mt19937 generator(1);
  std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(generator()); });
  repository.add_package(
      "bookworm", image_47, "6.1.170-3",
      {{"boot/vmlinuz-6.1.0-47-cloud-amd64", test::bzimage_with("6.1.0-47-cloud-amd64", noise)}});
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store local(repository);
  const Store remote(server.address() + "/debian", repository.keyring());
  for (const Store* place : {&local, &remote}) {
    KernelStore store = place->open();
    store.offers({bookworm});
    {
      const FileSizeLimit limit(100000);
      EXPECT_THAT(error_of_fetch(store, bookworm),
                  testing::AllOf(HasSubstr("File too large"), HasSubstr("Make room")));
    }
    EXPECT_THAT(files_below(place->root() / "incoming"), IsEmpty());
    EXPECT_EQ(fetch_one(store, bookworm).version, "6.1.170-3");
  }
}

TEST(KernelStore, TwoProcessesShareAStore) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store place(repository);
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(fork());
    if (children.back() == 0) {
      try {
        KernelStore store = place.open();
        _exit(fetch_one(store, bookworm).version == "6.1.170-3" ? 0 : 1);
      } catch (const std::exception&) {
        _exit(2);
      }
    }
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  EXPECT_THAT(files_below(place.root() / "kernels"), SizeIs(1));
  EXPECT_TRUE(place.open().find(bookworm, {}).has_value());
}

TEST(KernelStore, TwoThreadsShareAStore) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  std::string version;
  std::thread other([&] { version = fetch_one(store, bookworm, "6.1.170").version; });
  EXPECT_EQ(fetch_one(store, bookworm, "6.1.192").version, "6.1.192-2");
  other.join();
  EXPECT_EQ(version, "6.1.170-3");
}

TEST(KernelStore, AnArchivedKernelIsFetchedThoughItsKeyHasExpired) {
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

TEST(KernelStore, AnArchivedSuiteSignedInlineIsFetchedAsWell) {
  test::LocalRepository repository;
  repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1");
  repository.publish("jessie");
  const Store place(repository);
  KernelStore store = place.open();
  EXPECT_EQ(fetch_one(store, jessie).version, "3.16.56-1");
}

TEST(KernelStore, AnArchivedSuiteSignedByAStrangerIsAnError) {
  test::LocalRepository repository;
  repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1");
  repository.publish("jessie", test::Signer::stranger);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), jessie), HasSubstr("signature"));
  EXPECT_THAT(error_of_fetch(place.open(), jessie), HasSubstr("signature"));
}

TEST(KernelStore, AnArchivedSuiteThatWasChangedOrNotSignedAtAllIsAnError) {
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

TEST(KernelStore, AnArchivedPackageThatIsNotTheListedOneIsAnError) {
  test::LocalRepository repository;
  flip_a_byte(repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1"));
  const fs::path deb = repository.add_kernel("jessie", "linux-image-3.16.0-7-amd64", "3.16.59-1");
  repository.publish_archived("jessie");
  flip_a_byte(deb);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), jessie), HasSubstr("Hash Sum mismatch"));
}

TEST(KernelStore, WithoutAMirrorNamedTheArchiveOffersNothing) {
  const Store place({}, {});
  KernelStore store = place.open();
  EXPECT_THAT(store.offers({jessie}).at(0), IsEmpty());
  EXPECT_EQ(store.fetch({{jessie, {}}}, Freshness::newest_on_offer).at(0), std::nullopt);
}

TEST(KernelStore, ABzimageOrAVmlinuxOfTheUsersIsTakenWhereItIs) {
  const TemporaryDirectory directory(testing::TempDir());
  const Store place({}, {});
  for (const std::string& content :
       {test::fake_bzimage("6.13.0-mine"), test::fake_vmlinux("6.13.0-mine", true)}) {
    const fs::path file = directory.path() / "image";
    write_file(file, content);
    const StoredKernel kernel = place.open().open_file(file);
    EXPECT_EQ(kernel.id, "image");
    EXPECT_EQ(kernel.release, "6.13.0-mine");
    EXPECT_EQ(kernel.package, file.string());
    EXPECT_EQ(kernel.version, "");
    EXPECT_EQ(kernel.image, file);
    EXPECT_EQ(kernel.sha256, sha256(content));
    EXPECT_TRUE(kernel.modules.empty());
    EXPECT_NE(kernel.modules_missing_because, "");
  }
}

TEST(KernelStore, APackageOfTheUsersIsUnpackedOnceAndIsNotTakenForDebians) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  const Store place(repository);
  KernelStore store = place.open();
  const StoredKernel kernel = store.open_file(deb);
  EXPECT_EQ(kernel.id, deb.filename());
  EXPECT_EQ(kernel.release, "6.1.0-47-cloud-amd64");
  EXPECT_EQ(kernel.package, deb.string());
  EXPECT_EQ(kernel.version, "");
  EXPECT_TRUE(fs::exists(kernel.modules / "kernel/net/ipv4/tcp_diag.ko"));
  EXPECT_EQ(store.open_file(deb).image, kernel.image);
  EXPECT_EQ(store.find(bookworm, {}), std::nullopt);
}

TEST(KernelStore, AFileOfTheUsersThatIsNoKernelIsAnErrorThatNamesIt) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_package("bookworm", "hello", "1", {{"usr/bin/hello", "hi"}});
  const fs::path cut = repository.path() / "cut.deb";
  write_file(cut, read_file(deb).substr(0, 500));
  const fs::path text = repository.path() / "text.deb";
  write_file(text, "no package");
  const Store place(repository);
  KernelStore store = place.open();
  for (const fs::path& file : {deb, cut, text, repository.keyring(), fs::path("/nonexistent")}) {
    try {
      store.open_file(file);
      FAIL() << "it was taken: " << file;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(file.string()));
    }
  }
  EXPECT_THAT(files_below(place.root() / "local"), IsEmpty());
}

}  // namespace
}  // namespace brokenpipe
