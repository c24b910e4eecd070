#include "results/base/folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>

#include "results/base/error.h"

/// Temporary folders: whose they are, and that nobody's are swept.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

// Not one of those that it tests.
class Parent {
 public:
  Parent() {
    std::string name = (fs::path(testing::TempDir()) / "folder_test.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~Parent() { fs::remove_all(path_); }
  Parent(const Parent&) = delete;
  Parent& operator=(const Parent&) = delete;
  Parent(Parent&&) = delete;
  Parent& operator=(Parent&&) = delete;

  const fs::path& path() const { return path_; }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(path_)) all.insert(entry.path().filename());
    return all;
  }

 private:
  fs::path path_;
};

// What a process leaves that is killed while it has one.
void leave_behind(const fs::path& parent) {
  const pid_t child = fork();
  if (child == 0) {
    const TemporaryDirectory folder(parent);
    std::ofstream(folder.path() / "file") << "left behind";
    raise(SIGKILL);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(TemporaryDirectory, TellsWhoseItIsAndGoesWithItsScope) {
  const Parent parent;
  {
    const TemporaryDirectory folder(parent.path());
    EXPECT_TRUE(fs::is_directory(folder.path()));
    EXPECT_EQ(folder.path().filename().string().find("brokenpipe-" + std::to_string(getpid())), 0U);
    std::ofstream(folder.path() / "file") << "text";
  }
  EXPECT_TRUE(parent.names().empty());
}

TEST(TemporaryDirectory, MayBeRenamedAway) {
  const Parent parent;
  {
    const TemporaryDirectory folder(parent.path());
    fs::rename(folder.path(), parent.path() / "kept");
  }
  EXPECT_EQ(parent.names(), std::set<std::string>{"kept"});
}

TEST(TemporaryDirectory, SweepsWhatAKilledProcessLeft) {
  const Parent parent;
  leave_behind(parent.path());
  ASSERT_EQ(parent.names().size(), 1U);
  const TemporaryDirectory folder(parent.path());
  EXPECT_EQ(parent.names(), std::set<std::string>{folder.path().filename()});
}

TEST(TemporaryDirectory, LeavesThoseOfTheLivingAndWhatIsNotOurs) {
  const Parent parent;
  const TemporaryDirectory folder(parent.path());
  std::set<std::string> stay{folder.path().filename()};
  for (const char* name :
       {"brokenpipe-0", "brokenpipe-7-toolong", "brokenpipe--abcdef", "XyZabc"}) {
    fs::create_directory(parent.path() / name);
    stay.insert(name);
  }
  std::ofstream(parent.path() / "brokenpipe-7-abcdef") << "a file";
  fs::create_symlink("/etc", parent.path() / "brokenpipe-8-abcdef");
  stay.insert({"brokenpipe-7-abcdef", "brokenpipe-8-abcdef"});
  sweep_temporary(parent.path());
  EXPECT_EQ(parent.names(), stay);
}

TEST(TemporaryDirectory, IsAnErrorWhereItCannotBeMade) {
  EXPECT_THROW(TemporaryDirectory("/proc/nowhere"), Error);
}

TEST(Room, IsToldOfAFolderAndUnlimitedWhereNobodyKnows) {
  EXPECT_GT(room_in("/"), 0U);
  EXPECT_EQ(room_in("/proc/nowhere"), std::numeric_limits<std::uintmax_t>::max());
  EXPECT_NE(std::string(no_room("/tmp", 2048).what()).find("No space left on device"),
            std::string::npos);
}

TEST(ScratchParent, IsWhatTmpdirNamesOrAnErrorThatNamesIt) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nowhere/at/all", 1);
  try {
    scratch_parent();
    ADD_FAILURE() << "it is there";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("TMPDIR"), std::string::npos);
  }
  if (before == nullptr)
    unsetenv("TMPDIR");
  else
    setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_TRUE(fs::is_directory(scratch_parent()));
}

}  // namespace
}  // namespace brokenpipe
