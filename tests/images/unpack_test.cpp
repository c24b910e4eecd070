#include "images/unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/sha256.h"
#include "tests/support/local_repository.h"

/// Packages onto a disk.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(UnpackDeb, TellsTheHashOfEachFileThatItWrote) {
  const test::LocalRepository repository;
  const fs::path deb =
      repository.add_package("sid", "hello", "1", {{"a/one", "first"}, {"b", ""}, {"c", "third"}});
  const TemporaryDirectory folder(testing::TempDir());
  const auto hashes = unpack_deb(deb, [&](const std::string& path) {
    return path == "c" ? fs::path() : folder.path() / path;
  });
  EXPECT_THAT(hashes, ElementsAre(Pair(folder.path() / "a/one", sha256("first")),
                                  Pair(folder.path() / "b", sha256(""))));
  EXPECT_EQ(read_file(folder.path() / "a/one"), "first");
}

TEST(UnpackDeb, AFullDiskIsAnErrorThatNamesTheFile) {
  const test::LocalRepository repository;
  const fs::path deb = repository.add_package("sid", "hello", "1", {{"one", "first"}});
  try {
    unpack_deb(deb, [](const std::string&) { return fs::path("/dev/full"); });
    FAIL() << "it was written";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("writing /dev/full: No space left on device"));
    EXPECT_THAT(error.what(), HasSubstr("Make room"));
  }
}

}  // namespace
}  // namespace brokenpipe
