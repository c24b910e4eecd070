// Files read and written whole, by many threads at once too.
#include "results/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "results/base/error.h"
#include "results/base/unique_fd.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

/// The umask of the scope.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  Umask(Umask&&) = delete;
  Umask& operator=(Umask&&) = delete;

 private:
  mode_t before_;
};

mode_t mode_of(const fs::path& file) {
  struct stat status {};
  EXPECT_EQ(::stat(file.c_str(), &status), 0) << file;
  return status.st_mode & 07777U;
}

std::ptrdiff_t files_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(WriteFile, WritesAndReplacesAndLeavesNothingBeside) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "a";
  write_file(file, "one");
  write_file(file, "two");
  EXPECT_EQ(read_file(file), "two");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(WriteFile, GivesTheModeOfAnyNewFileAlsoWhereItReplacesOne) {
  const ScratchFolder folder;
  const Umask mask(027);
  write_file(folder.path() / "a", "one");
  EXPECT_EQ(mode_of(folder.path() / "a"), 0640U);
  fs::permissions(folder.path() / "a", fs::perms(0600));
  write_file(folder.path() / "a", "two");
  EXPECT_EQ(mode_of(folder.path() / "a"), 0640U);
}

TEST(WriteFile, NeverChangesTheUmaskUnderOtherThreads) {
  const ScratchFolder folder;
  const Umask mask(027);
  std::atomic<bool> written = false;
  std::set<mode_t> modes;
  std::jthread other([&] {
    const fs::path file = folder.path() / "other";
    while (!written) {
      const UniqueFd fd(::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
      modes.insert(mode_of(file));
      fs::remove(file);
    }
  });
  {
    std::vector<std::jthread> writers;
    writers.reserve(8);
    for (const char c : std::string("abcdefgh"))
      writers.emplace_back([file = folder.path() / std::string(1, c)] {
        for (int n = 0; n < 400; ++n) write_file(file, "text");
      });
  }
  written = true;
  other.join();
  EXPECT_EQ(modes, std::set<mode_t>{0640});
  const mode_t after = ::umask(027);
  EXPECT_EQ(after, 027U);
}

TEST(WriteFile, OfManyThreadsOnOneFileLeavesOneOfTheirTextsWhole) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "a";
  std::set<std::string> texts;
  for (char c = 'a'; c < 'i'; ++c) texts.insert(std::string(100'000, c));
  {
    std::vector<std::jthread> writers;
    writers.reserve(texts.size());
    for (const std::string& text : texts)
      writers.emplace_back([&] {
        for (int n = 0; n < 20; ++n) write_file(file, text);
      });
  }
  EXPECT_TRUE(texts.contains(read_file(file)));
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(WriteFile, ThatFailsLeavesTheOldFileAndNothingBeside) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "a";
  write_file(file, "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(write_file(file, std::string(5000, 'x')), Error);
  EXPECT_THROW(write_file(folder.path() / "new", std::string(5000, 'x')), Error);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(file), "old");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(WriteFile, GoesThroughASymbolicLink) {
  const ScratchFolder folder;
  write_file(folder.path() / "a", "one");
  fs::create_symlink("a", folder.path() / "link");
  write_file(folder.path() / "link", "two");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_file(folder.path() / "a"), "two");
}

TEST(WriteFile, WithoutAFolderIsAnErrorThatNamesTheFile) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "none" / "a";
  try {
    write_file(file, "text");
    FAIL() << "was written";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
  }
}

TEST(ReadFile, EndsAtTheMostThatIsWanted) {
  const ScratchFolder folder;
  write_file(folder.path() / "a", std::string(100'000, 'x'));
  EXPECT_EQ(read_file(folder.path() / "a").size(), 100'000U);
  EXPECT_EQ(read_file(folder.path() / "a", 70'000).size(), 70'000U);
  EXPECT_EQ(read_file(folder.path() / "a", 200'000).size(), 100'000U);
  EXPECT_EQ(read_file("/dev/zero", 70'000).size(), 70'000U);
}

}  // namespace
}  // namespace brokenpipe
