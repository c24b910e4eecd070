#include "images/store_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/images/scratch_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/file_server.h"

/// The store on disk: shared, killed, full, and whole all the same.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using test::bookworm;
using test::error_of_fetch;
using test::fetch_one;
using test::files_below;
using test::image_47;
using test::image_56;
using test::Store;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

TEST(StoreFolder, WhatAKillLeftBehindIsNoKernelAndStandsInNobodysWay) {
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

TEST(StoreFolder, AStoreThatCannotBeMadeIsAnErrorThatNamesIt) {
  const TemporaryDirectory directory(testing::TempDir());
  write_file(directory.path() / "file", "");
  try {
    const KernelStore store({directory.path() / "file/store", {}, {}, {}});
    FAIL() << "it was made";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((directory.path() / "file/store").string()));
  }
}

TEST(StoreFolder, AStoreThatCannotHoldAKernelSaysSoAndHoldsNone) {
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

TEST(StoreFolder, TwoProcessesShareAStore) {
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

TEST(StoreFolder, TwoThreadsShareAStore) {
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

TEST(StoreFolder, APackageOfTheUsersIsUnpackedOnceAndIsNotTakenForDebians) {
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
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
  EXPECT_EQ(store.open_file(deb).image, kernel.image);
  EXPECT_EQ(store.find(bookworm, {}), std::nullopt);
}

TEST(StoreFolder, APackageOfTheUsersInAStoreOfOldIsLookedThroughForItsConfiguration) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  const Store place(repository);
  KernelStore store = place.open();
  const fs::path folder = store.open_file(deb).image.parent_path();
  fs::remove(folder / "config");
  write_file(folder / "kernel.json",
             R"({"schema":1,"release":"6.1.0-47-cloud-amd64","package":"","version":"",)"
             R"("sha256":"","has_modules":true,"modules_missing_because":""})");
  EXPECT_EQ(read_file(store.open_file(deb).config), "CONFIG_NET=y\n");
}

}  // namespace
}  // namespace brokenpipe
