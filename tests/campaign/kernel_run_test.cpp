#include "orchestrator/campaign/kernel_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "tests/support/answering_hypervisor.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/scratch_folder.h"

/// One kernel from its image to its result, in guests that are made up.
namespace brokenpipe {
namespace {

using testing::AnsweringHypervisor;
using testing::completed_answer;
using testing::GuestAnswers;
using ::testing::HasSubstr;
using testing::one_answer;

// A kernel and a probe that are files with the right headers and no more.
struct Bench {
  Bench() {
    kernel.id = "debian-6.1";
    kernel.release = "6.1.0-47-cloud-amd64";
    kernel.package = "linux-image-6.1.0-47-cloud-amd64=6.1.170-3";
    kernel.image = folder.path() / "vmlinuz";
    write_file(kernel.image, test::fake_bzimage("6.1.0-47-cloud-amd64"));
    kernel.sha256 = sha256_file(kernel.image);
    order.probe = folder.path() / "probe";
    write_file(order.probe, "a probe");
    order.identity = {"0.1.0", sha256_file(order.probe), {"tcp/x"}};
    order.scenarios = 1;
    order.cache = folder.path() / "cache";
    order.limits = {.boot = std::chrono::milliseconds(50),
                    .no_progress = std::chrono::milliseconds(50),
                    .hard = std::chrono::seconds(1)};
  }

  RunResult run(Hypervisor& hypervisor) const {
    return run_kernel(hypervisor, order, kernel, folder.path() / "console.txt", {}, {});
  }

  testing::ScratchFolder folder;
  StoredKernel kernel;
  GuestOrder order;
};

std::vector<std::string> rungs(const AnsweringHypervisor& hypervisor) {
  std::vector<std::string> files;
  for (const BootSpec& spec : hypervisor.started) {
    files.push_back(spec.kernel.filename().string() + (spec.acpi ? "" : " without ACPI"));
  }
  return files;
}

TEST(KernelRun, KeepsWhatTheGuestSaysOfItselfAndWhatItSaw) {
  const Bench bench;
  AnsweringHypervisor hypervisor(
      [&](const BootSpec&) { return one_answer(bench.kernel.release, completed_answer); });
  const RunResult result = bench.run(hypervisor);
  EXPECT_EQ(result.guest.ending, GuestEnding::finished);
  EXPECT_EQ(result.kernel.release, "6.1.0-47-cloud-amd64");
  EXPECT_EQ(result.kernel.version, "#1 SMP");
  EXPECT_EQ(result.kernel.sha256, bench.kernel.sha256);
  EXPECT_EQ(result.guest.boot_image, "pvh");
  EXPECT_EQ(result.guest.clock, "warp");
  ASSERT_EQ(result.observations.size(), 1U);
  EXPECT_EQ(result.observations[0].steps.at(0).seen.at("errno"), "EPIPE");
}

TEST(KernelRun, TwoGuestsOfOneKernelGetTheSameBytes) {
  const Bench bench;
  AnsweringHypervisor hypervisor(
      [&](const BootSpec&) { return one_answer(bench.kernel.release, completed_answer); });
  bench.run(hypervisor);
  bench.run(hypervisor);
  ASSERT_EQ(hypervisor.initramfs.size(), 2U);
  EXPECT_EQ(hypervisor.initramfs[0], hypervisor.initramfs[1]);
  EXPECT_EQ(hypervisor.started[0].cmdline, hypervisor.started[1].cmdline);
}

TEST(KernelRun, AGuestThatSaysItIsAnotherKernelIsAnErrorThatNamesBoth) {
  const Bench bench;
  AnsweringHypervisor hypervisor(
      [](const BootSpec&) { return one_answer("5.10.0-30-cloud-amd64", completed_answer); });
  try {
    bench.run(hypervisor);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("5.10.0-30-cloud-amd64"));
    EXPECT_THAT(error.what(), HasSubstr("6.1.0-47-cloud-amd64"));
  }
}

TEST(KernelRun, ClimbsTheLadderWhileTheKernelDoesNotComeUp) {
  const Bench bench;
  AnsweringHypervisor hypervisor([&](const BootSpec& spec) {
    return spec.cmdline.find("no5lvl") == std::string::npos
               ? GuestAnswers{}
               : one_answer(bench.kernel.release, completed_answer);
  });
  EXPECT_EQ(bench.run(hypervisor).guest.boot_image, "bzimage-no5lvl");
  EXPECT_EQ(hypervisor.started.size(), 3U);
}

TEST(KernelRun, BeginsAtTheRungThatWorkedBefore) {
  const Bench bench;
  AnsweringHypervisor hypervisor([&](const BootSpec& spec) {
    return spec.kernel.filename() == "vmlinuz" ? one_answer(bench.kernel.release, completed_answer)
                                               : GuestAnswers{};
  });
  bench.run(hypervisor);
  bench.run(hypervisor);
  EXPECT_EQ(rungs(hypervisor).back(), "vmlinuz");
  EXPECT_EQ(hypervisor.started.size(), 3U);
}

TEST(KernelRun, AKernelThatCameUpIsNotBootedAnotherWay) {
  const Bench bench;
  AnsweringHypervisor hypervisor([](const BootSpec&) {
    return GuestAnswers{.console = "[    1.0] Run /init as init process\n"};
  });
  const RunResult result = bench.run(hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 1U);
  EXPECT_EQ(result.guest.ending, GuestEnding::died);
  EXPECT_TRUE(result.observations.empty());
}

TEST(KernelRun, APanicKeepsTheConsoleAndTheRecordsBeforeIt) {
  const Bench bench;
  AnsweringHypervisor hypervisor([&](const BootSpec&) {
    GuestAnswers answers = one_answer(bench.kernel.release, completed_answer);
    answers.payloads.pop_back();
    answers.console = "[    2.0] Kernel panic - not syncing: a test\n";
    return answers;
  });
  const RunResult result = bench.run(hypervisor);
  EXPECT_EQ(result.guest.ending, GuestEnding::panic);
  EXPECT_EQ(result.observations.size(), 1U);
  EXPECT_THAT(read_file(bench.folder.path() / "console.txt"), HasSubstr("Kernel panic"));
}

TEST(KernelRun, AnOddRecordCostsNothingOfWhatIsBesideIt) {
  for (const std::string odd :
       {R"({"scenario":"tcp/y"})", R"({"record":"observation","scenario":"tcp/y"})",
        R"({"record":"probe","release":7})", R"({"record":"begin"})", R"({"record":{}})"}) {
    const Bench bench;
    AnsweringHypervisor hypervisor([&](const BootSpec&) {
      GuestAnswers answers = one_answer(bench.kernel.release, completed_answer);
      answers.payloads.insert(answers.payloads.begin() + 1, odd);
      answers.console = "Linux version 6.1\n";
      return answers;
    });
    const RunResult result = bench.run(hypervisor);
    EXPECT_EQ(result.guest.ending, GuestEnding::truncated) << odd;
    EXPECT_THAT(result.guest.reason, HasSubstr("the records are damaged: frame 1 (byte ")) << odd;
    EXPECT_EQ(result.kernel.release, bench.kernel.release) << odd;
    EXPECT_EQ(result.observations.size(), 1U) << odd;
    EXPECT_EQ(read_file(bench.folder.path() / "console.txt"), "Linux version 6.1\n") << odd;
  }
}

TEST(KernelRun, AResultOfWhateverAGuestSaysCanBeReadAgain) {
  std::string deep = completed_answer;
  deep.insert(deep.find("\"returned\""), "\"list\":" + std::string(100'000, '['));
  std::string beyond = completed_answer;
  beyond.replace(beyond.find("-1"), 2, "1e999");
  for (const std::string& odd : {deep, beyond, completed_answer + completed_answer}) {
    const Bench bench;
    AnsweringHypervisor hypervisor([&](const BootSpec&) {
      GuestAnswers answers = one_answer(bench.kernel.release, completed_answer);
      answers.payloads.insert(answers.payloads.end() - 1, {odd, completed_answer});
      return answers;
    });
    const RunResult result = bench.run(hypervisor);
    EXPECT_THAT(result.guest.reason, HasSubstr("2 places, the first: frame 3"));
    write_run_result(bench.folder.path() / "result.json", result);
    EXPECT_EQ(read_run_result(bench.folder.path() / "result.json"), result);
  }
}

TEST(KernelRun, OfALogThatIsTooLongTheBeginningIsKept) {
  Bench bench;
  bench.order.limits.console = 8;
  AnsweringHypervisor hypervisor([&](const BootSpec&) {
    GuestAnswers answers = one_answer(bench.kernel.release, completed_answer);
    answers.console = "Linux version 6.1\n";
    return answers;
  });
  EXPECT_EQ(bench.run(hypervisor).guest.ending, GuestEnding::finished);
  EXPECT_THAT(read_file(bench.folder.path() / "console.txt"),
              ::testing::StartsWith("Linux ve\n[brokenpipe: "));
}

TEST(KernelRun, ALogThatCannotBeKeptCostsNoResult) {
  const Bench bench;
  AnsweringHypervisor hypervisor(
      [&](const BootSpec&) { return one_answer(bench.kernel.release, completed_answer); });
  std::vector<std::string> told;
  KernelRunEvents events;
  events.event = [&](const std::string& what) { told.push_back(what); };
  const RunResult result = run_kernel(hypervisor, bench.order, bench.kernel,
                                      bench.folder.path() / "nowhere" / "console.txt", events, {});
  EXPECT_EQ(result.guest.ending, GuestEnding::finished);
  EXPECT_EQ(result.observations.size(), 1U);
  EXPECT_THAT(told, ::testing::Contains(HasSubstr("warning: writing ")));
}

TEST(KernelRun, ABareVmlinuxWithoutAPvhNoteCannotBeBooted) {
  Bench bench;
  write_file(bench.kernel.image, test::fake_vmlinux("6.1.0", false));
  AnsweringHypervisor hypervisor([](const BootSpec&) { return GuestAnswers{}; });
  EXPECT_THROW(bench.run(hypervisor), Error);
}

const std::string wants_sctp =
    R"({"record":"observation","scenario":"tcp/x","ending":"unsupported",)"
    R"("reason":"no sctp: socket: EPROTONOSUPPORT","feature":"sctp","steps":[]})";

// A kernel that answers that it has no sctp.
struct Lacking : Bench {
  Lacking() { order.features = {{"sctp", {{"sctp"}}, {"IP_SCTP"}}}; }

  RunResult answer(const std::string& observation, const std::string& modules_failed = {}) const {
    AnsweringHypervisor hypervisor([&](const BootSpec&) {
      GuestAnswers answers = one_answer(kernel.release, observation);
      if (!modules_failed.empty()) {
        answers.payloads.at(0).insert(1, R"("modules_failed":)" + modules_failed + ",");
      }
      return answers;
    });
    return run(hypervisor);
  }

  void configured(const std::string& symbols) {
    kernel.config = folder.path() / "config";
    write_file(kernel.config, "# Linux/x86 6.1.170 Kernel Configuration\n" + symbols);
  }
};

TEST(KernelRun, AModuleThatFailedToLoadIsKeptAndIsWhyTheScenarioWasNotAsked) {
  const Lacking bench;
  const RunResult result = bench.answer(wants_sctp, R"({"sctp":"ENOMEM"})");
  EXPECT_THAT(result.guest.modules_failed,
              ::testing::ElementsAre(::testing::Pair("sctp", "ENOMEM")));
  EXPECT_EQ(result.observations.at(0).reason,
            "no sctp: socket: EPROTONOSUPPORT; module sctp failed to load: ENOMEM");
  EXPECT_EQ(result.observations[0].feature, "sctp");
}

TEST(KernelRun, ModulesThatAreNotToBeHadAreWhyTheScenarioWasNotAsked) {
  Lacking bench;
  bench.kernel.modules_missing_because = "the mirror has them no more";
  EXPECT_THAT(bench.answer(wants_sctp).observations.at(0).reason,
              HasSubstr("; module sctp not to be had: the mirror has them no more"));
}

TEST(KernelRun, WhatTheKernelIsBuiltWithoutIsInItsResult) {
  Lacking bench;
  bench.kernel.modules_missing_because = "the mirror has them no more";
  bench.configured("# CONFIG_IP_SCTP is not set\n");
  const RunResult result = bench.answer(wants_sctp);
  EXPECT_THAT(result.lacks,
              ::testing::ElementsAre(::testing::Pair("sctp", "CONFIG_IP_SCTP is not set")));
  EXPECT_THAT(result.observations.at(0).reason, ::testing::EndsWith("; CONFIG_IP_SCTP is not set"));
}

TEST(KernelRun, AModuleThatIsConfiguredIsNoEvidenceOfAbsence) {
  Lacking bench;
  bench.configured("CONFIG_IP_SCTP=m\n");
  EXPECT_THAT(bench.answer(wants_sctp).lacks, ::testing::IsEmpty());
}

TEST(KernelRun, WhereAnErrnoProvesThatTheKernelLacksItNothingIsAdded) {
  Lacking bench;
  bench.kernel.modules_missing_because = "the mirror has them no more";
  std::string proven = wants_sctp;
  proven.insert(1, R"("proof":"EPROTONOSUPPORT",)");
  EXPECT_EQ(bench.answer(proven).observations.at(0).reason, "no sctp: socket: EPROTONOSUPPORT");
}

TEST(KernelRun, TheResultSaysWhatTheGuestWasMadeOf) {
  Lacking bench;
  const GuestRun first = bench.answer(completed_answer).guest;
  EXPECT_THAT(first.initramfs, ::testing::SizeIs(64));
  EXPECT_THAT(first.domain, ::testing::SizeIs(64));
  EXPECT_EQ(bench.answer(completed_answer).guest.initramfs, first.initramfs);
  EXPECT_EQ(bench.answer(completed_answer).guest.domain, first.domain);

  write_file(bench.order.probe, "another probe");
  EXPECT_NE(bench.answer(completed_answer).guest.initramfs, first.initramfs);
  EXPECT_EQ(bench.answer(completed_answer).guest.domain, first.domain);
  bench.order.append = "loglevel=7";
  EXPECT_NE(bench.answer(completed_answer).guest.domain, first.domain);
}

}  // namespace
}  // namespace brokenpipe
