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

void unpack(const std::vector<Files>& packages, const fs::path& folder) {
  const test::LocalRepository repository;
  std::vector<fs::path> debs;
  for (const Files& files : packages) {
    const std::string name = "part-" + std::to_string(debs.size());
    debs.push_back(repository.add_package("sid", name, "7.3.4-1", files));
  }
  unpack_kernel(debs, {"linux=7.3.4-1", "7.3.4-1", "they are gone"}, folder,
                [](const std::string&) {});
}

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
  EXPECT_FALSE(fs::exists(folder.path() / "boot"));
}

TEST(StoredKernel, AKernelBesideItsModulesBelowUsrIsFoundAsWell) {
  const std::string modules = "usr/lib/modules/" + release;
  const TemporaryDirectory folder(testing::TempDir());
  unpack({Files{{modules + "/vmlinuz", test::fake_bzimage(release)}},
          Files{{modules + "/kernel/tls.ko", "a module"}}},
         folder.path());
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_EQ(read_file(kernel.image), test::fake_bzimage(release));
  EXPECT_TRUE(fs::exists(kernel.modules / "kernel/tls.ko"));
}

TEST(StoredKernel, AKernelWithoutModulesSaysWhy) {
  const TemporaryDirectory folder(testing::TempDir());
  unpack({Files{{"boot/vmlinuz-" + release, test::fake_bzimage(release)}}}, folder.path());
  const StoredKernel kernel = read_kernel(folder.path());
  EXPECT_TRUE(kernel.modules.empty());
  EXPECT_EQ(kernel.modules_missing_because, "they are gone");
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
