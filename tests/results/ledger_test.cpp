#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "results/changes.h"
#include "results/diff.h"
#include "results/predict.h"

/// The committed reference and ledger, held against every kernel that was recorded for good, and
/// against themselves.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

const fs::path results = fs::path(PROJECT_FILES) / "results";

const RunResult& reference() {
  static const RunResult read = read_run_result(results / "reference/linux-3.16.json");
  return read;
}

const Changes& ledger() {
  static const Changes read = read_changes(results / "changes.json");
  return read;
}

std::vector<fs::path> archive() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(results / "archive"))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// Where a result is not as predicted, a line each.
std::vector<std::string> complaints(const RunResult& recorded, const Diff& diff) {
  std::vector<std::string> all;
  for (const ScenarioVerdict& scenario : diff.scenarios) {
    // A recording was made by the probe of its day.
    if (observation_of(recorded, scenario.scenario) == nullptr) continue;
    for (const PlaceVerdict& place : scenario.places) {
      const bool fine = place.standing == Standing::predicted ||
                        place.standing == Standing::recorded_here ||
                        place.verdict == Verdict::not_asked;
      if (fine) continue;
      all.push_back(scenario.scenario + " " + place.place + ": " +
                    std::string(to_string(place.standing)) + ", got " +
                    (place.got ? place.got->seen.dump() : "nothing"));
    }
  }
  return all;
}

TEST(Ledger, PredictsEveryRecordedKernel) {
  ASSERT_THAT(archive(), ::testing::SizeIs(::testing::Ge(4U)));
  for (const fs::path& file : archive()) {
    const RunResult recorded = read_run_result(file);
    const Diff diff = brokenpipe::diff(reference(), recorded, ledger());
    EXPECT_TRUE(version_tells(recorded.kernel))
        << file.filename() << ": an answer from another version would not be unexplained";
    EXPECT_THAT(complaints(recorded, diff), ::testing::IsEmpty()) << file.filename();
    EXPECT_EQ(diff.scenario_totals.unreferenced, 0U) << file.filename();
    EXPECT_GT(diff.step_totals.as_predicted(), 2000U) << file.filename();
  }
}

TEST(Ledger, IsNotSatisfiedByAnyKernelButTheRightOne) {
  RunResult recorded = read_run_result(results / "archive/linux-4.14.67.json");
  recorded.kernel.release = "4.19.79";
  EXPECT_THAT(complaints(recorded, diff(reference(), recorded, ledger())),
              ::testing::Not(::testing::IsEmpty()));
}

/// All versions at which something changes.
std::set<KernelVersion> turning_points() {
  std::set<KernelVersion> points;
  for (const Change& change : ledger().changes) {
    points.insert(change.mainline);
    points.insert(change.stable.begin(), change.stable.end());
    points.insert(change.until_stable.begin(), change.until_stable.end());
    if (change.until) points.insert(*change.until);
  }
  return points;
}

TEST(Ledger, HasNoMoveThatNoKernelShows) {
  std::set<std::string> shown;
  for (const KernelVersion& version : turning_points()) {
    for (const auto& [id, scenario] : predict(reference(), ledger(), version))
      for (const PredictedPlace& place : scenario.places)
        for (const std::string& change : place.changes)
          shown.insert(fmt::format("{} {} {}", change, id, place.place));
  }
  for (const Change& change : ledger().changes) {
    for (const Move& move : change.moves) {
      for (const std::string& scenario : move.scenarios) {
        const bool any = std::any_of(shown.begin(), shown.end(), [&](const std::string& one) {
          return matches(change.id + " " + scenario + " " + move.step, one);
        });
        EXPECT_TRUE(any) << change.id << " moves " << move.step << " of " << scenario
                         << " on no kernel: is `before` what comes before it?";
      }
    }
  }
}

TEST(Ledger, IntroducesWhateverTheReferenceLacks) {
  std::set<std::string> introduced;
  for (const Change& change : ledger().changes)
    for (const Introduction& introduction : change.introduces)
      EXPECT_TRUE(introduced.insert(introduction.answer.scenario).second)
          << introduction.answer.scenario << " is introduced twice";
  for (const Observation& observation : reference().observations) {
    EXPECT_EQ(introduced.contains(observation.scenario),
              observation.ending == ScenarioEnding::unsupported)
        << observation.scenario;
  }
}

TEST(Ledger, TellsOfEveryStepWhatItIs) {
  for (const KernelVersion& version : turning_points())
    for (const auto& [id, scenario] : predict(reference(), ledger(), version))
      for (const PredictedPlace& place : scenario.places)
        EXPECT_FALSE(place.step.call.empty()) << id << " " << place.place;
}

/// A recording of 3.16 says so in what its guest ended with; it was made before probes read the
/// log.
TEST(Ledger, PredictsThatThreeSixteenReportsABugInAio) {
  const Prediction old = predict(reference(), ledger(), KernelVersion{3, 18, 7});
  const Prediction mended = predict(reference(), ledger(), KernelVersion{3, 18, 8});
  std::size_t reports = 0;
  for (const auto& [id, scenario] : old) {
    const PredictedPlace* report = place_of(scenario, "kernel#1");
    if (report == nullptr) continue;
    ++reports;
    EXPECT_EQ(report->seen(), (nlohmann::json{{"report", "BUG in net/socket.c"}})) << id;
    EXPECT_FALSE(place_of(mended.at(id), "kernel#1")->made) << id;
  }
  EXPECT_EQ(reports, 9U);
}

/// The recordings between 5.4.208 and 5.6 are none, but who asks such a kernel shall not be
/// alarmed.
TEST(Ledger, PredictsTheReportsOfAtmWhileTheyLasted) {
  const auto reports_at = [](const KernelVersion& version) {
    std::vector<std::string> reporting;
    for (const auto& [id, scenario] : predict(reference(), ledger(), version)) {
      const PredictedPlace* report = place_of(scenario, "kernel#1");
      if (report == nullptr || !report->made) continue;
      EXPECT_EQ(report->seen(), (nlohmann::json{{"report", "WARNING: refcount_t in vcc_release"}}))
          << id;
      reporting.push_back(id);
    }
    return reporting;
  };
  const std::vector<std::string> all{"atm/atm-interface-gone", "atm/atm-lane-circuit-closed",
                                     "atm/atm-mpoa-circuit-closed"};
  EXPECT_EQ(reports_at({5, 4, 207}), std::vector<std::string>());
  EXPECT_EQ(reports_at({5, 4, 208}), all);
  EXPECT_EQ(reports_at({5, 6, 0}), all);
  EXPECT_EQ(reports_at({5, 7, 0}), std::vector<std::string>());
}

/// A recorded answer says what a kernel did, and a derived one why: the number of steps that are
/// only recorded may fall, and never rise.
TEST(Ledger, DerivesAllButAFewIntroductions) {
  constexpr std::size_t recorded_at_most = 27;
  std::size_t recorded = 0;
  for (const Change& change : ledger().changes)
    for (const Introduction& introduction : change.introduces)
      if (introduction.recorded_on) recorded += introduction.answer.steps.size();
  EXPECT_LE(recorded, recorded_at_most);
}

}  // namespace
}  // namespace brokenpipe
