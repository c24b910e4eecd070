#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/file_hashes.h"
#include "orchestrator/campaign/kernel_run.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/sha256.h"
#include "tests/support/answering_hypervisor.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/scratch_folder.h"

/// That what is booted is the kernel whose hash the result has.
namespace brokenpipe {
namespace {

using testing::AnsweringHypervisor;
using testing::completed_answer;
using ::testing::HasSubstr;
using testing::one_answer;
using ::testing::SizeIs;

const std::string release = "6.1.0-47-cloud-amd64";

/// A stored kernel with a module that the scenarios need.
struct Bench {
  Bench() {
    make_directories(module.parent_path());
    kernel.id = "debian-6.1";
    kernel.release = release;
    kernel.image = stored / "vmlinuz";
    write_file(kernel.image, test::fake_bzimage(release));
    write_file(module, test::fake_module({"depends=\0", 9}));
    kernel.sha256 = sha256_file(kernel.image);
    kernel.modules = stored / "lib/modules" / release;
    kernel.hashes = file_hashes_in(stored, write_file_hashes(hash_files(stored)));
    order.probe = folder.path() / "probe";
    write_file(order.probe, "a probe");
    order.identity = {"0.1.0", sha256_file(order.probe), {"tcp/x"}};
    order.modules = {{"tls", true}};
    order.cache = folder.path() / "cache";
    order.limits = {.boot = std::chrono::milliseconds(50),
                    .no_progress = std::chrono::milliseconds(50),
                    .hard = std::chrono::seconds(1)};
  }

  RunResult run() {
    return run_kernel(hypervisor, order, kernel, folder.path() / "console.txt", {}, {});
  }

  testing::ScratchFolder folder;
  std::filesystem::path stored = folder.path() / "stored";
  std::filesystem::path module = stored / "lib/modules" / release / "tls.ko";
  StoredKernel kernel;
  GuestOrder order;
  std::vector<std::string> booted;  ///< what QEMU would have read
  AnsweringHypervisor hypervisor{[this](const BootSpec& spec) {
    booted.push_back(read_file(spec.kernel));
    return one_answer(release, completed_answer);
  }};
};

void flip_a_byte(const std::filesystem::path& file) {
  std::string content = read_file(file);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  write_file(file, content);
}

TEST(BootIdentity, AGuestsKernelLiesWithItsOtherFilesAndNowhereElse) {
  Bench bench;
  EXPECT_EQ(bench.run().kernel.sha256, bench.kernel.sha256);
  ASSERT_THAT(bench.booted, SizeIs(1));
  EXPECT_EQ(bench.booted[0], test::fake_vmlinux(release, true));
  const BootSpec& spec = bench.hypervisor.started.at(0);
  EXPECT_EQ(spec.kernel.parent_path(), spec.initrd.parent_path());
}

TEST(BootIdentity, AnotherImageThanTheOneWhoseHashTheResultWouldHaveIsNotBooted) {
  Bench bench;
  flip_a_byte(bench.kernel.image);
  EXPECT_THROW(bench.run(), Error);
  write_file(bench.kernel.image, test::fake_bzimage("6.1.0-48-cloud-amd64"));
  try {
    bench.run();
    FAIL() << "it was booted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(bench.kernel.image.string()));
  }
  EXPECT_THAT(bench.booted, SizeIs(0));
}

TEST(BootIdentity, ACachedVmlinuxThatWasChangedIsNotBooted) {
  Bench bench;
  bench.run();
  flip_a_byte(bench.order.cache / (bench.kernel.sha256 + ".vmlinux"));
  bench.run();
  ASSERT_THAT(bench.booted, SizeIs(2));
  EXPECT_EQ(bench.booted[1], test::fake_vmlinux(release, true));
}

TEST(BootIdentity, AModuleThatWasChangedIsNotLoaded) {
  Bench bench;
  EXPECT_THAT(bench.run().guest.modules, ::testing::ElementsAre("tls"));
  flip_a_byte(bench.module);
  try {
    bench.run();
    FAIL() << "it was booted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(bench.module.string()));
  }
  EXPECT_THAT(bench.booted, SizeIs(1));
}

}  // namespace
}  // namespace brokenpipe
