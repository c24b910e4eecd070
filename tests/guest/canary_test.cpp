#include "orchestrator/guest/canary.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/fake_hypervisor.h"
#include "tests/support/frames.h"
#include "tests/support/scratch_folder.h"

/// Whether KVM is believed in, by what the canary guest did.
using namespace brokenpipe;
using namespace brokenpipe::testing;

namespace {

/// A machine whose /dev/kvm opens, with a hypervisor that says what then happens.
class Machine {
 public:
  FakeHypervisor hypervisor;
  std::string kernel = "5e1f";
  std::filesystem::path device = "/dev/null";

  KvmVerdict verdict() {
    Canary canary;
    canary.spec.console = scratch_.path() / "console";
    canary.spec.records = scratch_.path() / "records";
    canary.nonce = nonce;
    canary.kernel = kernel;
    return kvm_verdict(hypervisor, canary, cache(), std::chrono::milliseconds(1), device);
  }
  std::filesystem::path cache() const { return scratch_.path() / "state" / "kvm.json"; }

  void boots() {
    hypervisor.script = {.moments = {{frame(0, probe_record()), ""}}, .stops = false};
  }
  void hangs() { hypervisor.script = {.moments = {}, .stops = false}; }

 private:
  ScratchFolder scratch_;
};

}  // namespace

TEST(Canary, BelievesInKvmWhereTheProbeHasSpoken) {
  Machine machine;
  machine.boots();
  const auto verdict = machine.verdict();
  EXPECT_TRUE(verdict.usable);
  EXPECT_NE(verdict.why.find("a guest booted under it"), std::string::npos) << verdict.why;
  ASSERT_EQ(machine.hypervisor.started.size(), 1U);
  EXPECT_EQ(machine.hypervisor.started[0].accelerator, Accelerator::kvm);
  EXPECT_EQ(machine.hypervisor.started[0].clock, Clock::real);
  EXPECT_EQ(machine.hypervisor.running, 0);
}

TEST(Canary, DoesNotBelieveInKvmWhereTheGuestNeverSpeaks) {
  Machine machine;
  machine.hangs();
  const auto verdict = machine.verdict();
  EXPECT_FALSE(verdict.usable);
  EXPECT_NE(verdict.why.find("came to nothing"), std::string::npos) << verdict.why;
  EXPECT_EQ(machine.hypervisor.running, 0);
}

TEST(Canary, DoesNotBelieveInAKernelThatPrintsAndPanics) {
  Machine machine;
  machine.hypervisor.script = {.moments = {{"", "Kernel panic - not syncing\n"}}, .stops = false};
  const auto verdict = machine.verdict();
  EXPECT_FALSE(verdict.usable);
  EXPECT_NE(verdict.why.find("Kernel panic"), std::string::npos) << verdict.why;
}

TEST(Canary, AsksTheGuestOnceAndKeepsEitherVerdict) {
  for (const bool usable : {true, false}) {
    Machine machine;
    usable ? machine.boots() : machine.hangs();
    const auto first = machine.verdict();
    usable ? machine.hangs() : machine.boots();
    const auto second = machine.verdict();
    EXPECT_EQ(second.usable, usable);
    EXPECT_EQ(second.why, first.why);
    EXPECT_EQ(machine.hypervisor.started.size(), 1U);
  }
}

TEST(Canary, AsksAgainWhenWhatTheVerdictDependsOnHasChanged) {
  Machine machine;
  machine.hangs();
  EXPECT_FALSE(machine.verdict().usable);
  machine.boots();
  machine.kernel = "another";
  EXPECT_TRUE(machine.verdict().usable);
  machine.hangs();
  machine.device = "/dev/zero";
  EXPECT_FALSE(machine.verdict().usable);
  EXPECT_EQ(machine.hypervisor.started.size(), 3U);
}

TEST(Canary, AsksAgainWhenTheKeptVerdictCannotBeRead) {
  Machine machine;
  machine.boots();
  machine.verdict();
  for (const char* broken : {"", "{", "[]", R"({"usable":"yes"})"}) {
    std::ofstream(machine.cache()) << broken;
    EXPECT_TRUE(machine.verdict().usable) << broken;
  }
  EXPECT_EQ(machine.hypervisor.started.size(), 5U);
}

TEST(Canary, SaysWhichKeptVerdictCouldNotBeReadAndKeepsAnother) {
  Machine machine;
  machine.boots();
  const std::string first = machine.verdict().why;
  std::ofstream(machine.cache()) << std::string(100'000, '[');
  const std::string second = machine.verdict().why;
  EXPECT_NE(second.find(machine.cache().string() + ": deeper than 64 levels"), std::string::npos)
      << second;
  EXPECT_EQ(machine.verdict().why, first);
  EXPECT_EQ(machine.hypervisor.started.size(), 2U);
}

TEST(Canary, BootsNothingWhereTheDeviceCannotBeOpened) {
  Machine machine;
  machine.device = "/nonexistent/kvm";
  machine.boots();
  const auto verdict = machine.verdict();
  EXPECT_FALSE(verdict.usable);
  EXPECT_EQ(verdict.why, "/nonexistent/kvm: No such file or directory");
  EXPECT_EQ(machine.hypervisor.started.size(), 0U);
}

TEST(Canary, SaysWhyQemuRefusedAndAsksAgainNextTime) {
  Machine machine;
  machine.hypervisor.refusal = "failed to set MSR 0x10a";
  const auto verdict = machine.verdict();
  EXPECT_FALSE(verdict.usable);
  EXPECT_NE(verdict.why.find("failed to set MSR 0x10a"), std::string::npos) << verdict.why;
  machine.hypervisor.refusal.clear();
  machine.boots();
  EXPECT_TRUE(machine.verdict().usable);
}
