#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "orchestrator/commands/command.h"
#include "orchestrator/reports/report.h"
#include "results/base/file.h"
#include "tests/support/cli.h"
#include "tests/support/fake_kernel.h"

/// The command as people type it, wherever no guest is needed: what it prints, and its exit code.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::Cli;
using ::testing::HasSubstr;

// The only folder below which a run of `cli` lies.
fs::path only_run(const Cli& cli) {
  return fs::directory_iterator(cli.folder() / "brokenpipe" / "runs")->path();
}

TEST(CommandLine, HelpNamesTheVerbsAndTheExitCodes) {
  const CommandResult help = Cli()({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.out, HasSubstr("130 interrupted"));
  ASSERT_FALSE(commands().empty());
  for (const Command& verb : commands()) {
    EXPECT_THAT(help.out, AllOf(HasSubstr("\n  " + verb.name + " "), HasSubstr(verb.description)));
  }
}

TEST(CommandLine, EveryVerbHasHelpOfItsOwn) {
  ASSERT_FALSE(commands().empty());
  for (const Command& verb : commands()) {
    const CommandResult help = Cli()({verb.name, "--help"});
    EXPECT_EQ(help.exit_status, 0) << verb.name;
    EXPECT_THAT(help.out, AllOf(HasSubstr(verb.description),
                                HasSubstr("brokenpipe " + verb.name + " [OPTIONS]")));
  }
}

TEST(CommandLine, HelpOfRecordIsAboutOneKernelAndNoComparison) {
  const CommandResult help = Cli()({"record", "--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.out, HasSubstr("One kernel: an id of the catalogue"));
  EXPECT_THAT(help.out, ::testing::Not(HasSubstr("default matrix")));
  EXPECT_EQ(Cli()({"record", "host", "--against", "x.json"}).exit_status, 2);
}

TEST(CommandLine, AnUnknownVerbIsAMistakeOfUse) {
  const CommandResult typed = Cli()({"raport", "--format", "json"});
  EXPECT_EQ(typed.exit_status, 2);
  EXPECT_THAT(typed.err, AllOf(HasSubstr("no command 'raport'"), HasSubstr("Near: report.")));
  EXPECT_EQ(Cli()({}).exit_status, 2);
}

TEST(CommandLine, AnUnknownKernelNamesNearOnes) {
  const CommandResult run = Cli()({"run", "debian-6.2"});
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.err, AllOf(HasSubstr("no kernel 'debian-6.2'"), HasSubstr("debian-6.1")));
}

TEST(CommandLine, AnUnknownScenarioNamesNearOnes) {
  const CommandResult run = Cli()({"run", "host", "--scenario", "tcp/late-acept"});
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.err, HasSubstr("tcp/late-accept"));
}

TEST(CommandLine, TheWarpClockUnderKvmIsRefusedWithTheReason) {
  const CommandResult run = Cli()({"run", "host", "--clock", "warp", "--accel", "kvm"});
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.err, HasSubstr("-icount"));
}

TEST(CommandLine, AFileThatIsNoKernelFailsAlone) {
  const Cli cli;
  write_file(cli.folder() / "notes.txt", "no kernel at all\n");
  const CommandResult run =
      cli({"run", (cli.folder() / "notes.txt").string(), "--store", cli.folder().string()});
  EXPECT_EQ(run.exit_status, 3);
  EXPECT_THAT(run.out, HasSubstr("notes.txt"));
}

TEST(CommandLine, AnOutputFolderThatCannotBeWrittenIsSaidBeforeAnythingRuns) {
  const CommandResult run =
      Cli()({"run", "host", "--scenario", "tcp/never-connected", "--out", "/proc/runs"});
  EXPECT_EQ(run.exit_status, 3);
  EXPECT_THAT(run.err, HasSubstr("/proc/runs"));
}

TEST(CommandLine, AStoreThatCannotBeWrittenIsAnError) {
  const Cli cli;
  write_file(cli.folder() / "file", "");
  const CommandResult fetch =
      cli({"fetch", "debian-6.1", "--store", (cli.folder() / "file" / "store").string()});
  EXPECT_EQ(fetch.exit_status, 3);
  EXPECT_THAT(fetch.err, HasSubstr("file/store"));
}

TEST(CommandLine, AMirrorThatCannotBeReachedIsAnErrorInAptsWords) {
  const Cli cli;
  const CommandResult fetch =
      cli({"fetch", "debian-6.1", "--store", (cli.folder() / "store").string(), "--mirror",
           "http://127.0.0.1:9/debian"});
  EXPECT_EQ(fetch.exit_status, 3);
  EXPECT_THAT(fetch.err, HasSubstr("127.0.0.1:9"));
}

TEST(CommandLine, TheHostRunsWithoutAGuest) {
  const Cli cli;
  const CommandResult run = cli({"run", "host", "--scenario", "tcp/never-connected"});
  EXPECT_EQ(run.exit_status, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("host"));
  const auto result = nlohmann::json::parse(read_file(only_run(cli) / "host.json"));
  EXPECT_EQ(result.at("observations").at(0).at("scenario"), "tcp/never-connected");
}

TEST(CommandLine, AReferenceThatSaysOtherwiseIsSeenStepByStep) {
  const Cli cli;
  ASSERT_EQ(cli({"run", "host", "--scenario", "tcp/never-connected"}).exit_status, 0);

  auto reference =
      nlohmann::json::parse(read_file(PROJECT_FILES "/results/reference/linux-3.16.json"));
  for (auto& observation : reference.at("observations")) {
    if (observation.at("scenario") != "tcp/never-connected") continue;
    for (auto& step : observation.at("steps")) {
      if (step.at("step") == "send#2") step.at("errno") = "ENOTCONN";
    }
  }
  const fs::path mutated = cli.folder() / "mutated.json";
  write_file(mutated, reference.dump());
  const CommandResult diff = cli({"diff", only_run(cli).string(), "--against", mutated.string()});
  EXPECT_EQ(diff.exit_status, 1);
  EXPECT_THAT(diff.out, AllOf(HasSubstr("tcp/never-connected"), HasSubstr("ENOTCONN")));
}

/// Somebody's own build that calls itself 3.16.0 and answers as 4.14 does: of such a kernel the
/// version does not tell.
fs::path own_build(const Cli& cli) {
  const std::string scenario = "tcp/rst-established-errqueue-first";
  auto result =
      nlohmann::json::parse(read_file(PROJECT_FILES "/results/archive/linux-4.14.67.json"));
  auto answers = nlohmann::json::array();
  for (const auto& observation : result.at("observations")) {
    if (observation.at("scenario") == scenario) answers.push_back(observation);
  }
  result["observations"] = answers;
  result["probe"]["selection"] = {scenario};
  result["kernel"]["release"] = "3.16.0";
  result["kernel"]["package"] = "build/arch/x86/boot/bzImage";
  const fs::path file = cli.folder() / "own.json";
  write_file(file, result.dump());
  return file;
}

TEST(CommandLine, WhatIsAheadOfItsVersionIsADifferenceOnlyToTheStrict) {
  const Cli cli;
  const std::string own = own_build(cli).string();
  const CommandResult lenient = cli({"diff", own});
  EXPECT_EQ(lenient.exit_status, 0) << lenient.err;
  EXPECT_THAT(lenient.out, AllOf(HasSubstr("As predicted, besides 1 ahead."),
                                 HasSubstr("ahead by tcp-recv-error-queue")));
  EXPECT_EQ(cli({"diff", own, "--strict"}).exit_status, 1);
}

TEST(CommandLine, VerbsThatCompareSayWhatTheirExitCodesMean) {
  for (const char* verb : {"run", "diff", "report"}) {
    EXPECT_THAT(Cli()({verb, "--help"}).out,
                AllOf(HasSubstr("--strict"), HasSubstr("what was not asked is waived")));
  }
  EXPECT_THAT(Cli()({"record", "--help"}).out, ::testing::Not(HasSubstr("--strict")));
}

TEST(CommandLine, AReportIsWrittenInEveryFormat) {
  const Cli cli;
  ASSERT_EQ(cli({"run", "host", "--scenario", "tcp/never-connected"}).exit_status, 0);
  ASSERT_FALSE(reports().empty());
  for (const Report& report : reports()) {
    const std::string format(report.name);
    const fs::path file = cli.folder() / format;
    EXPECT_EQ(cli({"report", only_run(cli).string(), "--format", format, "-o", file.string()})
                  .exit_status,
              0);
    EXPECT_THAT(read_file(file), HasSubstr("host")) << format;
  }
  EXPECT_EQ(cli({"report", only_run(cli).string(), "--format", "pdf"}).exit_status, 2);
}

TEST(CommandLine, AKernelWhereARunIsExpectedIsToldWhatToTypeInstead) {
  const Cli cli;
  ASSERT_EQ(cli({"run", "host", "--scenario", "tcp/never-connected"}).exit_status, 0);
  const CommandResult diff = cli({"diff", only_run(cli).string(), "host"});
  EXPECT_EQ(diff.exit_status, 2);
  EXPECT_THAT(diff.err, HasSubstr("brokenpipe diff " + only_run(cli).string() + ":host"));
}

TEST(CommandLine, ATruncatedResultIsNamed) {
  const Cli cli;
  ASSERT_EQ(cli({"run", "host", "--scenario", "tcp/never-connected"}).exit_status, 0);
  const fs::path file = only_run(cli) / "host.json";
  const std::string whole = read_file(file);
  write_file(file, whole.substr(0, whole.size() / 2));
  const CommandResult report = cli({"report", only_run(cli).string()});
  EXPECT_EQ(report.exit_status, 3);
  EXPECT_THAT(report.err, HasSubstr(file.string()));
}

TEST(CommandLine, AResultOfAnotherSchemaIsNamed) {
  const Cli cli;
  ASSERT_EQ(cli({"run", "host", "--scenario", "tcp/never-connected"}).exit_status, 0);
  const fs::path file = only_run(cli) / "host.json";
  auto result = nlohmann::json::parse(read_file(file));
  result.at("schema") = 2;
  write_file(file, result.dump());
  const CommandResult diff = cli({"diff", file.string()});
  EXPECT_EQ(diff.exit_status, 3);
  EXPECT_THAT(diff.err, HasSubstr("schema"));
}

TEST(CommandLine, ARunThatIsNoneIsAMistakeOfUse) {
  EXPECT_EQ(Cli()({"report", "20010101T000000Z"}).exit_status, 2);
  EXPECT_EQ(Cli()({"run", "--resume", "20010101T000000Z"}).exit_status, 2);
}

TEST(CommandLine, WithoutQemuItsPackageIsNamed) {
  Cli cli;
  cli.environment = {"PATH=" + cli.folder().string(), "XDG_CACHE_HOME=" + cli.folder().string()};
  const fs::path kernel = cli.folder() / "bzImage";
  write_file(kernel, test::fake_bzimage("6.1.0"));
  const CommandResult run = cli({"run", kernel.string()});
  EXPECT_EQ(run.exit_status, 3);
  EXPECT_THAT(run.err, HasSubstr("qemu-system-x86"));
}

TEST(CommandLine, WithoutLibvirtsDriverItsPackageIsNamed) {
  Cli cli;
  cli.environment = {"LIBVIRT_DRIVER_DIR=" + cli.folder().string(),
                     "XDG_CACHE_HOME=" + cli.folder().string()};
  const fs::path kernel = cli.folder() / "bzImage";
  write_file(kernel, test::fake_bzimage("6.1.0"));
  const CommandResult run = cli({"run", kernel.string()});
  EXPECT_EQ(run.exit_status, 3);
  EXPECT_THAT(run.err, HasSubstr("libvirt-daemon-driver-qemu"));
}

TEST(CommandLine, EveryScenarioIsListedWithItsQuestion) {
  const auto list = nlohmann::json::parse(Cli()({"scenarios", "--json"}).out);
  ASSERT_GT(list.size(), 400U);
  for (const auto& scenario : list) {
    EXPECT_FALSE(scenario.at("asks").get<std::string>().empty()) << scenario.at("id");
  }
}

TEST(CommandLine, EveryScenarioHasAReferencedStepOrEnding) {
  const auto reference =
      nlohmann::json::parse(read_file(PROJECT_FILES "/results/reference/linux-3.16.json"));
  std::map<std::string, nlohmann::json> referenced;
  for (const auto& observation : reference.at("observations")) {
    referenced[observation.at("scenario")] = observation;
  }
  for (const auto& scenario : nlohmann::json::parse(Cli()({"scenarios", "--json"}).out)) {
    const std::string id = scenario.at("id");
    ASSERT_TRUE(referenced.contains(id)) << id;
    const auto& observation = referenced[id];
    EXPECT_TRUE(!observation.at("steps").empty() || observation.contains("basis")) << id;
  }
}

}  // namespace
}  // namespace brokenpipe
