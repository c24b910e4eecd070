#include "results/scenario_list.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

// What the built probe says of itself.
const ScenarioList& list() {
  static const ScenarioList all = list_scenarios(PROBE);
  return all;
}

std::vector<std::string> names_for(const std::vector<std::string>& needs, bool cloud = false) {
  std::vector<std::string> names;
  for (const FeatureModule& module : modules_for(list(), {{"tcp/x", "?", {}, needs}})) {
    if (module.in_cloud_kernels || !cloud) names.push_back(module.name);
  }
  return names;
}

TEST(ModuleNeeds, AreMetByTheModuleOfTheProtocol) {
  EXPECT_THAT(names_for({"sctp"}), ElementsAre("sctp"));
  EXPECT_THAT(names_for({"vsock", "sock_destroy"}), ElementsAre("tcp_diag", "vsock_loopback"));
}

TEST(ModuleNeeds, BringTheCipherThatTlsAsksForByName) {
  EXPECT_THAT(names_for({"ktls"}), IsSupersetOf({"gcm", "tls"}));
}

TEST(ModuleNeeds, AskForAModuleOnceHoweverManyScenariosNeedIt) {
  EXPECT_THAT(names_for({"sctp", "aio", "sctp"}), ElementsAre("sctp"));
}

TEST(ModuleNeeds, ThatNoModuleMeetsAskForNone) {
  EXPECT_THAT(names_for({"io_uring", "net_admin"}), IsEmpty());
}

TEST(ModuleNeeds, AreWholeForPlainKernelsAndCheapForCloudKernels) {
  EXPECT_THAT(names_for({"nfs4", "smc"}), ElementsAre("nfsv4", "smc"));
  EXPECT_THAT(names_for({"nfs4", "smc"}, true), ElementsAre("smc"));
}

TEST(ModuleNeeds, OfAmateurRadioBringWhatCarriesItsFrames) {
  EXPECT_THAT(names_for({"ax25"}), IsSupersetOf({"bpqether", "tun"}));
}

TEST(Features, OfEveryScenarioAreListed) {
  std::vector<std::string> names;
  for (const FeatureInfo& feature : list().features) names.push_back(feature.name);
  for (const ScenarioInfo& scenario : list().scenarios)
    EXPECT_THAT(names, IsSupersetOf(scenario.needs)) << scenario.id;
}

TEST(Features, SayWhichSymbolsBringThem) {
  const auto kcm = std::find_if(list().features.begin(), list().features.end(),
                                [](const FeatureInfo& feature) { return feature.name == "kcm"; });
  ASSERT_NE(kcm, list().features.end());
  EXPECT_THAT(kcm->kconfig, ElementsAre("AF_KCM"));
}

TEST(ScenarioSelection, NoGlobSelectsAll) {
  const ScenarioList list{"0.1.0", {{"tcp/a", "", {}, {}}, {"pipe/b", "", {}, {}}}};
  EXPECT_EQ(select_scenarios(list, {}).size(), 2U);
}

TEST(ScenarioSelection, AStarCrossesSlashes) {
  const ScenarioList list{"0.1.0", {{"entry/a/send", "", {}, {}}, {"entry/b/splice", "", {}, {}}}};
  const auto selected = select_scenarios(list, {"entry*send"});
  ASSERT_EQ(selected.size(), 1U);
  EXPECT_EQ(selected[0].id, "entry/a/send");
}

TEST(ScenarioSelection, AGlobThatMatchesNothingNamesNearIds) {
  const ScenarioList list{"0.1.0", {{"tcp/late-accept", "", {}, {}}, {"pipe/b", "", {}, {}}}};
  try {
    select_scenarios(list, {"tcp/*", "tcp/late-acept"});
    FAIL() << "nothing was thrown";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no scenario 'tcp/late-acept'"));
    EXPECT_THAT(error.what(), HasSubstr("Near: tcp/late-accept"));
  }
}

TEST(ScenarioList, AProgramThatIsNoProbeIsAnError) {
  EXPECT_THROW(list_scenarios("/bin/false"), Error);
  EXPECT_THROW(list_scenarios("/bin/true"), Error);
}

TEST(ScenarioList, OfAnotherProbeIsAnErrorThatNamesThePlace) {
  const testing::ScratchFolder folder;
  const std::filesystem::path probe = folder.path() / "probe";
  const auto complaint_about = [&](const std::string& list) {
    write_file(folder.path() / "list", list);
    write_file(probe, "#!/bin/sh\ncat " + (folder.path() / "list").string() + "\n");
    std::filesystem::permissions(probe, std::filesystem::perms(0700));
    try {
      list_scenarios(probe);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(probe.string()));
      return std::string(error.what());
    }
    return std::string("none");
  };
  const std::string rest = R"(, "stories": {}, "features": []})";
  EXPECT_EQ(complaint_about(R"({"version": "1", "scenarios": [])" + rest), "none");
  EXPECT_THAT(complaint_about(R"({"version": "1", "scenarios": [{"id": 7}])" + rest),
              HasSubstr("scenarios[0].id: not a string"));
  EXPECT_THAT(complaint_about(std::string(100'000, '[')), HasSubstr("deeper than 64 levels"));
}

}  // namespace
}  // namespace brokenpipe
