#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "images/kernel_store.h"
#include "results/base/paths.h"
#include "tests/support/cli.h"
#include "tests/system/runs.h"

/// What must never look well: real guests that could not be asked everything, of which one answer
/// was falsified, whose kernel warned, or whose probe failed. That the same scenarios are green
/// with the probe as it is, the tests beside these say.
namespace brokenpipe {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::Cli;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using testing::newest;
using ::testing::Not;
using testing::oldest;
using testing::report_of;
using testing::result_of;
using testing::test_probe;
using testing::unexplained;

using Words = std::vector<std::string>;

// What the one kernel of a run was asked, judged.
json scenarios_of(const Cli& cli, const CommandResult& run) {
  return report_of(cli, run).at("kernels").at(0).at("diff").at("scenarios");
}

// What all of them say under a key.
Words all_of(const json& scenarios, const std::string& key) {
  Words words;
  for (const json& scenario : scenarios) words.push_back(scenario.value(key, ""));
  return words;
}

Words run_with(const std::string& kind, const std::string& kernel, const Words& scenarios) {
  Words words{"run", kernel, "--probe", test_probe(kind)};
  for (const std::string& scenario : scenarios) {
    words.emplace_back("--scenario");
    words.push_back(scenario);
  }
  return words;
}

const std::string& image_of_the_oldest() {
  static const std::string image = [] {
    for (const CatalogueEntry& entry : testing::catalogue().entries) {
      if (entry.id != oldest()) continue;
      StoreOptions options;
      options.root = cache_directory() / "store";
      KernelStore store(options);
      return store.fetch({{entry, {}}}, Freshness::stored_is_enough).front().value().image.string();
    }
    throw std::runtime_error("the catalogue has no " + oldest());
  }();
  return image;
}

TEST(Proven, WhatNeedsModulesIsNotAskedOfAKernelWithoutThemAndIsNeitherSameNorGone) {
  const Cli cli;
  const CommandResult run = cli({"run", image_of_the_oldest(), "--scenario", "sctp/*", "--scenario",
                                 "tipc/*", "--scenario", "vsock/*"});
  EXPECT_EQ(run.exit_status, 3) << run.out << run.err;
  const json scenarios = scenarios_of(cli, run);
  EXPECT_FALSE(scenarios.empty());
  EXPECT_THAT(all_of(scenarios, "verdict"), Each("not asked"));
  EXPECT_THAT(run.out, AllOf(HasSubstr("not asked"), HasSubstr("no waiver covers it"),
                             HasSubstr("not waived"), Not(HasSubstr("As predicted"))));
}

TEST(Proven, AModuleThatDoesNotLoadLeavesItsScenariosNotAskedAndIsTheReason) {
  const Cli cli;
  const CommandResult run = cli(run_with("refusing", oldest(), {"sctp/*", "tipc/*", "vsock/*"}));
  EXPECT_EQ(run.exit_status, 3) << run.out << run.err;
  const json scenarios = scenarios_of(cli, run);
  EXPECT_FALSE(scenarios.empty());
  EXPECT_THAT(all_of(scenarios, "verdict"), Each("not asked"));
  EXPECT_THAT(all_of(scenarios, "reason"), Each(HasSubstr("ENOMEM")));
  EXPECT_THAT(run.out, HasSubstr("ENOMEM"));
}

TEST(Proven, AnAnswerFalsifiedWhereTheReferenceKernelLacksTheFeatureIsUnexplained) {
  const Cli cli;
  const CommandResult run = cli(run_with("miscopying", newest(), {"entry/*/send-zerocopy"}));
  EXPECT_EQ(run.exit_status, 1) << run.out << run.err;
  const json scenarios = scenarios_of(cli, run);
  EXPECT_FALSE(scenarios.empty());
  EXPECT_THAT(all_of(scenarios, "verdict"), Each("new"));
  EXPECT_THAT(all_of(scenarios, "standing"), Each("unexplained"));
  EXPECT_THAT(run.out, HasSubstr("send(1, MSG_ZEROCOPY) = -1 EIO"));
}

TEST(Proven, ALostFixIsUnexplainedThoughItsAnswerIsTheReferenceKernelsOwn) {
  const Cli cli;
  const CommandResult run = cli(run_with("regressed", newest(), {"entry/*/pwritev2"}));
  EXPECT_EQ(run.exit_status, 1) << run.out << run.err;
  const json scenarios = scenarios_of(cli, run);
  EXPECT_FALSE(scenarios.empty());
  EXPECT_THAT(all_of(scenarios, "verdict"), Each("same"));
  EXPECT_THAT(all_of(scenarios, "standing"), Each("unexplained"));
  EXPECT_THAT(run.out, HasSubstr("linux-3.16's own, as before pwritev2"));
}

TEST(Proven, AWarningOfTheKernelIsUnexplainedInTheScenariosThatDrewIt) {
  const Words places{"tcp/positional-write-after-shut-wr#kernel#1",
                     "tcp/positional-write-on-socket#kernel#1"};
  const Cli cli;
  for (const std::string& kernel : {oldest(), newest()}) {  // which word it in different ways
    const CommandResult run = cli(run_with("warned", kernel, {"tcp/p*", "sigpipe/*"}));
    EXPECT_EQ(run.exit_status, 1) << run.out << run.err;
    EXPECT_EQ(unexplained(report_of(cli, run)), places);
    EXPECT_THAT(run.out, HasSubstr("WARNING in __alloc_"));
  }
}

TEST(Proven, AProbeThatAbortsIsBrokenAndNotKilledByTheKernel) {
  const Words aborted{"tcp/positional-write-after-shut-wr", "tcp/positional-write-on-socket"};
  const Cli cli;
  const CommandResult run = cli(run_with("aborting", newest(), {"tcp/p*", "sigpipe/*"}));
  EXPECT_EQ(run.exit_status, 3) << run.out << run.err;
  Words broken;
  const json result = result_of(run, newest());
  for (const json& observation : result.at("observations")) {
    if (observation.at("ending") == "completed") continue;
    EXPECT_EQ(observation.at("ending"), "broken");
    EXPECT_EQ(observation.value("reason", ""), "the probe aborted");
    broken.push_back(observation.at("scenario"));
  }
  EXPECT_EQ(broken, aborted);
  EXPECT_EQ(unexplained(report_of(cli, run)), Words{});
  EXPECT_THAT(all_of(scenarios_of(cli, run), "verdict"), Contains("inconclusive").Times(2));
}

}  // namespace
}  // namespace brokenpipe
