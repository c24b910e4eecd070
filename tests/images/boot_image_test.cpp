#include "images/boot_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/sha256.h"
#include "tests/support/fake_kernel.h"

/// Images of every compression, with and without a PVH entry, and damaged ones.
namespace brokenpipe {
namespace {

using testing::HasSubstr;

std::string error_of(const std::filesystem::path& image, const std::filesystem::path& cache) {
  try {
    boot_image(image, cache);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(image.string()));
    return error.what();
  }
  return "no error";
}

class BootImageOf : public testing::TestWithParam<std::string> {};

TEST_P(BootImageOf, APayloadIsUnpackedToTheVmlinuxThatWasPacked) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinuz";
  write_file(image, test::fake_bzimage("6.1.0-test", GetParam()));
  const BootImage boot = boot_image(image, directory.path() / "cache");
  EXPECT_EQ(boot.bzimage, image);
  ASSERT_TRUE(boot.vmlinux.has_value());
  EXPECT_EQ(read_file(*boot.vmlinux), test::fake_vmlinux("6.1.0-test", true));
}

INSTANTIATE_TEST_SUITE_P(EveryCompressionOfKernels, BootImageOf,
                         testing::Values("gzip", "bzip2", "xz", "lzma", "lz4", "zstd"),
                         [](const auto& parameter) { return parameter.param; });

TEST(BootImage, AKernelWithoutAPvhEntryBootsAsABzimage) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinuz";
  write_file(image, test::fake_bzimage("3.16.0-11-amd64", "xz", false));
  for (const char* time : {"unpacked", "remembered"}) {
    const BootImage boot = boot_image(image, directory.path() / "cache");
    EXPECT_EQ(boot.bzimage, image) << time;
    EXPECT_FALSE(boot.vmlinux.has_value()) << time;
  }
}

TEST(BootImage, ASecondCallUnpacksNothing) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinuz";
  const std::filesystem::path cache = directory.path() / "cache";
  write_file(image, test::fake_bzimage("6.1.0-test"));
  const std::filesystem::path vmlinux = boot_image(image, cache).vmlinux.value();
  write_file(vmlinux, "as it was left");
  EXPECT_EQ(boot_image(image, cache).vmlinux, vmlinux);
  EXPECT_EQ(read_file(vmlinux), "as it was left");
}

TEST(BootImage, AVmlinuxWithAPvhEntryIsBootedAsItIs) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinux";
  write_file(image, test::fake_vmlinux("6.1.0-test", true));
  const BootImage boot = boot_image(image, directory.path() / "cache");
  EXPECT_TRUE(boot.bzimage.empty());
  EXPECT_EQ(boot.vmlinux, image);
}

TEST(BootImage, AVmlinuxWithoutAPvhEntryIsAnError) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinux";
  write_file(image, test::fake_vmlinux("3.16.0", false));
  EXPECT_THAT(error_of(image, directory.path() / "cache"), HasSubstr("PVH"));
}

TEST(BootImage, AFileThatIsNoKernelIsAnError) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "image";
  for (const std::string& content :
       {std::string(), std::string("no kernel"), std::string(9999, 'x')}) {
    write_file(image, content);
    EXPECT_THAT(error_of(image, directory.path() / "cache"), HasSubstr("neither a bzImage nor"));
  }
}

TEST(BootImage, ATruncatedBzimageIsAnError) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinuz";
  const std::string whole = test::fake_bzimage("6.1.0-test");
  write_file(image, whole.substr(0, whole.size() - 1));
  EXPECT_THAT(error_of(image, directory.path() / "cache"), HasSubstr("ends before its payload"));
}

TEST(BootImage, ADamagedPayloadIsAnErrorAndLeavesNothingBehind) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinuz";
  const std::filesystem::path cache = directory.path() / "cache";
  std::string content = test::fake_bzimage("6.1.0-test");
  content[content.size() - 40] = static_cast<char>(content[content.size() - 40] ^ 0x55);
  write_file(image, content);
  EXPECT_NE(error_of(image, cache), "no error");
  for (const auto& entry : std::filesystem::directory_iterator(cache)) {
    EXPECT_EQ(entry.path().filename(), "lock");
  }
}

TEST(BootImage, APayloadOfAnotherSizeThanItSaysIsAnError) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinuz";
  write_file(image,
             test::bzimage_with("6.1.0-test",
                                test::compressed(test::fake_vmlinux("6.1.0-test", true), "xz") +
                                    std::string("\x01\x00\x00\x00", 4)));
  EXPECT_THAT(error_of(image, directory.path() / "cache"), HasSubstr("announces"));
}

/// A kernel that has been looked at, and the place where its guest wants it.
struct Looked {
  explicit Looked(const std::string& compression = "xz") {
    write_file(image, test::fake_bzimage("6.1.0-test", compression));
    hash = sha256_file(image);
    vmlinux = boot_image(image, cache).vmlinux.value();
  }

  std::string copied(BootForm form) const {
    copy_for_boot(image, hash, form, cache, to);
    return read_file(to);
  }

  TemporaryDirectory directory{testing::TempDir()};
  std::filesystem::path image = directory.path() / "vmlinuz";
  std::filesystem::path cache = directory.path() / "cache";
  std::filesystem::path to = directory.path() / "kernel";
  std::filesystem::path vmlinux;
  std::string hash;
};

TEST(CopyForBoot, IsTheImageOrTheVmlinuxThatWasPacked) {
  const Looked kernel;
  EXPECT_EQ(kernel.copied(BootForm::as_shipped), test::fake_bzimage("6.1.0-test"));
  EXPECT_EQ(kernel.copied(BootForm::decompressed), test::fake_vmlinux("6.1.0-test", true));
}

TEST(CopyForBoot, AVmlinuxIsItsOwnDecompressedForm) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "vmlinux";
  const std::string content = test::fake_vmlinux("6.1.0-test", true);
  write_file(image, content);
  copy_for_boot(image, sha256(content), BootForm::decompressed, directory.path() / "cache",
                directory.path() / "kernel");
  EXPECT_EQ(read_file(directory.path() / "kernel"), content);
}

TEST(CopyForBoot, AnotherImageThanTheOneLookedAtIsAnErrorThatNamesBothHashes) {
  const Looked kernel;
  const std::string whole = read_file(kernel.image);
  std::string flipped = whole;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  for (const std::string& content : {flipped, whole.substr(0, whole.size() / 2), std::string()}) {
    write_file(kernel.image, content);
    for (const BootForm form : {BootForm::as_shipped, BootForm::decompressed}) {
      try {
        kernel.copied(form);
        FAIL() << "it was taken";
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr(kernel.image.string()));
        EXPECT_THAT(error.what(), HasSubstr(kernel.hash));
        EXPECT_THAT(error.what(), HasSubstr(sha256(content)));
      }
      EXPECT_FALSE(std::filesystem::exists(kernel.to));
    }
  }
}

TEST(CopyForBoot, ACachedVmlinuxThatIsNotWhatWasUnpackedIsUnpackedAgain) {
  const Looked kernel;
  const std::string whole = test::fake_vmlinux("6.1.0-test", true);
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
  for (const std::string& content : {flipped, whole.substr(0, whole.size() / 2), std::string()}) {
    write_file(kernel.vmlinux, content);
    EXPECT_EQ(kernel.copied(BootForm::decompressed), whole);
    EXPECT_EQ(read_file(kernel.vmlinux), whole);
  }
  std::filesystem::remove(kernel.vmlinux);
  EXPECT_EQ(kernel.copied(BootForm::decompressed), whole);
}

TEST(CopyForBoot, ACacheOfOldOrWithADamagedHashIsFilledAgain) {
  const Looked kernel;
  const std::filesystem::path beside = kernel.vmlinux.string() + ".sha256";
  const std::string line = read_file(beside);
  EXPECT_EQ(line, sha256_file(kernel.vmlinux) + "  " + kernel.vmlinux.filename().string() + "\n");
  for (const std::string& content : {std::string(), line.substr(1), std::string("no hash")}) {
    write_file(beside, content);
    EXPECT_EQ(kernel.copied(BootForm::decompressed), test::fake_vmlinux("6.1.0-test", true));
    EXPECT_EQ(read_file(beside), line);
  }
  std::filesystem::remove(beside);
  write_file(kernel.vmlinux, "of a version that kept no hash");
  EXPECT_EQ(boot_image(kernel.image, kernel.cache).vmlinux, kernel.vmlinux);
  EXPECT_EQ(read_file(kernel.vmlinux), test::fake_vmlinux("6.1.0-test", true));
}

TEST(CopyForBoot, WhatAnotherKernelUnpackedToIsNotTaken) {
  const Looked kernel;
  const std::filesystem::path other = kernel.directory.path() / "other";
  write_file(other, test::fake_bzimage("5.10.0-other"));
  const std::filesystem::path its = boot_image(other, kernel.cache).vmlinux.value();
  write_file(kernel.vmlinux, read_file(its));
  write_file(kernel.vmlinux.string() + ".sha256", read_file(its.string() + ".sha256"));
  EXPECT_EQ(kernel.copied(BootForm::decompressed), test::fake_vmlinux("6.1.0-test", true));
}

TEST(CopyForBoot, AFullDiskIsAnErrorThatNamesThePlace) {
  const Looked kernel;
  for (const BootForm form : {BootForm::as_shipped, BootForm::decompressed}) {
    try {
      copy_for_boot(kernel.image, kernel.hash, form, kernel.cache, "/dev/full");
      FAIL() << "it was written";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("writing /dev/full: No space left on device"));
    }
  }
}

TEST(BootImage, TheReleaseIsReadFromABzimageAndFromAVmlinux) {
  const TemporaryDirectory directory(testing::TempDir());
  const std::filesystem::path image = directory.path() / "image";
  write_file(image, test::fake_bzimage("6.12.117+deb13-cloud-amd64"));
  EXPECT_EQ(kernel_release(image), "6.12.117+deb13-cloud-amd64");
  write_file(image, test::fake_vmlinux("7.3.0-rc1", true));
  EXPECT_EQ(kernel_release(image), "7.3.0-rc1");
}

TEST(BootImage, AnElfFileThatIsNotLinuxHasNoRelease) {
  EXPECT_THROW(kernel_release("/proc/self/exe"), Error);
}

}  // namespace
}  // namespace brokenpipe
