#include "orchestrator/nightly/nightly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/sha256.h"
#include "tests/support/answering_hypervisor.h"
#include "tests/support/local_repository.h"
#include "tests/support/result_builder.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::AnsweringHypervisor;
using ::testing::ElementsAre;
using testing::GuestAnswers;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::one_answer;
using ::testing::SizeIs;
using Came = KernelNight::Came;

CatalogueEntry entry(const std::string& series) {
  CatalogueEntry entry;
  entry.id = "debian-" + series;
  entry.series = series;
  entry.suites = {"bookworm"};
  entry.packages = {"linux-image-" + series + R"(\.[0-9]+-amd64)"};
  return entry;
}

// A mirror with two series, a store, and guests that answer what the test says.
struct Bench {
  Bench() {
    const fs::path probe = repository.path() / "probe";
    write_file(probe, "a probe");
    options.state = repository.path() / "state";
    options.keep = 3;
    options.command_line = {"brokenpipe", "nightly"};
    options.campaign.order.probe = probe;
    options.campaign.order.identity = {"0.1.0", sha256_file(probe), {}};
    options.campaign.order.scenarios = 1;
    options.campaign.order.cache = repository.path() / "cache";
    options.campaign.order.limits = {.boot = std::chrono::milliseconds(50),
                                     .no_progress = std::chrono::milliseconds(50),
                                     .hard = std::chrono::seconds(1)};
    options.publish = [this](const std::vector<RunDirectory>& runs) { published = runs.size(); };
    offer("6.1", "6.1.47");
    offer("6.12", "6.12.9");
  }

  // Adds a point release to the mirror; its guests answer as those of the series did.
  void offer(const std::string& series, const std::string& point_release) {
    const std::string release = point_release + "-amd64";
    repository.add_kernel("bookworm", "linux-image-" + release, point_release + "-1");
    releases["debian-" + series] = release;
    publish_mirror();
  }

  // The mirror forgets a series; `from_store`: this machine does too.
  void withdraw(const std::string& series, bool from_store) const {
    const fs::path pool = repository.path() / "debian" / "pool" / "bookworm";
    for (const auto& deb : std::vector<fs::directory_entry>{fs::directory_iterator(pool), {}}) {
      if (deb.path().filename().string().starts_with("linux-image-" + series + ".")) {
        fs::remove(deb.path());
      }
    }
    publish_mirror();
    if (from_store) fs::remove_all(store_root() / "kernels");
  }

  void publish_mirror() const {
    repository.publish("bookworm");
    // Lists of an hour ago would do otherwise.
    fs::remove_all(store_root() / "apt");
  }

  fs::path store_root() const { return repository.path() / "store"; }

  NightReport night(const std::stop_token& stop = {}) {
    KernelStore store({store_root(), repository.mirror(), repository.keyring(), {}});
    std::FILE* out = std::fopen(told().c_str(), "w");
    NightReport report;
    {
      Progress progress(out, false, {});
      report = run_night([this]() -> Hypervisor& { return hypervisor; }, store, kernels, reference,
                         {}, options, progress, stop);
    }
    std::fclose(out);
    return report;
  }

  // What the last night told on its way.
  fs::path told() const { return repository.path() / "told"; }

  GuestAnswers answer(const BootSpec& spec) {
    const std::string id = spec.name.substr(std::string("brokenpipe-").size());
    if (before_answer) before_answer(id);
    if (answers[id].empty()) return {};
    return one_answer(releases.at(id), answers[id]);
  }

  static std::string says(const std::string& error) {
    return R"({"record":"observation","scenario":"tcp/x","ending":"completed","steps":[)"
           R"({"step":"send#1","call":"send","args":"1","returned":-1,"errno":")" +
           error + R"("}]})";
  }

  size_t booted() const { return hypervisor.started.size(); }

  test::LocalRepository repository;
  std::map<std::string, std::string> releases;
  std::map<std::string, std::string> answers = {{"debian-6.1", says("EPIPE")},
                                                {"debian-6.12", says("EPIPE")}};
  std::function<void(const std::string&)> before_answer;
  AnsweringHypervisor hypervisor{[this](const BootSpec& spec) { return answer(spec); }};
  std::vector<KernelChoice> kernels = {{"debian-6.1", entry("6.1"), {}, {}},
                                       {"debian-6.12", entry("6.12"), {}, {}}};
  RunResult reference = result(
      "3.16", {completed("tcp/x", {step("send#1", {{"returned", -1}, {"errno", "EPIPE"}})})});
  NightOptions options;
  size_t published = 0;
};

std::vector<Came> came(const NightReport& night) {
  std::vector<Came> all;
  for (const KernelNight& kernel : night.kernels) all.push_back(kernel.came);
  return all;
}

std::vector<std::string> nights_in(const Bench& bench) {
  std::vector<std::string> names;
  for (const auto& folder : fs::directory_iterator(bench.options.state / "runs")) {
    names.push_back(folder.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Nightly, TheFirstNightRunsEveryKernelAndPublishes) {
  Bench bench;
  const NightReport night = bench.night();
  EXPECT_THAT(came(night), ElementsAre(Came::ran, Came::ran));
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
  EXPECT_EQ(bench.published, 1U);
  EXPECT_THAT(read_file(bench.options.state / "summary.md"), HasSubstr("2 of 2 kernels run"));
}

TEST(Nightly, TheSecondNightBootsNothingAndFindsNothingNew) {
  Bench bench;
  bench.night();
  const NightReport second = bench.night();
  EXPECT_EQ(bench.booted(), 2U);
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::as_before));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
  EXPECT_THAT(summary_line(second), HasSubstr("0 of 2 kernels run, nothing new"));
  EXPECT_EQ(bench.published, 2U);
}

TEST(Nightly, OnlyANewPointReleaseIsRun) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  const NightReport second = bench.night();
  EXPECT_EQ(bench.booted(), 3U);
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::ran));
  EXPECT_THAT(second.kernels[1].package, HasSubstr("6.12.10-1"));
  EXPECT_THAT(second.kernels[1].was, HasSubstr("6.12.9-1"));
}

TEST(Nightly, AnUnexplainedDifferenceIsToldOnItsFirstNightAlone) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport first = bench.night();
  ASSERT_THAT(first.appeared, SizeIs(1));
  EXPECT_EQ(first.appeared[0].kernel, "debian-6.12");
  EXPECT_THAT(first.appeared[0].got, HasSubstr("EIO"));
  EXPECT_EQ(exit_code(first), ExitCode::differs);

  const NightReport second = bench.night();
  EXPECT_THAT(second.appeared, IsEmpty());
  EXPECT_THAT(second.standing, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
}

TEST(Nightly, ADifferenceThatIsGoneIsToldOnce) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  const NightReport second = bench.night();
  EXPECT_THAT(second.fixed, SizeIs(1));
  EXPECT_THAT(second.changed, SizeIs(1));
  EXPECT_EQ(exit_code(second), ExitCode::differs);
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
}

TEST(Nightly, OneUnexplainedAnswerAfterAnotherIsNewAndNotFixed) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EBADF");
  const NightReport second = bench.night();
  EXPECT_THAT(second.appeared, SizeIs(1));
  EXPECT_THAT(second.fixed, IsEmpty());
}

constexpr const char* lacks_the_feature =
    R"({"record":"observation","scenario":"tcp/x","ending":"unsupported","reason":"no such call",)"
    R"("steps":[]})";

TEST(Nightly, WhatIsGoneIsNotFixed) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = lacks_the_feature;
  EXPECT_THAT(bench.night().fixed, IsEmpty());

  bench.offer("6.12", "6.12.11");
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport third = bench.night();
  EXPECT_THAT(third.appeared, IsEmpty());
  EXPECT_THAT(third.standing, SizeIs(1));
}

TEST(Nightly, AFeatureThatComesOrGoesIsAChangedAnswer) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = lacks_the_feature;
  const NightReport lost = bench.night();
  ASSERT_THAT(lost.changed, SizeIs(1));
  EXPECT_THAT(lost.changed[0].before, HasSubstr("completed"));
  EXPECT_THAT(lost.changed[0].now, HasSubstr("unsupported"));

  bench.offer("6.12", "6.12.11");
  bench.answers["debian-6.12"] = Bench::says("EPIPE");
  EXPECT_THAT(bench.night().changed, SizeIs(1));
}

TEST(Nightly, AKernelThatCouldNotBeRunIsTriedAgainAndNothingOfItIsFixed) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"].clear();
  const NightReport second = bench.night();
  EXPECT_EQ(exit_code(second), ExitCode::incomplete);
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::could_not));
  EXPECT_THAT(second.fixed, IsEmpty());

  bench.answers["debian-6.12"] = Bench::says("EIO");
  const NightReport third = bench.night();
  EXPECT_THAT(came(third), ElementsAre(Came::as_before, Came::ran));
  EXPECT_THAT(third.appeared, IsEmpty());
  EXPECT_THAT(third.standing, SizeIs(1));
}

TEST(Nightly, AnInconclusiveScenarioIsAskedAgain) {
  Bench bench;
  bench.answers["debian-6.1"] =
      R"({"record":"observation","scenario":"tcp/x","ending":"timed_out","reason":"10 s","steps":[]})";
  EXPECT_EQ(exit_code(bench.night()), ExitCode::incomplete);
  bench.answers["debian-6.1"] = Bench::says("EPIPE");
  const NightReport second = bench.night();
  EXPECT_THAT(came(second), ElementsAre(Came::ran, Came::as_before));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
}

void expect_killed_after_the_first_kernel(Bench& bench) {
  const auto killed = [&bench] {
    bench.before_answer = [](const std::string& id) {
      if (id == "debian-6.12") _exit(9);
    };
    bench.night();
  };
  EXPECT_EXIT(killed(), ::testing::ExitedWithCode(9), "");
}

TEST(Nightly, AKilledNightIsFinishedByTheNext) {
  Bench bench;
  expect_killed_after_the_first_kernel(bench);
  const std::vector<std::string> after_the_kill = nights_in(bench);
  ASSERT_THAT(after_the_kill, SizeIs(1));
  EXPECT_EQ(bench.published, 0U);

  const NightReport next = bench.night();
  EXPECT_EQ(nights_in(bench), after_the_kill);
  EXPECT_EQ(bench.booted(), 1U) << "debian-6.1 was done before the kill";
  EXPECT_EQ(exit_code(next), ExitCode::as_reference);
  EXPECT_TRUE(next.data.run->finished);
}

TEST(Nightly, AKilledNightIsFinishedByOneProbe) {
  Bench bench;
  expect_killed_after_the_first_kernel(bench);
  bench.options.campaign.order.identity.sha256 = "another";
  const NightReport next = bench.night();
  EXPECT_EQ(bench.booted(), 2U);
  EXPECT_THAT(came(next), ElementsAre(Came::ran, Came::ran));
}

TEST(Nightly, AKilledNightOfOtherKernelsIsTakenOver) {
  Bench bench;
  expect_killed_after_the_first_kernel(bench);
  bench.kernels.pop_back();
  const NightReport next = bench.night();
  EXPECT_THAT(nights_in(bench), SizeIs(2));
  EXPECT_EQ(bench.booted(), 0U);
  EXPECT_EQ(exit_code(next), ExitCode::as_reference);
}

TEST(Nightly, AnInterruptedNightPublishesNothingAndIsGoneOnWith) {
  Bench bench;
  std::stop_source stop;
  bench.before_answer = [&](const std::string&) { stop.request_stop(); };
  EXPECT_TRUE(bench.night(stop.get_token()).interrupted);
  EXPECT_EQ(bench.published, 0U);
  bench.before_answer = nullptr;
  EXPECT_EQ(exit_code(bench.night()), ExitCode::as_reference);
  EXPECT_THAT(nights_in(bench), SizeIs(1));
}

TEST(Nightly, ANightThatCouldNotPublishIsToldAgain) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const auto publish = bench.options.publish;
  bench.options.publish = [](const std::vector<RunDirectory>&) {
    throw Error("publishing", "the disk is full");
  };
  EXPECT_THROW(bench.night(), Error);
  bench.options.publish = publish;
  EXPECT_THAT(bench.night().appeared, SizeIs(1));
}

TEST(Nightly, ChangedAnswersOfANightThatCouldNotPublishAreToldByTheNext) {
  Bench bench;
  bench.night();
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"] = Bench::says("EIO");
  const auto publish = bench.options.publish;
  bench.options.publish = [](const std::vector<RunDirectory>&) {
    throw Error("publishing", "the disk is full");
  };
  EXPECT_THROW(bench.night(), Error);
  bench.options.publish = publish;
  const NightReport third = bench.night();
  ASSERT_THAT(third.changed, SizeIs(1));
  EXPECT_THAT(third.changed[0].before, HasSubstr("EPIPE"));
  EXPECT_THAT(bench.night().changed, IsEmpty());
}

TEST(Nightly, ASeriesNoLongerOnOfferComesFromTheStore) {
  Bench bench;
  bench.night();
  bench.withdraw("6.12", false);
  const NightReport second = bench.night();
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::as_before));
  EXPECT_FALSE(second.kernels[1].on_offer);
  EXPECT_THAT(summary_markdown(second), HasSubstr("not on offer any more"));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
}

TEST(Nightly, OfASeriesThatIsNowhereTheLastNightStands) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  bench.withdraw("6.12", true);
  const NightReport second = bench.night();
  EXPECT_THAT(came(second), ElementsAre(Came::as_before, Came::last_night_stands));
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
  EXPECT_THAT(second.standing, SizeIs(1));
  EXPECT_THAT(came(bench.night()), ElementsAre(Came::as_before, Came::last_night_stands));
}

TEST(Nightly, ASeriesThatWasNeverOnOfferIsNoError) {
  Bench bench;
  bench.withdraw("6.12", true);
  const NightReport night = bench.night();
  EXPECT_THAT(came(night), ElementsAre(Came::ran, Came::never));
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
}

TEST(Nightly, WhereNoKernelIsToBeHadNothingWasShown) {
  Bench bench;
  bench.withdraw("6.1", true);
  bench.withdraw("6.12", true);
  EXPECT_EQ(exit_code(bench.night()), ExitCode::incomplete);
}

TEST(Nightly, AnUnreadableNightOfOldIsPassedOverAndToldOf) {
  Bench bench;
  bench.night();
  const fs::path runs = bench.options.state / "runs";
  write_file(runs / nights_in(bench).at(0) / "debian-6.1.json", "{");
  fs::create_directory(runs / "20200101T000000Z");
  write_file(runs / "20200101T000000Z" / "run.json", R"({"schema": 99})");
  const NightReport second = bench.night();
  EXPECT_EQ(exit_code(second), ExitCode::as_reference);
  EXPECT_EQ(bench.published, 1U) << "only the night that can be read";
  EXPECT_THAT(read_file(bench.told()),
              ::testing::AllOf(HasSubstr("debian-6.1.json"), HasSubstr("20200101T000000Z")));
  EXPECT_THAT(nights_in(bench), SizeIs(3));
}

TEST(Nightly, KeepsAsManyNightsAsItIsTold) {
  Bench bench;
  bench.options.keep = 2;
  bench.night();
  const std::string first = nights_in(bench).at(0);
  bench.night();
  bench.night();
  EXPECT_THAT(nights_in(bench), SizeIs(2));
  EXPECT_THAT(nights_in(bench), ::testing::Not(::testing::Contains(first)));
  EXPECT_EQ(bench.published, 2U);
}

TEST(Nightly, KeepsTheNightWithTheNewestResultOfAKernel) {
  Bench bench;
  bench.options.keep = 1;
  bench.night();
  const std::string first = nights_in(bench).at(0);
  bench.offer("6.12", "6.12.10");
  bench.answers["debian-6.12"].clear();
  bench.night();
  const NightReport third = bench.night();
  EXPECT_THAT(nights_in(bench), ElementsAre(first, third.data.run->id));

  bench.answers["debian-6.12"] = Bench::says("EIO");
  EXPECT_THAT(bench.night().changed, SizeIs(1));
  EXPECT_THAT(nights_in(bench), SizeIs(1));
}

TEST(Nightly, KeepsItselfWhereTheClockWasSetBack) {
  Bench bench;
  bench.options.keep = 1;
  bench.night();
  const fs::path runs = bench.options.state / "runs";
  RunRecord of_tomorrow = RunDirectory::open(runs / nights_in(bench).at(0)).run();
  fs::remove_all(runs);
  of_tomorrow.id = "29991231T235959Z";
  of_tomorrow.started = "2999-12-31T23:59:59Z";
  RunDirectory::create(runs, of_tomorrow);
  const NightReport tonight = bench.night();
  EXPECT_THAT(nights_in(bench), ElementsAre(tonight.data.run->id));
}

TEST(Nightly, NothingIsRemovedBeforeTheOthersArePublished) {
  Bench bench;
  bench.options.keep = 1;
  bench.night();
  bench.options.publish = [](const std::vector<RunDirectory>&) {
    throw Error("publishing", "the disk is full");
  };
  EXPECT_THROW(bench.night(), Error);
  EXPECT_THAT(nights_in(bench), SizeIs(2));
}

TEST(Nightly, WhatAKilledNightLeftOfARemovedOneGoes) {
  Bench bench;
  fs::create_directories(bench.options.state / "removed");
  write_file(bench.options.state / "removed" / "debian-6.1.json", "{}");
  bench.night();
  EXPECT_FALSE(fs::exists(bench.options.state / "removed"));
}

TEST(Nightly, TwoNightsDoNotWorkOnOneState) {
  Bench bench;
  fs::create_directories(bench.options.state);
  const FileLock held(bench.options.state / "lock");
  try {
    bench.night();
    FAIL() << "the other night was not noticed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another one is at work"));
  }
  EXPECT_EQ(bench.booted(), 0U);
}

TEST(Nightly, WhatItLeavesUnexplainedIsAsItsSchemaSays) {
  Bench bench;
  bench.answers["debian-6.12"] = Bench::says("EIO");
  bench.night();
  using Json = nlohmann::json;
  using Adapter = valijson::adapters::NlohmannJsonAdapter;
  const Json description =
      Json::parse(read_file(fs::path(PROJECT_FILES) / "results/schema/unexplained.json"));
  const Json written = Json::parse(read_file(bench.options.state / "unexplained.json"));
  valijson::Schema schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(Adapter(description), schema);
  EXPECT_TRUE(valijson::Validator().validate(schema, Adapter(written), nullptr)) << written;
}

}  // namespace
}  // namespace brokenpipe
