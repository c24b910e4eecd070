#include "orchestrator/guest/embed_root.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "results/base/error.h"
#include "results/base/unique_fd.h"
#include "tests/support/scratch_folder.h"

/// The folder in which libvirt works without a daemon: what is in it, who shares it, who removes
/// it.
using namespace brokenpipe;
using namespace brokenpipe::testing;
namespace fs = std::filesystem;

namespace {

/// A user's folders of the test's own.
class User {
 public:
  User() { setenv("XDG_RUNTIME_DIR", runtime_.path().c_str(), 1); }
  fs::path roots() const { return runtime_.path() / "bp-guests"; }
  fs::path runtime() const { return runtime_.path(); }
  fs::path cache() const { return cache_.path(); }

 private:
  ScratchFolder runtime_;
  ScratchFolder cache_;
};

std::string contents(const fs::path& file) {
  const std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

/// A process that stands still for ever, with `argument` on its command line.
pid_t start_waiting_process(const std::string& argument) {
  std::array<int, 2> ready{};
  EXPECT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", "kill -STOP $$", argument.c_str(), nullptr);
    _exit(127);
  }
  const UniqueFd reader(ready[0]);
  UniqueFd(ready[1]).reset();
  char byte = 0;
  // The child's end closes when exec has succeeded, and the command line is then the new one.
  EXPECT_EQ(read(reader.get(), &byte, 1), 0);
  return pid;
}

int status_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

}  // namespace

TEST(EmbedRoot, IsAFolderWithTheDriversConfigurationUntilItGoes) {
  const User user;
  fs::path path;
  {
    const EmbedRoot root(user.cache());
    path = root.path();
    EXPECT_EQ(path.parent_path(), user.roots());
    EXPECT_NE(contents(path / "etc/qemu.conf").find("stdio_handler = \"file\""), std::string::npos);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(EmbedRoot, GoesToTmpWhereTheRuntimeFolderIsTooLongForSockets) {
  const User user;
  const auto longer = user.roots().parent_path() / std::string(60, 'x');
  fs::create_directory(longer);
  setenv("XDG_RUNTIME_DIR", longer.c_str(), 1);
  const EmbedRoot root(user.cache());
  EXPECT_EQ(root.path().parent_path().parent_path(), "/tmp");
}

TEST(EmbedRoot, CarriesProbedCapabilitiesFromRunToRun) {
  const User user;
  const fs::path file = "cache/qemu/capabilities/abc.xml";
  {
    const EmbedRoot root(user.cache());
    EXPECT_FALSE(fs::exists(root.path() / file));
    write(root.path() / file, "<probed/>");
  }
  {
    const EmbedRoot root(user.cache());
    EXPECT_EQ(contents(root.path() / file), "<probed/>");
    write(root.path() / file, "<probed again=''/>");
  }
  const EmbedRoot root(user.cache());
  EXPECT_EQ(contents(root.path() / file), "<probed again=''/>");
}

TEST(EmbedRoot, LeavesTheRootsOfLivingProcessesAlone) {
  const User user;
  const EmbedRoot living(user.cache());
  const EmbedRoot another(user.cache());
  EXPECT_TRUE(fs::exists(living.path() / "etc/qemu.conf"));
  EXPECT_NE(living.path(), another.path());
}

TEST(EmbedRoot, SweepsTheRootsOfKilledProcessesAndEndsTheirGuests) {
  const User user;
  const auto stale = user.roots() / "stale0";
  fs::create_directories(stale);
  fs::permissions(user.roots(), fs::perms::owner_all);
  const pid_t guest = start_waiting_process(stale / "lib/qemu/monitor.sock");
  const pid_t stranger = start_waiting_process("some other program");
  write(stale / "run/qemu/guest.pid", std::to_string(guest));
  write(stale / "run/qemu/reused.pid", std::to_string(stranger));

  const EmbedRoot root(user.cache());

  EXPECT_FALSE(fs::exists(stale));
  const int ended = status_of(guest);
  EXPECT_TRUE(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
  EXPECT_EQ(kill(stranger, 0), 0);
  EXPECT_EQ(waitpid(stranger, nullptr, WNOHANG), 0) << "a process that only got the pid was ended";
  kill(stranger, SIGKILL);
  status_of(stranger);
}

TEST(EmbedRoot, SweepsNothingOfAUserWhoHasOneFolderForEverything) {
  const User user;
  const fs::path runs = user.runtime() / "brokenpipe/runs";
  fs::create_directories(runs);
  fs::permissions(runs.parent_path(), fs::perms::owner_all);
  const EmbedRoot root(user.cache());
  EXPECT_TRUE(fs::exists(runs));
}

TEST(EmbedRoot, KnowsAGuestByItsEnvironmentToo) {
  const User user;
  const auto stale = user.roots() / "stale0";
  fs::create_directories(stale);
  fs::permissions(user.roots(), fs::perms::owner_all);
  setenv("HOME_OF_TEST", (stale / "lib/qemu/domain-1").c_str(), 1);
  const pid_t guest = start_waiting_process("no path on its command line");
  unsetenv("HOME_OF_TEST");
  write(stale / "run/qemu/guest.pid", std::to_string(guest));

  const EmbedRoot root(user.cache());

  const int ended = status_of(guest);
  EXPECT_TRUE(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
}

TEST(EmbedRoot, RefusesAFolderThatOthersCanWriteTo) {
  const User user;
  fs::create_directory(user.roots());
  fs::permissions(user.roots(), fs::perms::all);
  EXPECT_THROW(EmbedRoot(user.cache()), Error);
}
