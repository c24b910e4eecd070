#include "orchestrator/guest/boot.h"

#include <gtest/gtest.h>

#include "results/base/file.h"
#include "tests/support/scratch_folder.h"

/// The ladder of boot variants, the rung that worked last time, and the kernel's command line.
namespace brokenpipe {
namespace {

std::vector<std::string> names(const std::vector<BootVariant>& ladder) {
  std::vector<std::string> names;
  names.reserve(ladder.size());
  for (const BootVariant& variant : ladder) names.push_back(variant.name);
  return names;
}

TEST(BootLadder, BeginsWithTheUnpackedKernelWhereItHasAPvhNote) {
  EXPECT_EQ(names(boot_ladder({"bzImage", "vmlinux"})),
            (std::vector<std::string>{"pvh", "bzimage", "bzimage-no5lvl", "bzimage-noacpi"}));
}

TEST(BootLadder, LeavesPvhOutWithoutTheNote) {
  EXPECT_EQ(names(boot_ladder({"bzImage", std::nullopt})).front(), "bzimage");
}

TEST(BootLadder, OfABareVmlinuxHasOneRung) {
  EXPECT_EQ(names(boot_ladder({"", "vmlinux"})), std::vector<std::string>{"pvh"});
}

TEST(BootLadder, KeepsAcpiOnTillTheLastRung) {
  const auto ladder = boot_ladder({"bzImage", "vmlinux"});
  for (const BootVariant& variant : ladder) {
    EXPECT_EQ(variant.acpi, variant.name != "bzimage-noacpi") << variant.name;
  }
}

TEST(LadderMemory, BeginsAtTheRungThatWorkedLastTime) {
  const testing::ScratchFolder folder;
  const LadderMemory memory(folder.path() / "boot");
  const auto ladder = boot_ladder({"bzImage", "vmlinux"});
  memory.remember(ladder.at(2), "abc", Accelerator::tcg);
  EXPECT_EQ(names(memory.recall(ladder, "abc", Accelerator::tcg)),
            (std::vector<std::string>{"bzimage-no5lvl", "pvh", "bzimage", "bzimage-noacpi"}));
  EXPECT_EQ(names(memory.recall(ladder, "abc", Accelerator::kvm)), names(ladder));
  EXPECT_EQ(names(memory.recall(ladder, "other", Accelerator::tcg)), names(ladder));
}

TEST(LadderMemory, ThatIsDamagedCostsNothingButTheOrder) {
  const testing::ScratchFolder folder;
  const LadderMemory memory(folder.path() / "boot");
  const auto ladder = boot_ladder({"bzImage", "vmlinux"});
  const std::filesystem::path file = folder.path() / "boot" / "abc-tcg";
  memory.remember(ladder.at(2), "abc", Accelerator::tcg);
  write_file(file, std::string(100'000, '\0'));
  EXPECT_EQ(names(memory.recall(ladder, "abc", Accelerator::tcg)), names(ladder));
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_EQ(names(memory.recall(ladder, "abc", Accelerator::tcg)), names(ladder));
}

TEST(LadderMemory, ThatCannotBeWrittenLosesNoGuestsAnswers) {
  const testing::ScratchFolder folder;
  write_file(folder.path() / "boot", "no folder");
  const LadderMemory memory(folder.path() / "boot");
  const auto ladder = boot_ladder({"bzImage", "vmlinux"});
  EXPECT_NO_THROW(memory.remember(ladder.at(0), "abc", Accelerator::tcg));
  EXPECT_EQ(names(memory.recall(ladder, "abc", Accelerator::tcg)), names(ladder));
}

TEST(KernelCommandLine, EndsWithWhatTheUserAppends) {
  const std::string line = kernel_command_line({"bzimage-no5lvl", false, true, "no5lvl"},
                                               Clock::warp, Accelerator::tcg, "loglevel=7");
  EXPECT_TRUE(line.ends_with(" no5lvl loglevel=7")) << line;
}

TEST(KernelCommandLine, PinsAddressesUnderTheWarpClockAlone) {
  const BootVariant variant{"pvh", true, true, ""};
  EXPECT_NE(kernel_command_line(variant, Clock::warp, Accelerator::tcg, "").find("nokaslr"),
            std::string::npos);
  EXPECT_EQ(kernel_command_line(variant, Clock::real, Accelerator::tcg, "").find("nokaslr"),
            std::string::npos);
}

TEST(KernelCommandLine, LetsTheTimeStampCounterAloneWhereEmulationSharesTheHostsProcessor) {
  const auto tells = [](Clock clock, Accelerator accelerator, const char* word) {
    const std::string line = kernel_command_line({"pvh", true, true, ""}, clock, accelerator, "");
    return line.find(word) != std::string::npos;
  };
  EXPECT_TRUE(tells(Clock::real, Accelerator::tcg, " notsc "));
  EXPECT_FALSE(tells(Clock::real, Accelerator::tcg, "tsc=reliable"));
  EXPECT_TRUE(tells(Clock::warp, Accelerator::tcg, " tsc=reliable "));
  EXPECT_FALSE(tells(Clock::real, Accelerator::kvm, "tsc"));
}

}  // namespace
}  // namespace brokenpipe
