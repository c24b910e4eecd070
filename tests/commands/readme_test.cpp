#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "results/base/file.h"
#include "results/base/run_command.h"
#include "tests/support/scratch_folder.h"

/// README's recipe for `git bisect run`, with a `make` and a `brokenpipe` that end as a test says.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

/// What stands between `$ git bisect run sh -c '` and the next quote.
std::string recipe() {
  const std::string readme = read_file(fs::path(PROJECT_FILES) / "README.md");
  const std::string before = "$ git bisect run sh -c '";
  const std::size_t begin = readme.find(before) + before.size();
  return readme.substr(begin, readme.find('\'', begin) - begin);
}

/// A tree in which `make` and `brokenpipe` exit so.
int exit_of_recipe(int made, int ran) {
  const testing::ScratchFolder folder;
  const auto program = [&](const char* name, int exit) {
    write_file(folder.path() / name, fmt::format("#!/bin/sh\nexit {}\n", exit));
    fs::permissions(folder.path() / name, fs::perms::owner_all);
  };
  program("make", made);
  program("brokenpipe", ran);
  return run_command({"/usr/bin/env", "PATH=" + folder.path().string() + ":/usr/bin:/bin", "sh",
                      "-c", recipe()})
      .exit_status;
}

TEST(BisectRecipe, AsksWhatWasBuilt) {
  EXPECT_NE(recipe().find("brokenpipe run arch/x86/boot/bzImage --scenario"), std::string::npos);
}

TEST(BisectRecipe, TellsGoodFromBad) {
  EXPECT_EQ(exit_of_recipe(0, 0), 0);
  EXPECT_EQ(exit_of_recipe(0, 1), 1);
}

TEST(BisectRecipe, PassesOverWhatCannotBeJudged) {
  EXPECT_EQ(exit_of_recipe(2, 0), 125) << "it cannot be built";
  EXPECT_EQ(exit_of_recipe(0, 2), 125) << "the command is wrong";
  EXPECT_EQ(exit_of_recipe(0, 3), 125) << "it does not boot, or could not be asked";
  EXPECT_EQ(exit_of_recipe(0, 130), 125) << "somebody interrupted it";
}

}  // namespace
}  // namespace brokenpipe
