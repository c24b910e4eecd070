// What QEMU may do while it runs a guest: /proc of the one that the command started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "images/kernel_store.h"
#include "results/base/paths.h"
#include "tests/support/qemu_process.h"
#include "tests/system/runs.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::Cli;
using testing::newest;

// Runs the command and looks at its QEMU when the kernel has begun to speak.
CommandResult look_at_qemu(std::vector<std::string> words,
                           const std::function<void(pid_t qemu)>& look) {
  words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"});
  bool looked = false;
  CommandOptions options;
  options.on_line = [&](const std::string& line) {
    if (looked || line.find("Linux version") == std::string::npos) return;
    looked = true;
    const pid_t qemu = testing::qemu_below(getpid());
    ASSERT_NE(qemu, 0);
    look(qemu);
  };
  CommandResult result = run_command(words, options);
  EXPECT_TRUE(looked) << result.out;
  return result;
}

void expect_walls(pid_t qemu) {
  testing::expect_no_rights(qemu);
  testing::expect_own_world(qemu, {"kernel", "initrd", "key"});
}

TEST(Guest, QemuHasNoRightsAndSeesNothingButItsGuestsFiles) {
  const Cli cli;
  const CommandResult run =
      look_at_qemu({"/usr/bin/env", "XDG_STATE_HOME=" + cli.folder().string(), BROKENPIPE_BINARY,
                    "run", newest(), "--console", "--scenario", "sigpipe/sigpipe-default"},
                   expect_walls);
  EXPECT_EQ(run.exit_status, 0) << run.out;
}

TEST(Guest, TheSameHoldsForAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "the test before is of an ordinary user";
  const std::vector<std::string> nobody{"setpriv", "--reuid=65534", "--regid=65534",
                                        "--clear-groups"};
  std::vector<std::string> words = nobody;
  words.insert(words.end(), {"test", "-x", BROKENPIPE_BINARY});
  if (run_command(words).exit_status != 0)
    GTEST_SKIP() << "nobody but root may run what was built in " << BROKENPIPE_BINARY;

  const Cli cli;
  fs::permissions(cli.folder(), fs::perms::all);
  const fs::path kernel = cli.folder() / "vmlinuz";
  StoreOptions options;
  options.root = cache_directory() / "store";
  KernelStore store(options);
  for (const CatalogueEntry& entry : testing::catalogue().entries) {
    if (entry.id != newest()) continue;
    fs::copy_file(store.fetch({{entry, {}}}, Freshness::stored_is_enough).front().value().image,
                  kernel);
  }
  fs::permissions(kernel, fs::perms::others_read, fs::perm_options::add);
  words = nobody;
  words.emplace_back("/usr/bin/env");
  for (const char* variable :
       {"HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR"})
    words.push_back(variable + ("=" + cli.folder().string()));
  words.insert(words.end(), {BROKENPIPE_BINARY, "run", kernel.string(), "--console", "--scenario",
                             "sigpipe/sigpipe-default"});
  const CommandResult run = look_at_qemu(words, expect_walls);
  EXPECT_EQ(run.exit_status, 0) << run.out;
}

}  // namespace
}  // namespace brokenpipe
