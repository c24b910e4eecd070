#include "images/stored_kernel.h"

#include <gtest/gtest.h>

#include <map>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/local_repository.h"

/// Kernels in folders: where packages have them, and what is said of them there.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

const std::string release = "7.3.4+deb13-cloud-amd64";

/// Paths in a package, and contents.
using Files = std::map<std::string, std::string>;

const KernelOrigin origin = {"linux=7.3.4-1", "7.3.4-1", "they are gone", "it is gone"};

void silent(const std::string& /*line*/) {}

std::vector<fs::path> packages_of(const std::vector<Files>& packages,
                                  const test::LocalRepository& repository) {
  std::vector<fs::path> debs;
  for (const Files& files : packages) {
    const std::string name = "part-" + std::to_string(debs.size());
    debs.push_back(repository.add_package("sid", name, "7.3.4-1", files));
  }
  return debs;
}

void unpack(const std::vector<Files>& packages, const fs::path& folder,
            const KernelOrigin& from = origin) {
  const test::LocalRepository repository;
  unpack_kernel(packages_of(packages, repository), from, folder, silent);
}

void complete(const std::vector<Files>& packages, const fs::path& folder,
              const KernelOrigin& from = origin) {
  const test::LocalRepository repository;
  const TemporaryDirectory scratch(testing::TempDir());
  complete_kernel(packages_of(packages, repository), from, folder, scratch.path(), silent);
}

const Files image_alone = {{"boot/vmlinuz-" + release, test::fake_bzimage(release)}};

TEST(StoredKernel, WhatAPackageHasInBootAndLibIsFound) {
  const TemporaryDirectory folder(testing::TempDir());
  unpack({Files{{"boot/vmlinuz-" + release, test::fake_bzimage(release)},
                {"boot/config-" + release, "CONFIG_NET=y\n"},
                {"lib/modules/" + release + "/kernel/tls.ko", "a module"}}},
         folder.path());
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_EQ(kernel.release, release);
  EXPECT_EQ(kernel.package, "linux=7.3.4-1");
  EXPECT_EQ(kernel.version, "7.3.4-1");
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage(release));
  EXPECT_EQ(read_file(kernel.modules / "kernel/tls.ko"), "a module");
  EXPECT_EQ(kernel.modules_missing_because, "");
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
  EXPECT_EQ(kernel.config_missing_because, "");
  EXPECT_FALSE(fs::exists(folder.path() / "boot"));
}

TEST(StoredKernel, AKernelBesideItsModulesBelowUsrIsFoundAsWell) {
  const std::string modules = "usr/lib/modules/" + release;
  const TemporaryDirectory folder(testing::TempDir());
  unpack({Files{{modules + "/vmlinuz", test::fake_bzimage(release)}},
          Files{{modules + "/kernel/tls.ko", "a module"},
                {modules + "/kernel/fs/config", "of a module's own"}},
          Files{{modules + "/config", "CONFIG_NET=y\n"}}},
         folder.path());
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage(release));
  EXPECT_TRUE(fs::exists(kernel.modules / "kernel/tls.ko"));
  EXPECT_EQ(read_file(kernel.config), "CONFIG_NET=y\n");
}

TEST(StoredKernel, AKernelWithoutModulesOrConfigurationSaysWhy) {
  const TemporaryDirectory folder(testing::TempDir());
  unpack({image_alone}, folder.path());
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_TRUE(kernel.modules.empty());
  EXPECT_EQ(kernel.modules_missing_because, "they are gone");
  EXPECT_TRUE(kernel.config.empty());
  EXPECT_EQ(kernel.config_missing_because, "it is gone");
  EXPECT_TRUE(is_looked_through(kernel));
}

TEST(StoredKernel, WhereAllPackagesWereUnpackedTheyAreTheReason) {
  const TemporaryDirectory folder(testing::TempDir());
  unpack({image_alone}, folder.path(), {"linux=7.3.4-1", "7.3.4-1", {}});
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_EQ(kernel.modules_missing_because, none_in_packages);
  EXPECT_EQ(kernel.config_missing_because, none_in_packages);
}

TEST(StoredKernel, NobodyHasLookedForTheConfigurationInAStoreOfOld) {
  const TemporaryDirectory folder(testing::TempDir());
  write_file(folder.path() / "kernel.json",
             R"({"schema":1,"release":"6.1","package":"linux=6.1-1","version":"6.1-1",)"
             R"("sha256":"","has_modules":true,"modules_missing_because":""})");
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_TRUE(kernel.config.empty());
  EXPECT_EQ(kernel.config_missing_because, "");
  EXPECT_FALSE(is_looked_through(kernel));
}

TEST(StoredKernel, IsCompletedByWhatItLacksAndKeepsWhatItHas) {
  const TemporaryDirectory folder(testing::TempDir());
  unpack({image_alone}, folder.path());
  complete({Files{{"usr/lib/modules/" + release + "/config", "CONFIG_NET=y\n"}}}, folder.path());
  const StoredKernel configured = read_kernel(folder.path());
  EXPECT_EQ(read_file(configured.config), "CONFIG_NET=y\n");
  EXPECT_EQ(configured.config_missing_because, "");
  EXPECT_EQ(configured.modules_missing_because, "they are gone");

  complete({Files{{"boot/vmlinuz-" + release, "another image"},
                  {"boot/config-" + release, "another configuration"},
                  {"lib/modules/" + release + "/kernel/tls.ko", "a module"}}},
           folder.path());
  const StoredKernel whole = read_kernel(folder.path());
  EXPECT_EQ(read_file(whole.image), test::fake_bzimage(release));
  EXPECT_EQ(read_file(whole.config), "CONFIG_NET=y\n");
  EXPECT_EQ(read_file(whole.modules / "kernel/tls.ko"), "a module");
  EXPECT_EQ(whole.modules_missing_because, "");

  complete({Files{{"lib/modules/" + release + "/kernel/tls.ko", "another module"}}}, folder.path());
  EXPECT_EQ(read_file(whole.modules / "kernel/tls.ko"), "a module");
}

TEST(StoredKernel, ThatNothingCompletesKnowsThatItWasLookedFor) {
  const TemporaryDirectory folder(testing::TempDir());
  unpack({image_alone}, folder.path());
  complete({}, folder.path(), {{}, {}, {}, "the mirror has it no more"});
  EXPECT_EQ(read_kernel(folder.path()).config_missing_because, "the mirror has it no more");
  EXPECT_EQ(read_kernel(folder.path()).package, "linux=7.3.4-1");
  complete({image_alone}, folder.path(), {});
  EXPECT_EQ(read_kernel(folder.path()).config_missing_because, none_in_packages);
}

TEST(StoredKernel, PackagesWithoutAKernelAreAnError) {
  const TemporaryDirectory folder(testing::TempDir());
  EXPECT_THROW(unpack({Files{{"usr/bin/hello", "hi"}}}, folder.path()), Error);
}

TEST(StoredKernel, AFolderWhoseDescriptionIsNotOursHoldsNoKernel) {
  const TemporaryDirectory folder(testing::TempDir());
  EXPECT_FALSE(find_kernel(folder.path()));
  for (const char* description : {"", "{", R"({"schema": 0})", R"({"schema": 1})"}) {
    write_file(folder.path() / "kernel.json", description);
    EXPECT_FALSE(find_kernel(folder.path())) << description;
    EXPECT_THROW(read_kernel(folder.path()), Error) << description;
  }
}

}  // namespace
}  // namespace brokenpipe
