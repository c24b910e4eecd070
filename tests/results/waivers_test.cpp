#include "results/waivers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/scratch_folder.h"

/// What is waived, by which waiver, and until when; and the waivers that the project ships.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

Waiver waiver(const std::string& id, const std::string& kernels, const std::string& scenarios,
              const std::string& until) {
  return {id, {kernels}, {scenarios}, "It cannot be asked.", "somebody", until};
}

Diff not_asked(const std::string& kernel, const std::vector<std::string>& scenarios) {
  Diff diff;
  diff.contender.id = kernel;
  for (const std::string& scenario : scenarios)
    diff.scenarios.push_back({scenario, Verdict::not_asked, Standing::unjudged, "no module", {}});
  diff.scenario_totals.not_asked = scenarios.size();
  return diff;
}

/// Which waivers a scenario that was not asked comes under, on a day.
std::string waived_by(const Waivers& waivers, const std::string& date,
                      const std::string& kernel = "debian-6.19",
                      const std::string& scenario = "sctp/x") {
  Diff diff = not_asked(kernel, {scenario});
  apply_waivers(diff, {waivers, date});
  return diff.scenarios.at(0).waiver;
}

TEST(Waivers, CoverKernelsAndScenariosByGlobs) {
  const Waivers waivers{{waiver("one", "debian-6.19*", "sctp/*", "2027-06-30")}};
  EXPECT_EQ(waived_by(waivers, "2026-11-26"), "one");
  EXPECT_EQ(waived_by(waivers, "2026-11-26", "debian-6.19.14-rt"), "one");
  EXPECT_EQ(waived_by(waivers, "2026-11-26", "debian-7.0"), "");
  EXPECT_EQ(waived_by(waivers, "2026-11-26", "debian-6.19", "tipc/x"), "");
}

TEST(Waivers, HoldToTheEndOfTheirLastDay) {
  const Waivers waivers{{waiver("one", "*", "*", "2027-06-30")}};
  EXPECT_EQ(waived_by(waivers, "2027-06-29"), "one");
  EXPECT_EQ(waived_by(waivers, "2027-06-30"), "one");
  EXPECT_EQ(waived_by(waivers, "2027-07-01"), "");
  EXPECT_EQ(waived_by(waivers, "2030-01-01"), "");
}

TEST(Waivers, HoldOnNoDayAtAllWhereNobodySaysWhichItIs) {
  EXPECT_EQ(waived_by({{waiver("one", "*", "*", "2027-06-30")}}, ""), "");
}

TEST(Waivers, OneThatHasEndedLeavesTheNextInForce) {
  const Waivers waivers{
      {waiver("old", "*", "*", "2026-06-30"), waiver("new", "*", "*", "2027-06-30")}};
  EXPECT_EQ(waived_by(waivers, "2026-11-26"), "new");
}

TEST(Waivers, TheOneThatHasEndedIsKnown) {
  const WaiversOn waivers{
      {{waiver("older", "*", "*", "2025-06-30"), waiver("old", "*", "*", "2026-06-30"),
        waiver("new", "*", "*", "2027-06-30")}},
      "2026-11-26"};
  ASSERT_NE(expired_waiver_for(waivers, "debian-6.1", "sctp/x"), nullptr);
  EXPECT_EQ(expired_waiver_for(waivers, "debian-6.1", "sctp/x")->id, "old");
  EXPECT_EQ(expired_waiver_for({waivers.waivers, "2025-01-01"}, "a", "b"), nullptr);
}

TEST(Waivers, CoverNothingThatWasAnswered) {
  Diff diff = not_asked("debian-6.19", {"sctp/a", "sctp/b", "sctp/c"});
  diff.scenarios[1].verdict = Verdict::differs;
  diff.scenarios[1].standing = Standing::unexplained;
  diff.scenarios[2].verdict = Verdict::inconclusive;
  apply_waivers(diff, {{{waiver("one", "*", "*", "2027-06-30")}}, "2026-11-26"});
  EXPECT_EQ(diff.scenarios[0].waiver, "one");
  EXPECT_EQ(diff.scenarios[1].waiver, "");
  EXPECT_EQ(diff.scenarios[2].waiver, "");
}

TEST(Waivers, OnlyWhatIsWaivedLetsARunBeGreen) {
  Diff diff = not_asked("debian-6.19", {"sctp/x"});
  diff.scenarios.push_back({"tcp/x", Verdict::same, Standing::predicted, {}, {}});
  diff.scenario_totals.same = 1;
  EXPECT_EQ(exit_code(diff), ExitCode::incomplete);
  const Waivers waivers{{waiver("one", "*", "sctp/*", "2027-06-30")}};
  apply_waivers(diff, {waivers, "2027-06-30"});
  EXPECT_EQ(exit_code(diff), ExitCode::as_reference);
  apply_waivers(diff, {waivers, "2027-07-01"});
  EXPECT_EQ(exit_code(diff), ExitCode::incomplete);
}

std::string complaint_about(const Json& entries) {
  const testing::ScratchFolder folder;
  const fs::path file = folder.path() / "waivers.json";
  write_file(file, Json{{"schema", 1}, {"waivers", entries}}.dump());
  try {
    read_waivers(file);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("waivers.json"));
    return error.what();
  }
  return {};
}

TEST(Waivers, AWrongEntryIsNamedWithItsPlace) {
  const Json whole{{"id", "one"},  {"kernels", {"*"}},    {"scenarios", {"*"}},
                   {"why", "So."}, {"owner", "somebody"}, {"until", "2027-06-30"}};
  EXPECT_EQ(complaint_about(Json::array({whole})), "");
  for (const auto& [key, value] : whole.items()) {
    Json wrong = whole;
    wrong.erase(key);
    EXPECT_THAT(complaint_about(Json::array({wrong})),
                HasSubstr("waivers[0]: \"" + key + "\" is missing"));
  }
  for (const char* date : {"", "soon", "2027-6-30", "2027-13-01", "2027-06-32", "2027-06-30T00"}) {
    Json wrong = whole;
    wrong["until"] = date;
    EXPECT_THAT(complaint_about(Json::array({wrong})), HasSubstr("is no date")) << date;
  }
  EXPECT_THAT(complaint_about(Json::array({whole, whole})), HasSubstr("is there twice"));
}

TEST(Waivers, TodayIsADateAsTheyHaveIt) {
  EXPECT_THAT(today(), ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}"));
}

std::string shipped_for(const std::string& kernel, const std::string& scenario) {
  static const Waivers waivers = read_waivers(fs::path(PROJECT_FILES) / "results/waivers.json");
  return waived_by(waivers, "2026-11-26", kernel, scenario);
}

TEST(ShippedWaivers, AreForThreeSeriesWithoutModulesAndForNfsInCloudGuests) {
  EXPECT_EQ(shipped_for("debian-6.19", "ktls/ktls-rst"), "no-modules-on-the-mirror");
  EXPECT_EQ(shipped_for("debian-7.1-rt", "tipc/tipc-peer-closed"), "no-modules-on-the-mirror");
  EXPECT_EQ(shipped_for("debian-6.12", "rpc-pipefs/rpc-pipefs-client-gone"),
            "cloud-guests-without-nfs");
  EXPECT_EQ(shipped_for("debian-5.10.262", "rpc-pipefs/rpc-pipefs-gssd-gone"),
            "cloud-guests-without-nfs");
}

TEST(ShippedWaivers, AreForNothingElse) {
  EXPECT_EQ(shipped_for("debian-6.12", "ktls/ktls-rst"), "");
  EXPECT_EQ(shipped_for("debian-7.2", "sctp/sctp-one-to-one-abort"), "");
  EXPECT_EQ(shipped_for("debian-6.19", "tcp/never-connected"), "");
  EXPECT_EQ(shipped_for("debian-6.19", "dccp/dccp-unconnected"), "") << "that was removed in 6.16";
  for (const char* kernel : {"debian-6.12-plain", "debian-6.12.107-rt", "debian-4.19", "host"})
    EXPECT_EQ(shipped_for(kernel, "rpc-pipefs/rpc-pipefs-client-gone"), "") << kernel;
}

}  // namespace
}  // namespace brokenpipe
