#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/reports/report.h"
#include "tests/support/cli.h"
#include "tests/support/result_builder.h"
#include "tests/support/scratch_folder.h"

/// Two contenders, neither of which is right: results, kernels of a run, and whole runs.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

const Json one{{"returned", 1}};
const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};

RunResult kernel(const std::string& id, const std::string& release,
                 std::vector<Observation> observations) {
  RunResult run = result(release, std::move(observations));
  run.kernel.id = id;
  return run;
}

/// By an errno that means just that.
Observation lacking(const std::string& scenario, const std::string& reason) {
  Observation observation = ended(scenario, ScenarioEnding::unsupported, reason);
  observation.feature = "a_feature";
  observation.proof = "EPROTONOSUPPORT";
  return observation;
}

/// Every word of a comparison with B: same, changed, appeared, disappeared, and a scenario that
/// only B's probe has.
RunResult a() {
  return kernel(
      "debian-5.10", "5.10.0",
      {completed("tcp/same", {step("send#1", one)}),
       completed("tcp/changed", {step("send#1", one)}), lacking("tcp/appeared", "no MPTCP"),
       completed("tcp/disappeared", {step("send#1", one)})});
}

RunResult b() {
  return kernel(
      "debian-6.1", "6.1.0",
      {completed("tcp/same", {step("send#1", one)}),
       completed("tcp/changed", {step("send#1", reset)}),
       completed("tcp/appeared", {step("send#1", one)}), lacking("tcp/disappeared", "no DCCP"),
       completed("tcp/unheard-of", {step("send#1", one)})});
}

/// A run below `out` that kept these results, and whose other kernels stay as they are planned.
RunDirectory run_of(const fs::path& out, const std::string& id,
                    const std::vector<PlannedKernel>& kernels,
                    const std::vector<RunResult>& results) {
  RunRecord record;
  record.id = id;
  record.started = "2026-11-22T16:10:05Z";
  record.command_line = {"brokenpipe", "run"};
  record.kernels = kernels;
  RunDirectory run = RunDirectory::create(out, record);
  for (const RunResult& result : results) run.keep(result);
  return run;
}

std::string render(const std::string& format, const ReportData& data) {
  return report_named(format).render(data, {});
}

TEST(Comparison, TextSaysWhichIsWhichAndTheFourWords) {
  EXPECT_EQ(render("text", compare(a(), b(), {})),
            "B, debian-6.1 (6.1.0), against A, debian-5.10 (5.10.0); counts are of scenarios.\n"
            "\n"
            "kernel      release  guest     same  changed  appeared  disappeared  UNEXPLAINED  "
            "not in A  seconds\n"
            "debian-6.1  6.1.0    finished     1        1         1            1            1  "
            "       1        -\n"
            "\n"
            "Appeared: A lacks what the scenario needs:\n"
            "  no MPTCP\n"
            "    1 scenario: tcp/appeared\n"
            "    on debian-6.1\n"
            "\n"
            "Disappeared: B lacks what the scenario needs:\n"
            "  no DCCP\n"
            "    1 scenario: tcp/disappeared\n"
            "    on debian-6.1\n"
            "\n"
            "Unexplained differences: 1\n"
            "  tcp/changed  send#1\n"
            "    A          send(1) = 1\n"
            "    B          send(1) = -1 ECONNRESET\n"
            "    on         debian-6.1\n"
            "\n"
            "5 steps: 1 same, 1 changed (1 unexplained), 1 appeared, 1 disappeared.\n"
            "1 same, 1 changed (1 unexplained), 1 appeared, 1 disappeared.\n");
}

TEST(Comparison, EveryFormatForReadersHasItsWords) {
  ASSERT_FALSE(reports().empty());
  for (const Report& report : reports()) {
    const std::string format(report.name);
    // The one has the verdicts' own names, for programs; the other tells what was seen.
    if (format == "json" || format == "trace") continue;
    const std::string text = render(format, compare(a(), b(), {}));
    EXPECT_THAT(text, AllOf(HasSubstr("appeared"), HasSubstr("disappeared"))) << format;
    if (format != "junit" && format != "kcidb") {
      EXPECT_THAT(text, HasSubstr("changed")) << format;
      EXPECT_THAT(text, HasSubstr("same")) << format;
    }
    EXPECT_THAT(text, Not(HasSubstr("gone"))) << format;
    EXPECT_THAT(text, Not(HasSubstr("expected"))) << format;
    EXPECT_THAT(text, Not(HasSubstr("reference"))) << format;
  }
}

TEST(Comparison, OfResultsTurnsAroundWithThem) {
  const Totals there = compare(a(), b(), {}).kernels.at(0).diff->scenario_totals;
  const Totals back = compare(b(), a(), {}).kernels.at(0).diff->scenario_totals;
  EXPECT_EQ(there.same, back.same);
  EXPECT_EQ(there.unexplained, back.unexplained);
  EXPECT_EQ(there.added, back.gone);
  EXPECT_EQ(there.gone, back.added);
}

TEST(Comparison, WhatNeitherCouldBeAskedIsNotTheSame) {
  const RunResult result =
      kernel("debian-6.19", "6.19.14",
             {completed("tcp/same", {step("send#1", one)}),
              ended("sctp/x", ScenarioEnding::unsupported, "module sctp not available")});
  const ReportData data = compare(result, result, {});
  EXPECT_EQ(data.kernels.at(0).diff->scenario_totals, (Totals{.same = 1, .not_asked = 1}));
  EXPECT_EQ(exit_code(data), ExitCode::incomplete);
  const WaiversOn waivers{
      {{{"no-modules", {"debian-6.19"}, {"sctp/*"}, "None.", "somebody", "2027-06-30"}}},
      "2026-11-26"};
  const ReportData waived = compare(result, result, {}, waivers);
  EXPECT_EQ(exit_code(waived), ExitCode::as_reference);
  EXPECT_THAT(render("text", waived), HasSubstr("waived until 2027-06-30 (no-modules)"));
}

TEST(Comparison, OfARunWithAResultHoldsEveryKernelAgainstIt) {
  const testing::ScratchFolder out;
  RunResult other = a();
  other.kernel.id = "debian-5.15";
  const RunDirectory run =
      run_of(out.path(), "night",
             {{"debian-6.1", KernelState::planned, ""}, {"debian-5.15", KernelState::planned, ""}},
             {b(), other});
  const ReportData data = compare(a(), run, {});
  EXPECT_EQ(data.comparison->a, "debian-5.10 (5.10.0)");
  EXPECT_EQ(data.comparison->b, "run night");
  ASSERT_EQ(data.kernels.size(), 2U);
  EXPECT_EQ(data.kernels[0].diff->scenario_totals.unexplained, 1U);
  EXPECT_EQ(data.kernels[1].diff->scenario_totals, (Totals{.same = 3, .absent = 1}));
}

/// Two nights: a kernel in both, one in each alone, one that was not on offer once, one that had
/// no result in the first.
struct Nights {
  testing::ScratchFolder out;
  RunDirectory first = run_of(out.path(), "first",
                              {{"debian-5.10", KernelState::planned, ""},
                               {"only-first", KernelState::planned, ""},
                               {"left", KernelState::planned, ""},
                               {"unbootable", KernelState::failed, "boot_timeout: 120 s"}},
                              {a(), kernel("left", "6.0", {})});
  RunDirectory second = run_of(out.path(), "second",
                               {{"debian-5.10", KernelState::planned, ""},
                                {"only-second", KernelState::planned, ""},
                                {"left", KernelState::not_offered, "gone from the mirror"},
                                {"unbootable", KernelState::planned, ""}},
                               {kernel("debian-5.10", "5.10.1", b().observations),
                                kernel("unbootable", "6.2", a().observations)});
};

TEST(Comparison, OfRunsIsKernelByKernelAndNamesThoseOfOneAlone) {
  const Nights nights;
  const ReportData data = compare(nights.first, nights.second, {});
  ASSERT_EQ(data.kernels.size(), 2U);
  EXPECT_EQ(data.kernels[0].plan.id, "debian-5.10");
  EXPECT_EQ(data.kernels[0].diff->reference.release, "5.10.0");
  EXPECT_EQ(data.kernels[0].diff->contender.release, "5.10.1");
  EXPECT_EQ(data.kernels[1].plan.id, "unbootable");
  EXPECT_FALSE(data.kernels[1].diff);
  EXPECT_EQ(data.kernels[1].plan.reason, "A has no result of it (failed: boot_timeout: 120 s)");
  EXPECT_THAT(data.comparison->only_a, ElementsAre("only-first", "left"));
  EXPECT_THAT(data.comparison->only_b, ElementsAre("only-second"));
  EXPECT_EQ(exit_code(data), ExitCode::incomplete);
  EXPECT_THAT(render("text", data), AllOf(HasSubstr("B, run second, against A, run first;"),
                                          HasSubstr("Only in A: only-first, left\n"),
                                          HasSubstr("Only in B: only-second\n"),
                                          HasSubstr("unbootable: A has no result of it")));
}

TEST(Comparison, OfTheSameRunIsAllTheSame) {
  const Nights nights;
  const ReportData data = compare(nights.second, nights.second, {});
  EXPECT_THAT(data.comparison->only_a, IsEmpty());
  EXPECT_THAT(data.comparison->only_b, IsEmpty());
  EXPECT_EQ(data.kernels.at(0).diff->scenario_totals, (Totals{.same = 4, .absent = 1}));
}

/// The command, on two runs below the folder where it looks for them.
struct Command {
  testing::Cli cli;
  fs::path runs = cli.folder() / "brokenpipe" / "runs";
  RunDirectory first =
      run_of(runs, "first",
             {{"debian-5.10", KernelState::planned, ""}, {"debian-6.1", KernelState::planned, ""}},
             {a(), b()});
  RunDirectory single = run_of(runs, "single", {{"debian-6.1", KernelState::planned, ""}}, {b()});
};

TEST(DiffCommand, TakesEveryWayToSayTwoContenders) {
  const Command command;
  const std::string file_a = command.first.result_file("debian-5.10").string();
  const std::string changed = "1 same, 1 changed (1 unexplained), 1 appeared, 1 disappeared.\n";
  for (const std::vector<std::string>& sides : std::vector<std::vector<std::string>>{
           {file_a, command.first.result_file("debian-6.1").string()},
           {"first:debian-5.10", "first:debian-6.1"},
           {"first", "debian-5.10", "debian-6.1"},
           {command.first.path().string() + ":debian-5.10", "single"},
           {file_a, "single"}}) {
    std::vector<std::string> arguments{"diff"};
    arguments.insert(arguments.end(), sides.begin(), sides.end());
    const CommandResult diff = command.cli(arguments);
    EXPECT_EQ(diff.exit_status, 1) << diff.err;
    EXPECT_THAT(diff.out, AllOf(HasSubstr("B, debian-6.1 (6.1.0), against A, debian-5.10"),
                                ::testing::EndsWith(changed)));
  }
}

TEST(DiffCommand, HoldsARunsKernelOfThatNameAgainstAResult) {
  const Command command;
  const CommandResult diff = command.cli({"diff", "first", "single"});
  EXPECT_EQ(diff.exit_status, 0) << diff.err;
  EXPECT_THAT(diff.out,
              HasSubstr("4 same, 0 changed (0 unexplained), 0 appeared, 0 disappeared, 1 absent."));
}

TEST(DiffCommand, ComparesRunsInEveryFormat) {
  const Command command;
  for (const Report& report : reports()) {
    const CommandResult diff =
        command.cli({"diff", "first", "first", "--format", std::string(report.name)});
    EXPECT_EQ(diff.exit_status, 0) << report.name << ": " << diff.err;
    EXPECT_THAT(diff.out, HasSubstr("debian-5.10")) << report.name;
  }
}

TEST(DiffCommand, NamesTheKernelsThereAre) {
  const Command command;
  const CommandResult diff = command.cli({"diff", "first:debian-9", "single"});
  EXPECT_EQ(diff.exit_status, 2);
  EXPECT_THAT(diff.err, HasSubstr("no result of debian-9; it was of: debian-5.10, debian-6.1"));
}

TEST(DiffCommand, RefusesAReferenceBesideTwoContenders) {
  const Command command;
  const CommandResult diff = command.cli({"diff", "first", "single", "--against", "x.json"});
  EXPECT_EQ(diff.exit_status, 2);
  EXPECT_THAT(diff.err, HasSubstr("--against"));
}

}  // namespace
}  // namespace brokenpipe
