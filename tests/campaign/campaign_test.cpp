#include "orchestrator/campaign/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/sha256.h"
#include "tests/support/answering_hypervisor.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/scratch_folder.h"

/// Campaigns, over guests that are made up and answer what a test says.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::AnsweringHypervisor;
using testing::completed_answer;
using testing::GuestAnswers;
using ::testing::HasSubstr;
using testing::one_answer;

// Kernels that are files with the right headers, and a folder for the runs.
struct Bench {
  Bench() {
    options.order.probe = folder.path() / "probe";
    write_file(options.order.probe, "a probe");
    options.order.identity = {"0.1.0", sha256_file(options.order.probe), {}};
    options.order.scenarios = 1;
    options.order.cache = folder.path() / "cache";
    options.order.limits = {.boot = std::chrono::milliseconds(50),
                            .no_progress = std::chrono::milliseconds(50),
                            .hard = std::chrono::seconds(1)};
    options.earlier_runs = folder.path() / "runs";
  }

  ReadyKernel kernel(const std::string& series) const {
    StoredKernel stored;
    stored.release = series + ".0-1-amd64";
    stored.image = folder.path() / ("vmlinuz-" + series);
    write_file(stored.image, test::fake_bzimage(stored.release));
    stored.sha256 = sha256_file(stored.image);
    return {"debian-" + series, stored};
  }

  /// What the last run told on its way.
  fs::path told() const { return folder.path() / "told"; }

  RunDirectory run(const std::vector<ReadyKernel>& kernels, AnsweringHypervisor& hypervisor,
                   const std::stop_token& stop = {}) {
    RunRecord record;
    record.id = "run-" + std::to_string(++runs);
    record.started = "2026-11-22T16:00:00Z";
    record.command_line = {"brokenpipe", "run"};
    for (const ReadyKernel& ready : kernels) {
      PlannedKernel planned;
      planned.id = ready.id;
      record.kernels.push_back(planned);
    }
    RunDirectory directory = RunDirectory::create(folder.path() / "runs", record);
    std::FILE* out = std::fopen(told().c_str(), "w");
    {
      Progress progress(out, false, {});
      run_campaign([&]() -> Hypervisor& { return hypervisor; }, kernels, options, directory,
                   progress, stop);
    }
    std::fclose(out);
    return directory;
  }

  testing::ScratchFolder folder;
  CampaignOptions options;
  int runs = 0;
};

// Says that it is the kernel which was booted, and answers.
GuestAnswers truthful(const BootSpec& spec) {
  const std::string name = spec.name;
  const std::string series = name.substr(name.rfind('-') + 1);
  return one_answer(series + ".0-1-amd64", completed_answer);
}

const PlannedKernel& planned(const RunDirectory& directory, const std::string& id) {
  for (const PlannedKernel& kernel : directory.run().kernels) {
    if (kernel.id == id) return kernel;
  }
  throw std::runtime_error("not planned: " + id);
}

TEST(Campaign, KeepsEveryKernelsResultAndFinishes) {
  Bench bench;
  bench.options.jobs = 2;
  AnsweringHypervisor hypervisor(truthful);
  const RunDirectory directory =
      bench.run({bench.kernel("5.10"), bench.kernel("6.1"), bench.kernel("6.12")}, hypervisor);
  EXPECT_TRUE(directory.run().finished);
  for (const char* id : {"debian-5.10", "debian-6.1", "debian-6.12"}) {
    EXPECT_EQ(planned(directory, id).state, KernelState::done) << id;
    EXPECT_EQ(directory.result(id).value().observations.size(), 1U) << id;
  }
}

TEST(Campaign, TheRunSaysWhatItsGuestsWereBootedWith) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  const RunDirectory directory = bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(RunDirectory::open(directory.path()).run().qemu, "7.2.22");
}

TEST(Campaign, OneKernelsFailureLeavesTheOthersAlone) {
  Bench bench;
  AnsweringHypervisor hypervisor([](const BootSpec& spec) {
    return spec.name.ends_with("6.1") ? one_answer("4.19.0", completed_answer) : truthful(spec);
  });
  const RunDirectory directory = bench.run({bench.kernel("6.1"), bench.kernel("6.12")}, hypervisor);
  EXPECT_EQ(planned(directory, "debian-6.1").state, KernelState::failed);
  EXPECT_THAT(planned(directory, "debian-6.1").reason, HasSubstr("4.19.0"));
  EXPECT_EQ(planned(directory, "debian-6.12").state, KernelState::done);
}

TEST(Campaign, TakesOverWhatTheSameKernelAnsweredTheSameProbe) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1")}, hypervisor);
  const RunDirectory second = bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 1U);
  EXPECT_EQ(planned(second, "debian-6.1").state, KernelState::done);
  EXPECT_EQ(second.result("debian-6.1").value().observations.size(), 1U);
}

TEST(Campaign, ASwappedModuleIsAskedAfresh) {
  Bench bench;
  bench.options.order.modules = {{"sctp"}};
  ReadyKernel kernel = bench.kernel("6.1");
  kernel.stored->modules = bench.folder.path() / "modules";
  make_directories(kernel.stored->modules);
  const auto put = [&](const char* modinfo) {
    write_file(kernel.stored->modules / "sctp.ko", test::fake_module(modinfo));
  };
  put("license=GPL");
  AnsweringHypervisor hypervisor(truthful);
  bench.run({kernel}, hypervisor);
  bench.run({kernel}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 1U);
  put("license=BSD");
  bench.run({kernel}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
  put("license=GPL");
  bench.run({kernel}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
}

TEST(Campaign, UnderAnotherQemuAKernelIsAskedAfresh) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1")}, hypervisor);
  hypervisor.qemu = "7.2.23";
  bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
  bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
}

TEST(Campaign, AResultThatDoesNotSayWhatItsGuestWasMadeOfIsNotTakenOver) {
  using Forget = std::function<void(GuestRun&)>;
  for (const Forget& forget : {Forget([](GuestRun& guest) { guest.initramfs.clear(); }),
                               Forget([](GuestRun& guest) { guest.domain.clear(); }),
                               Forget([](GuestRun& guest) { guest.libvirt.clear(); }),
                               Forget([](GuestRun& guest) { guest.accelerator = "kvm"; }),
                               Forget([](GuestRun& guest) { guest.modules = {"sctp"}; })}) {
    Bench bench;
    AnsweringHypervisor hypervisor(truthful);
    const RunDirectory first = bench.run({bench.kernel("6.1")}, hypervisor);
    RunResult result = first.result("debian-6.1").value();
    forget(result.guest);
    write_run_result(first.result_file("debian-6.1"), result);
    bench.run({bench.kernel("6.1")}, hypervisor);
    EXPECT_EQ(hypervisor.started.size(), 2U);
  }
}

TEST(Campaign, AKernelWhoseConfigurationHasComeSinceIsAskedAfresh) {
  Bench bench;
  bench.options.order.features = {{"sctp", {}, {"IP_SCTP"}}};
  ReadyKernel kernel = bench.kernel("6.1");
  AnsweringHypervisor hypervisor(truthful);
  bench.run({kernel}, hypervisor);
  kernel.stored->config = bench.folder.path() / "config";
  write_file(kernel.stored->config, "# Linux/x86 6.1.170 Kernel Configuration\n");
  const RunDirectory second = bench.run({kernel}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
  EXPECT_TRUE(second.result("debian-6.1").value().lacks.contains("sctp"));
}

TEST(Campaign, TheHypervisorIsNotCalledForAResultOfAnotherProbe) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1")}, hypervisor);
  ReadyKernel kernel = bench.kernel("6.1");
  const auto none = []() -> Hypervisor& { throw Error("asking", "there is none"); };
  const fs::path runs = *bench.options.earlier_runs;
  EXPECT_THROW(earlier_result(runs, kernel, bench.options.order, none, {}), Error);
  bench.options.order.identity.sha256 = "another";
  EXPECT_FALSE(earlier_result(runs, kernel, bench.options.order, none, {}));
}

TEST(Campaign, ADamagedResultOfOldIsNamedOnceAndNoReasonNotToRun) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  const std::vector<ReadyKernel> kernels{bench.kernel("6.1"), bench.kernel("6.12")};
  const RunDirectory first = bench.run(kernels, hypervisor);
  const fs::path file = first.result_file("debian-6.1");
  std::string text = read_file(file);
  const std::string number = R"("boot": )";
  write_file(file, text.replace(text.find(number) + number.size(), 0, "1e999"));
  const RunDirectory second = bench.run(kernels, hypervisor);
  EXPECT_TRUE(second.run().finished);
  EXPECT_EQ(hypervisor.started.size(), 3U) << "the other kernel's is good";
  EXPECT_THAT(read_file(bench.told()), HasSubstr("passing over an unreadable run"));
  EXPECT_THAT(read_file(bench.told()), HasSubstr(file.string()));

  const fs::path record = first.path() / "run.json";
  write_file(record, "{");
  write_file(second.path() / "run.json", "{");
  bench.run(kernels, hypervisor);
  const std::string told = read_file(bench.told());
  EXPECT_NE(told.find(record.string()), std::string::npos);
  EXPECT_EQ(told.find(record.string()), told.rfind(record.string()));
}

TEST(Campaign, WhatIsLeftOfARunDoesNotStumbleOverALostResult) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  RunDirectory directory = bench.run({bench.kernel("6.1")}, hypervisor);
  const std::vector<KernelChoice> choices{{"debian-6.1", {}, {}, {}}};
  const ProbeIdentity& probe = bench.options.order.identity;
  EXPECT_TRUE(left_to_do(directory, probe, choices).empty());
  fs::remove(directory.result_file("debian-6.1"));
  EXPECT_EQ(left_to_do(directory, probe, choices).size(), 1U);
}

TEST(Campaign, APointReleaseTakesOverWhatItAnsweredAsTheNewestOfItsSeries) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  ReadyKernel kernel = bench.kernel("6.1");
  kernel.stored->id = kernel.id;
  bench.run({kernel}, hypervisor);
  kernel.id = "debian-6.1.0";
  const RunDirectory second = bench.run({kernel}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 1U);
  EXPECT_EQ(second.result("debian-6.1.0").value().kernel.id, "debian-6.1.0");
}

TEST(Campaign, WhatIsTakenOverKeepsItsConsole) {
  Bench bench;
  AnsweringHypervisor hypervisor([](const BootSpec& spec) {
    GuestAnswers answers = truthful(spec);
    answers.console = "Linux version 6.1";
    return answers;
  });
  bench.run({bench.kernel("6.1")}, hypervisor);
  const RunDirectory second = bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_THAT(read_file(second.console_file("debian-6.1")), HasSubstr("Linux version 6.1"));
}

TEST(Campaign, WhatIsNotGoodEnoughIsAskedAfresh) {
  Bench bench;
  bench.options.good_enough = [](const RunResult& result) {
    return result.kernel.id != "debian-6.1";
  };
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1"), bench.kernel("6.12")}, hypervisor);
  bench.run({bench.kernel("6.1"), bench.kernel("6.12")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 3U);
}

TEST(Campaign, AnotherProbeIsAskedAfresh) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1")}, hypervisor);
  bench.options.order.identity.sha256 = "another";
  bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
}

TEST(Campaign, AnotherKernelCommandLineIsAskedAfresh) {
  Bench bench;
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1")}, hypervisor);
  bench.options.order.append = "loglevel=7";
  bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
}

TEST(Campaign, UnderTheRealClockEveryRunIsASecondLook) {
  Bench bench;
  bench.options.order.clock = Clock::real;
  AnsweringHypervisor hypervisor(truthful);
  bench.run({bench.kernel("6.1")}, hypervisor);
  bench.run({bench.kernel("6.1")}, hypervisor);
  EXPECT_EQ(hypervisor.started.size(), 2U);
}

TEST(Campaign, RepeatsThatDisagreeAreKept) {
  Bench bench;
  bench.options.repeat = 3;
  int asked = 0;
  AnsweringHypervisor hypervisor([&](const BootSpec&) {
    std::string answer = completed_answer;
    if (++asked == 2) answer.replace(answer.find("EPIPE"), 5, "EIO");
    return one_answer("6.1.0-1-amd64", answer);
  });
  const RunDirectory directory = bench.run({bench.kernel("6.1")}, hypervisor);
  const RunResult result = directory.result("debian-6.1").value();
  ASSERT_EQ(result.observations.at(0).disagreeing.size(), 1U);
  EXPECT_EQ(result.observations[0].disagreeing[0].steps.at(0).seen.at("errno"), "EIO");
}

TEST(Campaign, AStopBetweenRepeatsLeavesTheKernelToBeDone) {
  Bench bench;
  bench.options.repeat = 2;
  std::stop_source stop;
  AnsweringHypervisor hypervisor([&](const BootSpec& spec) {
    stop.request_stop();
    return truthful(spec);
  });
  const RunDirectory directory = bench.run({bench.kernel("6.1")}, hypervisor, stop.get_token());
  EXPECT_NE(planned(directory, "debian-6.1").state, KernelState::done);
}

TEST(Campaign, AKernelWhoseFailureCannotBeWrittenDownKeepsNoOtherFromRunning) {
  Bench bench;
  AnsweringHypervisor hypervisor([&](const BootSpec& spec) {
    fs::remove_all(bench.folder.path() / "runs");
    return truthful(spec);
  });
  EXPECT_THROW(bench.run({bench.kernel("6.1"), bench.kernel("6.12")}, hypervisor), Error);
  EXPECT_EQ(hypervisor.started.size(), 2U);
}

TEST(Campaign, StopsWhereItIsAskedToAndIsNotFinishedThen) {
  Bench bench;
  std::stop_source stop;
  AnsweringHypervisor hypervisor([&](const BootSpec& spec) {
    stop.request_stop();
    return truthful(spec);
  });
  const RunDirectory directory =
      bench.run({bench.kernel("6.1"), bench.kernel("6.12")}, hypervisor, stop.get_token());
  EXPECT_FALSE(directory.run().finished);
  EXPECT_EQ(planned(directory, "debian-6.12").state, KernelState::planned);
}

}  // namespace
}  // namespace brokenpipe
