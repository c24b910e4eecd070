#include "images/kernel_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "results/base/file.h"
#include "results/base/folder.h"
#include "tests/support/fake_kernel.h"

/// What a configuration says that a kernel lacks, and which one is taken for a kernel's.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

const std::string release = "6.1.0-47-cloud-amd64";

std::string config(const std::string& version, const std::string& symbols) {
  return "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 " + version +
         " Kernel Configuration\n#\n" + symbols;
}

/// A folder of files, each with its folders.
class Files {
 public:
  Files() : directory_(testing::TempDir()) {}

  fs::path add(const std::string& name, const std::string& content) const {
    fs::path file = path() / name;
    make_directories(file.parent_path());
    write_file(file, content);
    return file;
  }
  fs::path path() const { return fs::canonical(directory_.path()); }

 private:
  TemporaryDirectory directory_;
};

/// A kernel that was just built, as `make bzImage` leaves it.
struct Build : Files {
  Build() {
    add("linux/include/config/kernel.release", release + "\n");
    add("linux/.config", config("6.1.170", "CONFIG_NET=y\n"));
    image = add("linux/arch/x86/boot/bzImage", test::fake_bzimage(release));
  }

  fs::path found() const { return config_of_image(image, release, path() / "boot"); }

  fs::path image;
};

TEST(KernelConfig, SetsWhatIsBuiltInOrAModuleAndNothingElse) {
  const KernelConfig read(
      "CONFIG_NET=y\nCONFIG_IP_SCTP=m\n# CONFIG_AX25 is not set\nCONFIG_LOG_BUF_SHIFT=17\n"
      "CONFIG_OLD=n\n# CONFIG_COMMENTED=y\nCONFIG_LAST=y");
  for (const char* symbol : {"NET", "IP_SCTP", "LOG_BUF_SHIFT", "LAST"})
    EXPECT_TRUE(read.sets(symbol)) << symbol;
  for (const char* symbol : {"AX25", "OLD", "COMMENTED", "NE", "NET=y", "CONFIG_NET", ""})
    EXPECT_FALSE(read.sets(symbol)) << symbol;
}

TEST(KernelConfig, IsReadPackedOrNot) {
  const Files files;
  const std::string text = config("6.1.170", "CONFIG_NET=y\n");
  const auto plain = read_kernel_config(files.add("plain", text), release);
  const auto packed = read_kernel_config(files.add("gz", test::compressed(text, "gzip")), release);
  ASSERT_TRUE(plain && packed);
  EXPECT_TRUE(plain->sets("NET"));
  EXPECT_TRUE(packed->sets("NET"));
}

TEST(KernelConfig, WhatIsNotTheWholeConfigurationOfThisVersionIsNoEvidence) {
  const Files files;
  const auto read = [&](const std::string& text, const std::string& of) {
    return read_kernel_config(files.add("config", text), of);
  };
  EXPECT_TRUE(read(config("6.1.170", ""), release));
  EXPECT_TRUE(read(config("7.3.0-rc4", ""), "7.3.0-rc4+"));
  EXPECT_FALSE(read(config("6.12.9", ""), release));
  EXPECT_FALSE(read(config("6.1.170", ""), "6.12.9"));
  EXPECT_FALSE(read("CONFIG_NET=y\n", release)) << "a defconfig";
  EXPECT_FALSE(read("", release));
  EXPECT_FALSE(read("\x1f\x8b cut", release));
  EXPECT_FALSE(read_kernel_config(files.path() / "absent", release));
}

TEST(KernelConfig, OfABuildIsTheOneAtTheTopOfItsTree) {
  const Build build;
  EXPECT_EQ(build.found(), build.path() / "linux/.config");
  const fs::path vmlinux = build.add("linux/vmlinux", test::fake_vmlinux(release, true));
  EXPECT_EQ(config_of_image(vmlinux, release, {}), build.path() / "linux/.config");
}

TEST(KernelConfig, OfATreeThatWasConfiguredAnewSinceIsNotTheImages) {
  const Build build;
  fs::last_write_time(build.path() / "linux/.config",
                      fs::last_write_time(build.image) + std::chrono::seconds(1));
  EXPECT_EQ(build.found(), "");
}

TEST(KernelConfig, OfATreeInWhichAnotherKernelWasBuiltSinceIsNotTheImages) {
  const Build build;
  build.add("linux/include/config/kernel.release", "6.2.0\n");
  EXPECT_EQ(build.found(), "");
}

TEST(KernelConfig, OfAnInstalledKernelLiesBesideItUnderItsReleasesName) {
  const Files files;
  files.add("boot/config-6.1.0-46-cloud-amd64", "");
  const fs::path image = files.add("boot/vmlinuz-" + release, test::fake_bzimage(release));
  EXPECT_EQ(config_of_image(image, release, {}), "");
  const fs::path beside = files.add("boot/config-" + release, "");
  EXPECT_EQ(config_of_image(image, release, {}), beside);
}

TEST(KernelConfig, OfAKernelBesideItsModulesIsTheOneThere) {
  const Files files;
  const fs::path image =
      files.add("lib/modules/" + release + "/vmlinuz", test::fake_bzimage(release));
  const fs::path beside = files.add("lib/modules/" + release + "/config", "");
  EXPECT_EQ(config_of_image(image, release, {}), beside);
}

TEST(KernelConfig, OfACopyOfAnInstalledKernelIsTheInstalledOne) {
  const Files files;
  const fs::path image = files.add("copy", test::fake_bzimage(release));
  const fs::path installed = files.add("boot/config-" + release, "");
  EXPECT_EQ(config_of_image(image, release, files.path() / "boot"), "");
  files.add("boot/vmlinuz-" + release, test::fake_bzimage(release) + "of another build");
  EXPECT_EQ(config_of_image(image, release, files.path() / "boot"), "");
  files.add("boot/vmlinuz-" + release, test::fake_bzimage(release));
  EXPECT_EQ(config_of_image(image, release, files.path() / "boot"), installed);
}

TEST(KernelConfig, OfTheRunningKernelIsItsOwnWordThenTheInstalledOne) {
  const Files files;
  EXPECT_EQ(config_of_host(release, files.path()), "");
  const fs::path beside_modules = files.add("lib/modules/" + release + "/config", "");
  EXPECT_EQ(config_of_host(release, files.path()), beside_modules);
  const fs::path installed = files.add("boot/config-" + release, "");
  EXPECT_EQ(config_of_host(release, files.path()), installed);
  const fs::path own = files.add("proc/config.gz", "");
  EXPECT_EQ(config_of_host(release, files.path()), own);
}

}  // namespace
}  // namespace brokenpipe
