#include "results/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/result_builder.h"
#include "tests/support/scratch_folder.h"

/// The folder of a run, as it is made, kept and opened again.
namespace brokenpipe {
namespace {

RunRecord planned(const std::vector<std::string>& kernels) {
  RunRecord run;
  run.id = "20261122-161005";
  run.started = "2026-11-22T16:10:05Z";
  run.command_line = {"brokenpipe", "run"};
  run.qemu = "7.2.0";
  run.libvirt = "9.0.0";
  run.uname = "Linux 6.1.0 x86_64";
  for (const std::string& id : kernels) run.kernels.push_back({id, KernelState::planned, {}});
  return run;
}

TEST(RunDirectory, KeepsEveryStateOfItsKernelsAcrossReopening) {
  const testing::ScratchFolder out;
  RunDirectory run =
      RunDirectory::create(out.path() / "runs", planned({"linux-6.1", "linux-6.12", "c", "d"}));
  const RunResult whole = result("6.1", {completed("tcp/x", {})});
  RunResult partial = result("6.12", {});
  partial.guest.ending = GuestEnding::panic;
  partial.guest.reason = "Attempted to kill init!";
  run.keep(whole);
  run.keep(partial);
  run.mark("c", KernelState::not_offered, "5.16 has left the mirror");

  const RunDirectory again = RunDirectory::open(run.path());
  EXPECT_EQ(again.run(), run.run());
  EXPECT_FALSE(again.run().finished);
  EXPECT_THAT(
      again.run().kernels,
      ::testing::ElementsAre(
          PlannedKernel{"linux-6.1", KernelState::done, ""},
          PlannedKernel{"linux-6.12", KernelState::failed, "panic: Attempted to kill init!"},
          PlannedKernel{"c", KernelState::not_offered, "5.16 has left the mirror"},
          PlannedKernel{"d", KernelState::planned, ""}));
  EXPECT_EQ(again.result("linux-6.1"), whole);
  EXPECT_EQ(again.result("linux-6.12"), partial);
  EXPECT_EQ(again.result("c"), std::nullopt);

  run.finish();
  EXPECT_TRUE(RunDirectory::open(run.path()).run().finished);
}

TEST(RunDirectory, KernelThatFailedOnceCanBeDoneLater) {
  const testing::ScratchFolder out;
  RunDirectory run = RunDirectory::create(out.path(), planned({"linux-6.1"}));
  run.mark("linux-6.1", KernelState::failed, "interrupted");
  run.keep(result("6.1", {}));
  EXPECT_EQ(run.run().kernels[0], (PlannedKernel{"linux-6.1", KernelState::done, ""}));
}

TEST(RunDirectory, FilesAreNamedByTheKernel) {
  const testing::ScratchFolder out;
  const RunDirectory run = RunDirectory::create(out.path(), planned({"debian-6.1"}));
  EXPECT_EQ(run.path(), out.path() / "20261122-161005");
  EXPECT_EQ(run.result_file("debian-6.1"), run.path() / "debian-6.1.json");
  EXPECT_EQ(run.console_file("debian-6.1"), run.path() / "debian-6.1.console.txt");
}

TEST(RunDirectory, IsNotMadeOverAnotherButBesideIt) {
  const testing::ScratchFolder out;
  RunDirectory::create(out.path(), planned({"a"}));
  EXPECT_EQ(RunDirectory::create(out.path(), planned({"b"})).run().id, "20261122-161005-2");
  EXPECT_EQ(RunDirectory::create(out.path(), planned({"c"})).path(),
            out.path() / "20261122-161005-3");
  EXPECT_EQ(RunDirectory::open(out.path() / "20261122-161005").run(), planned({"a"}));
}

TEST(RunDirectory, OutputFolderThatCannotBeMadeIsAnError) {
  const testing::ScratchFolder out;
  write_file(out.path() / "file", "");
  EXPECT_THROW(RunDirectory::create(out.path() / "file" / "runs", planned({"a"})), Error);
}

TEST(RunDirectory, KernelIdsThatCannotNameFilesAreUsageErrors) {
  const testing::ScratchFolder out;
  const std::vector<std::vector<std::string>> unusable{
      {"a", "a"}, {"../a"}, {"run"}, {""}, {".hidden"}};
  for (const std::vector<std::string>& ids : unusable)
    EXPECT_THROW(RunDirectory::create(out.path(), planned(ids)), UsageError)
        << ::testing::PrintToString(ids);
}

TEST(RunDirectory, FolderWithoutRunJsonIsNone) {
  const testing::ScratchFolder out;
  EXPECT_FALSE(RunDirectory::is_one(out.path()));
  EXPECT_THROW(RunDirectory::open(out.path()), Error);
}

TEST(RunDirectory, TruncatedRunJsonIsRefused) {
  const testing::ScratchFolder out;
  const RunDirectory run = RunDirectory::create(out.path(), planned({"a"}));
  const std::string whole = read_file(run.path() / "run.json");
  write_file(run.path() / "run.json", whole.substr(0, whole.size() / 2));
  EXPECT_THROW(RunDirectory::open(run.path()), Error);
}

TEST(RunDirectory, RunJsonWithIdsThatCannotNameFilesIsRefusedWithItsPlace) {
  const testing::ScratchFolder out;
  const RunDirectory run = RunDirectory::create(out.path(), planned({"a", "b"}));
  const std::filesystem::path file = run.path() / "run.json";
  const std::string whole = read_file(file);
  for (const std::string id : {"a", "../b", ""}) {
    std::string wrong = whole;
    write_file(file, wrong.replace(wrong.find("\"b\""), 3, "\"" + id + "\""));
    try {
      RunDirectory::open(run.path());
      ADD_FAILURE() << "was read with \"" << id << "\"";
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), ::testing::HasSubstr(file.string() + ": kernels: "));
    }
  }
}

TEST(RunDirectory, IdWithANulByteCannotNameAFile) {
  const testing::ScratchFolder out;
  EXPECT_THROW(RunDirectory::create(out.path(), planned({std::string("a\0b", 3)})), UsageError);
}

TEST(RunDirectory, ResultThatIsAnotherKernelsIsRefused) {
  const testing::ScratchFolder out;
  const RunDirectory run = RunDirectory::create(out.path(), planned({"linux-6.1"}));
  write_run_result(run.result_file("linux-6.1"), result("6.12", {}));
  try {
    run.result("linux-6.1");
    FAIL() << "was read";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("linux-6.1.json: kernel.id: it is of linux-6.12"));
  }
}

TEST(RunDirectory, KeepsNoResultThatCouldNotBeReadAgain) {
  const testing::ScratchFolder out;
  RunDirectory run = RunDirectory::create(out.path(), planned({"linux-6.1"}));
  nlohmann::json deep = 1;
  for (int level = 0; level < 100; ++level) deep = {{"a", deep}};
  EXPECT_THROW(run.keep(result("6.1", {completed("tcp/x", {step("send#1", {{"odd", deep}})})})),
               Error);
  EXPECT_THROW(run.keep(result("6.1", {completed("tcp/x", {}), completed("tcp/x", {})})), Error);
  EXPECT_EQ(run.result("linux-6.1"), std::nullopt);
  EXPECT_EQ(RunDirectory::open(run.path()).run().kernels[0].state, KernelState::planned);
}

TEST(RunDirectory, WhatIsDamagedIsPlannedAgainAndPutAside) {
  const testing::ScratchFolder out;
  RunDirectory run = RunDirectory::create(
      out.path(), planned({"linux-6.1", "linux-6.12", "linux-7.0", "linux-7.1", "linux-7.2"}));
  for (const char* release : {"6.1", "6.12", "7.0"}) run.keep(result(release, {}));
  run.mark("linux-7.1", KernelState::failed, "no boot");
  run.finish();
  write_file(run.result_file("linux-6.12"), R"({"schema": 1)");
  std::filesystem::remove(run.result_file("linux-7.0"));

  RunDirectory again = RunDirectory::open(run.path());
  EXPECT_THAT(again.plan_damaged_again(),
              ::testing::ElementsAre(
                  ::testing::AllOf(::testing::HasSubstr("linux-6.12.json: it is truncated"),
                                   ::testing::HasSubstr("linux-6.12 is run again")),
                  ::testing::AllOf(::testing::HasSubstr("linux-7.0.json is gone"),
                                   ::testing::HasSubstr("linux-7.0 is run again"))));
  EXPECT_EQ(read_file(run.result_file("linux-6.12").string() + ".damaged"), R"({"schema": 1)");
  EXPECT_EQ(again.result("linux-6.12"), std::nullopt);
  const RunRecord kept = RunDirectory::open(run.path()).run();
  EXPECT_EQ(kept, again.run());
  EXPECT_FALSE(kept.finished);
  EXPECT_THAT(kept.kernels,
              ::testing::ElementsAre(PlannedKernel{"linux-6.1", KernelState::done, ""},
                                     PlannedKernel{"linux-6.12", KernelState::planned, ""},
                                     PlannedKernel{"linux-7.0", KernelState::planned, ""},
                                     PlannedKernel{"linux-7.1", KernelState::failed, "no boot"},
                                     PlannedKernel{"linux-7.2", KernelState::planned, ""}));
  EXPECT_THAT(again.plan_damaged_again(), ::testing::IsEmpty());
}

TEST(RunDirectory, ResultOfAKernelThatWasNotPlannedIsRefused) {
  const testing::ScratchFolder out;
  RunDirectory run = RunDirectory::create(out.path(), planned({"a"}));
  EXPECT_THROW(run.keep(result("6.1", {})), Error);
}

}  // namespace
}  // namespace brokenpipe
