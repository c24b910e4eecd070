#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "images/kernel_store.h"
#include "images/sha256.h"
#include "orchestrator/boot.h"
#include "results/file.h"
#include "results/json_file.h"
#include "results/run_directory.h"
#include "tests/cli.h"
#include "tests/fake_kernel.h"
#include "tests/local_repository.h"
#include "tests/result_builder.h"

/// `brokenpipe bisect` over a mirror of its own, whose kernels have all been asked before: what it
/// finds and says, without a guest.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::Cli;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* scenario = "pipe/aio-pipe-no-reader";  // grounds: fs/aio.c, fs/pipe.c

class Bench {
 public:
  Bench() {
    catalogue = folder() / "kernels.json";
    write_file(catalogue, R"({"schema": 1, "kernels": [
      {"id": "debian-6.12", "series": "6.12", "flavour": "plain", "suites": ["bookworm"],
       "packages": ["linux-image-6\\.12\\.[0-9]+-amd64"], "role": "For a test."},
      {"id": "debian-7.2", "series": "7.2", "flavour": "plain", "suites": ["bookworm"],
       "packages": ["linux-image-7\\.2\\.[0-9]+-amd64"], "role": "For a test."},
      {"id": "debian-7.2-rt", "series": "7.2", "flavour": "rt", "suites": ["bookworm"],
       "packages": ["linux-image-7\\.2\\.[0-9]+-rt-amd64"], "role": "For a test."}]})");
    cli.environment = {"XDG_CACHE_HOME=" + (folder() / "cache").string()};
  }

  // A kernel on the mirror, and a run of old in which it answered so.
  void answered(const std::string& release, const std::string& error) {
    const std::string name = release + "-amd64";
    repository.add_package("bookworm", "linux-image-" + name, release + "-1",
                           {{"boot/vmlinuz-" + name, test::fake_bzimage(name)},
                            {"usr/share/doc/linux-image-" + name + "/changelog.gz",
                             test::compressed(changelog_of(release), "gzip")}});
    answers.emplace_back(release, error);
  }

  CommandResult bisect(const std::string& question, const std::string& from, const std::string& to,
                       const std::vector<std::string>& more = {}) {
    repository.publish("bookworm");
    KernelStore store(store_options());
    for (const auto& [release, error] : answers) keep_run(store, release, error);
    answers.clear();
    std::vector<std::string> words{"bisect",      question,
                                   "--from",      from,
                                   "--to",        to,
                                   "--store",     store.root().string(),
                                   "--out",       (folder() / "runs").string(),
                                   "--catalogue", catalogue.string(),
                                   "--mirror",    repository.mirror(),
                                   "--keyring",   repository.keyring().string()};
    words.insert(words.end(), more.begin(), more.end());
    return cli(words);
  }

  fs::path folder() const { return cli.folder(); }

 private:
  StoreOptions store_options() const {
    return {folder() / "store", repository.mirror(), repository.keyring(), {}};
  }

  static std::string changelog_of(const std::string& release) {
    return fmt::format(
        "linux ({0}-1) bookworm; urgency=medium\n\n  * New upstream stable update:\n"
        "    - fs/pipe: as in {0}\n    - drm: not in pipes, {0}\n\n"
        "linux (6.12.1-1) bookworm; urgency=medium\n\n  * Begin\n",
        release);
  }

  void keep_run(KernelStore& store, const std::string& release, const std::string& error) const {
    const CatalogueEntry entry{"", "",    "plain", {"bookworm"}, {".*-" + release + "-amd64"},
                               "", false, false};
    const StoredKernel kernel =
        store.fetch({{entry, release}}, Freshness::stored_is_enough).at(0).value();
    RunResult earlier =
        result(kernel.release, {completed(scenario, {step("io_submit#1", {{"returned", 1}}),
                                                     step("io_getevents#1", {{"errno", error}})})});
    earlier.kernel.id = "debian-" + release;
    earlier.kernel.version = "#1 SMP Debian " + kernel.version;
    earlier.kernel.package = kernel.package;
    earlier.kernel.sha256 = kernel.sha256;
    earlier.probe = {probe_version(), sha256_file(BROKENPIPE_PROBE), {}};
    const fs::path cache = folder() / "cache/brokenpipe/kernels";
    const BootVariant variant = boot_ladder(boot_image(kernel.image, cache)).at(0);
    earlier.guest.boot_image = variant.name;
    earlier.guest.cmdline = kernel_command_line(variant, Clock::warp, Accelerator::tcg, "");

    RunRecord record;
    record.id = "run-" + release;
    record.started = "2026-11-22T16:00:00Z";
    record.command_line = {"brokenpipe", "run"};
    record.kernels = {{earlier.kernel.id, KernelState::planned, ""}};
    RunDirectory::create(folder() / "runs", record).keep(earlier);
  }

  static std::string probe_version() {
    return nlohmann::json::parse(run_command({BROKENPIPE_PROBE, "--list"}).out).at("version");
  }

  Cli cli;
  test::LocalRepository repository;
  fs::path catalogue;
  std::vector<std::pair<std::string, std::string>> answers;
};

void answer_with_one_change(Bench& bench) {
  for (const char* release : {"6.12.1", "6.12.2", "6.12.3"}) bench.answered(release, "EAGAIN");
  for (const char* release : {"6.12.5", "6.12.8", "6.12.9"}) bench.answered(release, "EPIPE");
}

TEST(BisectCommand, FindsTheTwoNeighboursAndWhatTheChangelogSays) {
  Bench bench;
  answer_with_one_change(bench);
  const CommandResult found = bench.bisect(scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out,
              AllOf(HasSubstr("The answer changes between debian-6.12.3 and debian-6.12.5."),
                    HasSubstr("EAGAIN"), HasSubstr("EPIPE"), HasSubstr("fs/pipe: as in 6.12.5"),
                    Not(HasSubstr("not in pipes"))));
  EXPECT_THAT(found.err, Not(HasSubstr("booting")));
}

TEST(BisectCommand, OneStepDecidesWhereOneIsNamed) {
  Bench bench;
  answer_with_one_change(bench);
  const CommandResult alike =
      bench.bisect(std::string(scenario) + "#io_submit#1", "debian-6.12.1", "debian-6.12.9");
  EXPECT_EQ(alike.exit_status, 1) << alike.err;
  EXPECT_THAT(alike.out, HasSubstr("nothing to bisect"));
}

TEST(BisectCommand, TellsPrograms) {
  Bench bench;
  answer_with_one_change(bench);
  const CommandResult found = bench.bisect(std::string(scenario) + "#io_getevents#1", "debian-6.12",
                                           "debian-6.12.1", {"--json"});
  ASSERT_EQ(found.exit_status, 0) << found.err;
  const auto json = nlohmann::json::parse(found.out);
  EXPECT_EQ(json.at("before"), "debian-6.12.3");
  EXPECT_EQ(json.at("after"), "debian-6.12.5");
  EXPECT_EQ(json.at("changelog").get<std::vector<std::string>>(),
            std::vector<std::string>{"fs/pipe: as in 6.12.5"});
}

TEST(BisectCommand, AcrossSeriesItGoesOnInTheYoungerOne) {
  Bench bench;
  bench.answered("6.12.9", "EAGAIN");
  bench.answered("7.2.1", "EAGAIN");
  bench.answered("7.2.4", "EPIPE");
  const CommandResult found = bench.bisect(scenario, "debian-6.12", "debian-7.2");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("between debian-7.2.1 and debian-7.2.4."));
}

TEST(BisectCommand, BetweenTwoSeriesItSaysThatTheyAreBranches) {
  Bench bench;
  bench.answered("6.12.9", "EAGAIN");
  bench.answered("7.2.1", "EPIPE");
  bench.answered("7.2.4", "EPIPE");
  const CommandResult found = bench.bisect(scenario, "debian-6.12", "debian-7.2");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("between debian-6.12.9 and debian-7.2.1."),
                               HasSubstr("Stable series are branches")));
}

TEST(BisectCommand, MoreThanOneChangeIsSaid) {
  Bench bench;
  bench.answered("6.12.1", "EAGAIN");
  bench.answered("6.12.2", "EIO");
  bench.answered("6.12.3", "EPIPE");
  const CommandResult found = bench.bisect(scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_THAT(found.out, HasSubstr("the answer changes 2 times"));
}

TEST(BisectCommand, AStepThatNobodyMakesNamesNearOnes) {
  Bench bench;
  answer_with_one_change(bench);
  const CommandResult mistyped =
      bench.bisect(std::string(scenario) + "#io_submit#2", "debian-6.12.1", "debian-6.12.9");
  EXPECT_EQ(mistyped.exit_status, 2);
  EXPECT_THAT(mistyped.err, HasSubstr("io_submit#1"));
}

TEST(BisectCommand, AReleaseThatIsNotOnOfferNamesThoseThatAre) {
  Bench bench;
  answer_with_one_change(bench);
  const CommandResult missing = bench.bisect(scenario, "debian-6.12.4", "debian-6.12");
  EXPECT_EQ(missing.exit_status, 3);
  EXPECT_THAT(missing.err, HasSubstr("6.12.1, 6.12.2, 6.12.3, 6.12.5"));
}

TEST(BisectCommand, EndsThatMakeNoSenseAreMistakesOfUse) {
  Bench bench;
  answer_with_one_change(bench);
  EXPECT_EQ(bench.bisect(scenario, "debian-6.12.1", "host").exit_status, 2);
  EXPECT_EQ(bench.bisect(scenario, "debian-6.12.9", "debian-6.12").exit_status, 2);
  EXPECT_EQ(bench.bisect(scenario, "debian-6.12.1", "debian-7.2-rt").exit_status, 2);
  EXPECT_EQ(bench.bisect("pipe/*", "debian-6.12.1", "debian-6.12").exit_status, 2);
}

}  // namespace
}  // namespace brokenpipe
