#include "images/file_hashes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/run_command.h"
#include "results/base/sha256.h"

/// Hashes of files: kept, read, and held against what is there.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A folder with two files and a description.
struct Folder {
  Folder() {
    make_directories(path / "lib/kernel");
    write_file(path / "vmlinuz", "an image");
    write_file(path / "lib/kernel/tls.ko", "a module");
    write_file(path / "kernel.json", "{}");
  }

  std::string damage() const { return damage_among(hashes, path / "lib").value_or("no damage"); }

  TemporaryDirectory directory{testing::TempDir()};
  fs::path path = directory.path() / "kernel";
  FileHashes hashes;
};

TEST(FileHashes, AreOfAllFilesButTheDescriptions) {
  const Folder folder;
  write_file(folder.path / "files-of-old.sha256", "");
  const std::map<std::string, std::string> expected = {{"lib/kernel/tls.ko", sha256("a module")},
                                                       {"vmlinuz", sha256("an image")}};
  EXPECT_EQ(hash_files(folder.path).of, expected);
}

TEST(FileHashes, AreReadAsTheyWereWrittenAndSha256sumChecksThem) {
  const Folder folder;
  const FileHashes hashes = hash_files(folder.path);
  const fs::path list = file_hashes_in(folder.path, write_file_hashes(hashes));
  const FileHashes read = read_file_hashes(list);
  EXPECT_EQ(read.folder, folder.path);
  EXPECT_EQ(read.of, hashes.of);
  EXPECT_EQ(run_command({"sh", "-c", "cd \"$0\" && sha256sum --check --strict \"$1\"",
                         folder.path.string(), list.string()})
                .exit_status,
            0);
}

TEST(FileHashes, AListThatIsNotWhatWasWrittenIsAnErrorThatNamesIt) {
  const Folder folder;
  const fs::path list = file_hashes_in(folder.path, write_file_hashes(hash_files(folder.path)));
  const std::string whole = read_file(list);
  for (const std::string& content : {whole + "\n", whole.substr(0, 80), std::string()}) {
    write_file(list, content);
    try {
      read_file_hashes(list);
      FAIL() << "it was read: " << content;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(list.string()));
    }
  }
}

TEST(FileHashes, WhatIsChangedShortenedGoneOrAddedIsDamageThatNamesTheFile) {
  Folder folder;
  folder.hashes = hash_files(folder.path);
  EXPECT_EQ(folder.damage(), "no damage");
  for (const char* name : {"vmlinuz", "lib/kernel/tls.ko"}) {
    const fs::path file = folder.path / name;
    const std::string whole = read_file(file);
    for (const std::string& content : {whole.substr(1), whole + "x", std::string("an imagE")}) {
      write_file(file, content);
      EXPECT_THAT(folder.damage(), HasSubstr(file.string() + " is not what was unpacked there"));
    }
    fs::remove(file);
    EXPECT_THAT(folder.damage(), HasSubstr(file.string()));
    write_file(file, whole);
  }
  write_file(folder.path / "note", "not of the kernel's modules");
  EXPECT_EQ(folder.damage(), "no damage");
  write_file(folder.path / "lib/another.ko", "a stranger");
  EXPECT_THAT(folder.damage(), HasSubstr("another.ko was not unpacked there"));
}

}  // namespace
}  // namespace brokenpipe
