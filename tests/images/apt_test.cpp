#include "images/apt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/file.h"
#include "tests/images/scratch_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/file_server.h"

/// Downloads: cut, killed, damaged, and taken up again.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using test::bookworm;
using test::error_of_fetch;
using test::fetch_one;
using test::flip_a_byte;
using test::image_47;
using test::jessie;
using test::Store;
using testing::HasSubstr;

TEST(Apt, APackageThatLiesInTheFolderOneStandsInIsFetchedAllTheSame) {
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

TEST(Apt, TwoVersionsOfOnePackageAreTwoDownloads) {
  test::LocalRepository repository;
  const std::string release = "6.1.0-47-cloud-amd64";
  for (const char* version : {"6.1.170-3", "6.1.171-1"}) {
    const std::string image = test::fake_bzimage(release) + version;
    repository.add_package("bookworm", image_47, version, {{"boot/vmlinuz-" + release, image}});
  }
  repository.publish("bookworm");
  const Store place(repository);
  KernelStore store = place.open();
  const auto kernels =
      store.fetch({{bookworm, "6.1.170"}, {bookworm, "6.1.171"}}, Freshness::stored_is_enough);
  ASSERT_TRUE(kernels.at(0) && kernels.at(1));
  EXPECT_EQ(kernels[0]->version, "6.1.170-3");
  EXPECT_EQ(read_file(kernels[0]->image), test::fake_bzimage(release) + "6.1.170-3");
  EXPECT_EQ(kernels[1]->version, "6.1.171-1");
  EXPECT_EQ(read_file(kernels[1]->image), test::fake_bzimage(release) + "6.1.171-1");
}

TEST(Apt, AConnectionCutInTheMiddleOfADownloadIsTakenUpWhereItEnded) {
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

TEST(Apt, ADownloadThatFailedIsTakenUpByTheNextRun) {
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

TEST(Apt, WhatAKilledDownloadLeftIsNotTakenForAPackage) {
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

TEST(Apt, APackageThatIsNotTheListedOneIsAnError) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  flip_a_byte(deb);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), bookworm), HasSubstr("Hash Sum mismatch"));
}

TEST(Apt, AnArchivedPackageThatIsNotTheListedOneIsAnError) {
  test::LocalRepository repository;
  flip_a_byte(repository.add_kernel("jessie", "linux-image-3.16.0-6-amd64", "3.16.56-1"));
  const fs::path deb = repository.add_kernel("jessie", "linux-image-3.16.0-7-amd64", "3.16.59-1");
  repository.publish_archived("jessie");
  flip_a_byte(deb);
  const Store place(repository);
  EXPECT_THAT(error_of_fetch(place.open(), jessie), HasSubstr("Hash Sum mismatch"));
}

}  // namespace
}  // namespace brokenpipe
