#include "images/kernel_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "images/modules.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "tests/images/scratch_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/file_server.h"

/// What is fetched for a request, and what is found again.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using test::backports;
using test::bookworm;
using test::fetch_one;
using test::files_below;
using test::image_47;
using test::image_56;
using test::jessie;
using test::Store;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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
  EXPECT_THAT(resolve_modules(kernel.modules, {"tcp_diag"}, hashes_of(kernel)), SizeIs(1));
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
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

TEST(KernelStore, AKernelWhoseModulesAndConfigurationAreOtherPackagesGetsThem) {
  test::LocalRepository repository;
  const std::string release = "7.3.4+deb13-cloud-amd64";
  const std::string modules = "usr/lib/modules/" + release;
  repository.add_package("trixie-backports", "linux-binary-" + release, "7.3.4-1~bpo13+1",
                         {{modules + "/vmlinuz", test::fake_bzimage(release, "zstd")}});
  repository.add_package("trixie-backports", "linux-modules-" + release, "7.3.4-1~bpo13+1",
                         {{modules + "/kernel/tls.ko", test::fake_module({"depends=\0", 9})}});
  repository.add_package("trixie-backports", "linux-base-" + release, "7.3.4-1~bpo13+1",
                         {{modules + "/config", "CONFIG_NET=y\n"}});
  repository.publish("trixie-backports");
  const Store place(repository);
  KernelStore store = place.open();
  const StoredKernel kernel = fetch_one(store, backports);
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
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

/// As the program left a kernel that kept no configurations.
void make_old(const StoredKernel& kernel) {
  test::forget_hashes(kernel);
  const fs::path description = kernel.image.parent_path() / "kernel.json";
  nlohmann::json old = nlohmann::json::parse(read_file(description));
  old.erase("has_config");
  old.erase("config_missing_because");
  write_file(description, old.dump());
  fs::remove(kernel.image.parent_path() / "config");
}

TEST(KernelStore, AStoreOfOldGetsTheConfigurationOfWhatIsStillOnOfferAndNoOtherKernel) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  KernelStore store = place.open();
  const StoredKernel fetched = fetch_one(store, bookworm);
  make_old(fetched);
  write_file(fetched.modules / "kernel/net/ipv4/tcp_diag.ko", "as it was");
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  fs::remove_all(place.root() / "apt");

  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(kernel.id, "debian-6.1");
  EXPECT_EQ(kernel.version, "6.1.170-3");
  EXPECT_EQ(kernel.image, fetched.image);
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
  EXPECT_EQ(read_file(kernel.modules / "kernel/net/ipv4/tcp_diag.ko"), "as it was");
  EXPECT_THAT(files_below(place.root() / "kernels"), SizeIs(1));
  EXPECT_THAT(files_below(place.root() / "downloads"), IsEmpty());
  EXPECT_THAT(files_below(place.root() / "incoming"), IsEmpty());
  const std::size_t requests = server.requests().size();
  EXPECT_EQ(fetch_one(store, bookworm).config, kernel.config);
  EXPECT_EQ(server.requests().size(), requests);
}

TEST(KernelStore, AStoreOfOldIsLookedThroughOnceForWhatIsNotOnOfferAnyMore) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  KernelStore store = place.open();
  const StoredKernel fetched = fetch_one(store, bookworm);
  make_old(fetched);
  fs::remove(deb);
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  fs::remove_all(place.root() / "apt");

  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(kernel.version, "6.1.170-3");
  EXPECT_TRUE(kernel.config.empty());
  EXPECT_THAT(kernel.config_missing_because, HasSubstr(std::string(image_47) + "=6.1.170-3"));
  EXPECT_EQ(kernel.modules, fetched.modules);
  const std::size_t requests = server.requests().size();
  EXPECT_TRUE(fetch_one(store, bookworm).config.empty());
  EXPECT_EQ(server.requests().size(), requests);
}

TEST(KernelStore, APackageThatTurnsOutToHoldNoConfigurationIsNotFetchedEachTime) {
  test::LocalRepository repository;
  repository.add_package(
      "bookworm", image_47, "6.1.170-3",
      {{"boot/vmlinuz-6.1.0-47-cloud-amd64", test::fake_bzimage("6.1.0-47-cloud-amd64")}});
  repository.publish("bookworm");
  const test::FileServer server(repository.path());
  const Store place(server.address() + "/debian", repository.keyring());
  KernelStore store = place.open();
  make_old(fetch_one(store, bookworm));
  EXPECT_EQ(fetch_one(store, bookworm).config_missing_because, none_in_packages);
  const std::size_t requests = server.requests().size();
  for (const Freshness freshness : {Freshness::stored_is_enough, Freshness::newest_on_offer}) {
    EXPECT_TRUE(fetch_one(store, bookworm, {}, freshness).config.empty());
  }
  EXPECT_EQ(server.requests().size(), requests);
}

TEST(KernelStore, WhatAStoredKernelHasStaysWhenTheMirrorDropsIt) {
  test::LocalRepository repository;
  const std::string release = "7.3.4+deb13-cloud-amd64";
  const std::string suite = "trixie-backports";
  const std::string folder = "usr/lib/modules/" + release;
  repository.add_package(suite, "linux-binary-" + release, "7.3.4-1",
                         {{folder + "/vmlinuz", test::fake_bzimage(release)}});
  const fs::path modules =
      repository.add_package(suite, "linux-modules-" + release, "7.3.4-1",
                             {{folder + "/kernel/tls.ko", test::fake_module({"depends=\0", 9})}});
  repository.publish(suite);
  const Store place(repository);
  KernelStore store = place.open();
  EXPECT_THAT(fetch_one(store, backports).config_missing_because,
              HasSubstr("linux-base-" + release + "=7.3.4-1"));

  fs::remove(modules);
  repository.add_package(suite, "linux-base-" + release, "7.3.4-1",
                         {{folder + "/config", "CONFIG_NET=y\n"}});
  repository.publish(suite);
  fs::remove_all(place.root() / "apt");
  const StoredKernel kernel = fetch_one(store, backports, {}, Freshness::newest_on_offer);
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
  EXPECT_TRUE(fs::exists(kernel.modules / "kernel/tls.ko"));
  EXPECT_THAT(files_below(place.root() / "kernels"), SizeIs(1));
}

TEST(KernelStore, WithoutANetworkAStoreOfOldIsEnough) {
  test::LocalRepository repository;
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore filled = place.open();
  make_old(fetch_one(filled, bookworm));

  std::string told;
  const std::string nowhere = "http://127.0.0.1:9/debian";
  KernelStore store({place.root(), nowhere, repository.keyring(),
                     [&](const std::string& line) { told += line + '\n'; }});
  const StoredKernel kernel = fetch_one(store, bookworm);
  EXPECT_EQ(kernel.version, "6.1.170-3");
  EXPECT_FALSE(is_looked_through(kernel));
  EXPECT_THAT(told, HasSubstr("going on without configurations"));
  EXPECT_EQ(read_file(fetch_one(filled, bookworm).config), "CONFIG_NET=y\n");
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
    EXPECT_TRUE(kernel.config.empty());
    EXPECT_NE(kernel.config_missing_because, "");
  }
  const fs::path config = directory.path() / "config-6.13.0-mine";
  write_file(config, "CONFIG_NET=y\n");
  EXPECT_EQ(place.open().open_file(directory.path() / "image").config, config);
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
