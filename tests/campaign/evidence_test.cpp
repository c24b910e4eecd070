#include "orchestrator/campaign/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/base/file.h"
#include "results/base/folder.h"
#include "tests/support/scratch_folder.h"

/// What shows that a kernel lacks a feature, and what is said where nothing does.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::vector<FeatureInfo> features = {
    {"9p", {{"9p"}, {"9pnet_fd"}}, {"9P_FS", "NET_9P_FD|NET_9P"}},
    {"ax25", {{"bpqether"}, {"tun", false}}, {"AX25", "BPQETHER", "TUN"}},
    {"net_admin", {}, {}},
    {"sctp", {{"sctp"}}, {"IP_SCTP"}},
};

const FeatureInfo& feature(const std::string& name) {
  return *std::find_if(features.begin(), features.end(),
                       [&](const FeatureInfo& one) { return one.name == name; });
}

/// A kernel of which a test says what is known.
struct Bench {
  Bench() { kernel.release = "6.1.0-47-cloud-amd64"; }

  void configured(const std::string& symbols) {
    kernel.config = folder.path() / "config";
    write_file(kernel.config, "#\n# Linux/x86 6.1.170 Kernel Configuration\n#\n" + symbols);
  }
  void with_modules(const std::string& built_in = {}) {
    kernel.modules = folder.path() / "modules";
    make_directories(kernel.modules);
    write_file(kernel.modules / "modules.builtin", built_in);
  }

  std::string why(const std::string& name) const {
    return why_not_loaded(feature(name), kernel, guest);
  }

  testing::ScratchFolder folder;
  StoredKernel kernel;
  GuestRun guest;
};

TEST(BuiltWithout, IsWhatTheConfigurationDoesNotSet) {
  Bench bench;
  bench.configured("CONFIG_9P_FS=m\nCONFIG_NET_9P=y\n# CONFIG_AX25 is not set\nCONFIG_TUN=m\n");
  EXPECT_THAT(built_without(features, bench.kernel),
              ElementsAre(Pair("ax25", "CONFIG_AX25 is not set"),
                          Pair("sctp", "CONFIG_IP_SCTP is not set")));
}

TEST(BuiltWithout, OfAlternativesNoneMustBeSet) {
  Bench bench;
  bench.configured(
      "CONFIG_9P_FS=m\nCONFIG_AX25=m\nCONFIG_BPQETHER=m\nCONFIG_TUN=m\n"
      "CONFIG_IP_SCTP=m\n");
  EXPECT_THAT(built_without(features, bench.kernel),
              ElementsAre(Pair("9p", "CONFIG_NET_9P_FD and CONFIG_NET_9P are not set")));
}

TEST(BuiltWithout, EverySymbolOfAFeatureMustBeSet) {
  Bench bench;
  bench.configured(
      "CONFIG_9P_FS=m\nCONFIG_NET_9P=y\nCONFIG_AX25=m\nCONFIG_TUN=m\n"
      "CONFIG_IP_SCTP=m\n");
  EXPECT_THAT(built_without(features, bench.kernel),
              ElementsAre(Pair("ax25", "CONFIG_BPQETHER is not set")));
}

TEST(BuiltWithout, WithoutAConfigurationOfThisKernelNothingIsShown) {
  Bench bench;
  EXPECT_THAT(built_without(features, bench.kernel), IsEmpty());
  bench.configured("");
  bench.kernel.release = "6.12.9";
  EXPECT_THAT(built_without(features, bench.kernel), IsEmpty());
  bench.kernel.config = bench.folder.path() / "absent";
  EXPECT_THAT(built_without(features, bench.kernel), IsEmpty());
}

TEST(NotLoaded, AModuleThatFailedSaysWithWhatErrno) {
  Bench bench;
  bench.with_modules();
  bench.guest.modules = {"sctp", "9p", "9pnet-fd"};
  bench.guest.modules_failed = {{"sctp", "ENOMEM"}, {"9pnet-fd", "ENOENT"}};
  EXPECT_EQ(bench.why("sctp"), "module sctp failed to load: ENOMEM");
  EXPECT_EQ(bench.why("9p"), "module 9pnet_fd failed to load: ENOENT");
}

TEST(NotLoaded, ModulesThatTheStoreLacksSayWhy) {
  Bench bench;
  bench.kernel.modules_missing_because = "the mirror offers them no more";
  EXPECT_EQ(bench.why("sctp"), "module sctp not to be had: the mirror offers them no more");
  EXPECT_EQ(bench.why("9p"), "modules 9p, 9pnet_fd not to be had: the mirror offers them no more");
}

TEST(NotLoaded, WhatCloudKernelsAreSparedWasLeftOut) {
  Bench bench;
  bench.with_modules();
  bench.guest.modules = {"bpqether"};
  EXPECT_EQ(bench.why("ax25"),
            "module tun left out of this guest: those of cloud kernels go without");
  bench.kernel.release = "6.1.0-47-amd64";
  EXPECT_EQ(bench.why("ax25"), "module tun not among the kernel's");
}

TEST(NotLoaded, NothingIsSaidOfModulesThatAreThere) {
  Bench bench;
  bench.with_modules("kernel/net/sctp/sctp.ko\n");
  bench.guest.modules = {"9p", "9pnet_fd"};
  EXPECT_EQ(bench.why("9p"), "");
  EXPECT_EQ(bench.why("sctp"), "") << "it is built in";
  EXPECT_EQ(bench.why("net_admin"), "") << "it needs none";
}

TEST(NotLoaded, OfTheHostsModulesNothingIsKnown) {
  Bench bench;
  EXPECT_EQ(bench.why("sctp"), "");
}

}  // namespace
}  // namespace brokenpipe
