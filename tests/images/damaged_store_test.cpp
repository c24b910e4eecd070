#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "images/kernel_store.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "tests/images/scratch_store.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/file_server.h"

/// Kernels in the store that are not what was unpacked: fetched again, or an error, never used.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using test::bookworm;
using test::fetch_one;
using test::files_below;
using test::image_47;
using test::image_56;
using test::Store;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

const char* const module_file = "kernel/net/ipv4/tcp_diag.ko";

/// What happens to files on disks.
const std::map<std::string, std::function<void(const fs::path&)>> faults = {
    {"a byte flipped", test::flip_a_byte},
    {"the end lost", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }},
    {"gone", [](const fs::path& file) { fs::remove(file); }},
};

/// The files that a kernel is made of.
std::map<std::string, fs::path> files_of(const StoredKernel& kernel) {
  return {{"image", kernel.image},
          {"configuration", kernel.config},
          {"module", kernel.modules / module_file},
          {"hashes", kernel.hashes},
          {"description", kernel.image.parent_path() / "kernel.json"}};
}

void expect_whole(const StoredKernel& kernel) {
  EXPECT_EQ(damage_of(kernel), std::nullopt);
  EXPECT_EQ(kernel.package, "linux-image-6.1.0-47-cloud-amd64=6.1.170-3");
  EXPECT_EQ(kernel.sha256, sha256(test::fake_bzimage("6.1.0-47-cloud-amd64")));
  EXPECT_EQ(sha256_file(kernel.image), kernel.sha256);
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
  EXPECT_TRUE(fs::exists(kernel.modules / module_file));
}

/// A store of one kernel, told of what it does.
struct OneKernel {
  explicit OneKernel(const test::LocalRepository& repository)
      : OneKernel(repository, repository.mirror()) {}
  OneKernel(const test::LocalRepository& repository, const std::string& mirror)
      : keyring(repository.keyring()), store(open(mirror)), kernel(fetch_one(store, bookworm)) {}

  /// What the mirror has from now on: apt is asked anew.
  void now_offered(const test::LocalRepository& repository) {
    fs::remove_all(directory.path() / "store/apt");
    keyring = repository.keyring();
  }

  KernelStore open(const std::string& mirror) {
    return KernelStore({directory.path() / "store", mirror, keyring,
                        [this](const std::string& line) { told += line + '\n'; }});
  }

  fs::path keyring;
  TemporaryDirectory directory{testing::TempDir()};
  std::string told;
  KernelStore store;
  StoredKernel kernel;
};

test::LocalRepository& with_kernel_47(test::LocalRepository& repository) {
  repository.add_kernel("bookworm", image_47, "6.1.170-3");
  repository.publish("bookworm");
  return repository;
}

test::LocalRepository& with_kernel_56(test::LocalRepository& repository) {
  repository.add_kernel("bookworm", image_56, "6.1.192-2");
  repository.publish("bookworm");
  return repository;
}

TEST(DamagedStore, WhateverFileIsDamagedHoweverTheKernelIsFetchedAgain) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  for (const auto& [part, file] : files_of(place.kernel)) {
    for (const auto& [fault, inflict] : faults) {
      // Each costs a second of apt's.
      if (fault != "a byte flipped" && part != "image" && part != "module") {
        continue;
      }
      SCOPED_TRACE(part);
      SCOPED_TRACE(fault);
      place.told.clear();
      inflict(file);
      const StoredKernel again = fetch_one(place.store, bookworm);
      expect_whole(again);
      EXPECT_EQ(again.image, place.kernel.image);
      EXPECT_THAT(files_below(place.directory.path() / "store/kernels"), SizeIs(1));
      EXPECT_THAT(place.told, HasSubstr(file.string()));
    }
  }
}

TEST(DamagedStore, WithoutANetworkDamageIsAnErrorThatNamesTheFile) {
  test::LocalRepository repository;
  with_kernel_47(repository);
  for (const std::string part : {"module", "description"}) {
    OneKernel place(repository);
    const fs::path file = files_of(place.kernel).at(part);
    test::flip_a_byte(file);
    KernelStore store = place.open("http://127.0.0.1:9/debian");
    for (const char* time : {"the first time", "the second time"}) {
      try {
        fetch_one(store, bookworm);
        FAIL() << part << " was taken, " << time;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr(file.string()), HasSubstr("--mirror"))) << time;
      }
    }
    expect_whole(fetch_one(place.store, bookworm));
  }
}

TEST(DamagedStore, AnOlderPointReleaseIsNotTakenInPlaceOfADamagedOne) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  place.now_offered(with_kernel_56(repository));
  const StoredKernel newest = fetch_one(place.store, bookworm, {}, Freshness::newest_on_offer);
  test::flip_a_byte(newest.image);
  KernelStore store = place.open("http://127.0.0.1:9/debian");
  for (int time = 0; time < 2; ++time) {
    EXPECT_THROW(fetch_one(store, bookworm), Error);
  }
  EXPECT_EQ(fetch_one(place.store, bookworm).version, "6.1.192-2");
}

TEST(DamagedStore, AKilledFetchThatHadSetAKernelAsideLeavesNothingInTheWay) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  test::flip_a_byte(place.kernel.image);
  discard(place.kernel);
  place.told.clear();
  expect_whole(fetch_one(place.store, bookworm));
  EXPECT_THAT(place.told, HasSubstr(place.kernel.image.parent_path().string()));
  EXPECT_FALSE(is_discarded(place.kernel.image.parent_path()));
}

TEST(DamagedStore, AWrongHashInTheDescriptionOfAStoreOfOldIsFound) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  test::forget_hashes(place.kernel);
  const fs::path description = place.kernel.image.parent_path() / "kernel.json";
  std::string text = read_file(description);
  text.replace(text.find(place.kernel.sha256), 64, sha256("another kernel"));
  write_file(description, text);
  expect_whole(fetch_one(place.store, bookworm));
  EXPECT_THAT(place.told, HasSubstr(place.kernel.image.string()));
}

TEST(DamagedStore, AVersionThatChangedInTheDescriptionIsFound) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  const fs::path description = place.kernel.image.parent_path() / "kernel.json";
  std::string text = read_file(description);
  text.replace(text.find("6.1.170-3"), 9, "6.1.171-3");
  write_file(description, text);
  expect_whole(fetch_one(place.store, bookworm));
}

TEST(DamagedStore, AStoreOfOldKeepsItsHashesFromThenOnWithoutANetwork) {
  test::LocalRepository repository;
  with_kernel_47(repository);
  const test::FileServer server(repository.path());
  OneKernel place(repository, server.address() + "/debian");
  test::forget_hashes(place.kernel);
  const std::size_t requests = server.requests().size();
  const StoredKernel adopted = fetch_one(place.store, bookworm);
  EXPECT_EQ(server.requests().size(), requests);
  EXPECT_EQ(adopted.hashes, place.kernel.hashes);
  expect_whole(adopted);

  test::flip_a_byte(adopted.modules / module_file);
  EXPECT_THAT(damage_of(place.store.find(bookworm, {}).value()).value_or("none"),
              HasSubstr(module_file));
  expect_whole(fetch_one(place.store, bookworm));
}

TEST(DamagedStore, TheSameVersionIsFetchedWhileItIsToBeHadAndTheNewestThereafter) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  place.now_offered(with_kernel_56(repository));
  test::flip_a_byte(place.kernel.image);
  expect_whole(fetch_one(place.store, bookworm));

  test::LocalRepository later;
  place.now_offered(with_kernel_56(later));
  KernelStore store = place.open(later.mirror());
  test::flip_a_byte(place.kernel.image);
  EXPECT_EQ(fetch_one(store, bookworm).version, "6.1.192-2");
  EXPECT_FALSE(fs::exists(place.kernel.image));
  EXPECT_THAT(files_below(place.directory.path() / "store/kernels"), SizeIs(1));

  test::flip_a_byte(fetch_one(store, bookworm, "6.1.192").image);
  EXPECT_EQ(fetch_one(store, bookworm, "6.1.192").version, "6.1.192-2");
}

TEST(DamagedStore, APointReleaseThatNoMirrorHasAnyMoreIsAnErrorThatNamesTheFile) {
  test::LocalRepository repository;
  OneKernel place(with_kernel_47(repository));
  test::LocalRepository later;
  place.now_offered(with_kernel_56(later));
  KernelStore store = place.open(later.mirror());
  test::flip_a_byte(place.kernel.image);
  try {
    fetch_one(store, bookworm, "6.1.170");
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr(place.kernel.image.string()),
                                    HasSubstr("does not offer it any more")));
  }
}

TEST(DamagedStore, APackageOfTheUsersIsUnpackedAgain) {
  test::LocalRepository repository;
  const fs::path deb = repository.add_kernel("bookworm", image_47, "6.1.170-3");
  const Store place(repository);
  KernelStore store = place.open();
  const StoredKernel kernel = store.open_file(deb);
  for (const auto& [part, file] : files_of(kernel)) {
    for (const auto& [fault, inflict] : faults) {
      SCOPED_TRACE(part);
      SCOPED_TRACE(fault);
      inflict(file);
      const StoredKernel again = store.open_file(deb);
      EXPECT_EQ(damage_of(again), std::nullopt);
      EXPECT_EQ(again.sha256, kernel.sha256);
      EXPECT_EQ(sha256_file(again.image), kernel.sha256);
    }
  }
}

TEST(DamagedStore, WhatAKilledCompletionLeftIsNoDamage) {
  test::LocalRepository repository;
  repository.add_package(
      "bookworm", image_47, "6.1.170-3",
      {{"boot/vmlinuz-6.1.0-47-cloud-amd64", test::fake_bzimage("6.1.0-47-cloud-amd64")}});
  repository.publish("bookworm");
  OneKernel place(repository);
  const fs::path folder = place.kernel.image.parent_path();
  make_directories(folder / "lib/modules/6.1.0-47-cloud-amd64");
  write_file(folder / "lib/modules/6.1.0-47-cloud-amd64/tls.ko", "not spoken of yet");
  write_file(folder / "config", "nor this");
  place.told.clear();
  EXPECT_EQ(fetch_one(place.store, bookworm).image, place.kernel.image);
  EXPECT_EQ(place.told, "");
}

}  // namespace
}  // namespace brokenpipe
