#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "orchestrator/site/site.h"
#include "results/base/file.h"
#include "tests/support/hostile_run.h"
#include "tests/support/scratch_folder.h"

/// The site of a run whose every word is hostile: its pages hold words.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

RunDirectory write_night(const fs::path& folder, const std::string& started,
                         const RunResult& result) {
  RunRecord record = *hostile_run().run;
  record.id = "20261122T010000Z";
  record.started = started;
  // A kernel's id names files, and so is tamer than what it says of itself.
  record.kernels = {{"a\x1b[2J\n\xe2\x80\xae<script>`|\xe2\x80\xac", KernelState::planned, ""},
                    {"b", KernelState::planned, ""}};
  RunDirectory run = RunDirectory::create(folder, record);
  RunResult named = result;
  named.kernel.id = record.kernels[0].id;
  run.keep(named);
  write_file(run.console_file(named.kernel.id), hostile_bytes() + "\r\nsecond line\r\n");
  run.mark("b", KernelState::failed, hostile_words());
  run.finish();
  return run;
}

/// Two nights, of which the second has other answers, and an archived kernel.
SiteInput hostile_site(const fs::path& folder) {
  const ReportData data = hostile_run();
  SiteInput input;
  input.reference = hostile_reference();
  input.changes = data.changes;
  input.waivers = data.waivers;
  for (const Observation& observation : input.reference.observations)
    input.scenarios.scenarios.push_back(
        {observation.scenario, hostile_words(), {hostile_words()}, {hostile_words()}, "story"});
  input.scenarios.stories["story"] = {hostile_words(), {hostile_words()}, hostile_words()};
  input.runs.push_back(write_night(folder, "2026-11-21T01:00:00Z", hostile_result()));
  RunResult other = hostile_result();
  other.observations[0].steps[0].seen = {{"returned", -1}, {"errno", hostile_words() + "2"}};
  input.runs.push_back(write_night(folder, "2026-11-22T01:00:00Z", other));
  input.archive = {hostile_result()};
  input.archive.front().kernel.id = "archived";
  input.assets = fs::path(PROJECT_FILES) / "orchestrator" / "site";
  return input;
}

TEST(HostileSite, HoldsWordsAndNothingElse) {
  const testing::ScratchFolder scratch;
  publish(hostile_site(scratch.path() / "runs"), scratch.path() / "site");
  std::size_t pages = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scratch.path() / "site")) {
    if (!entry.is_regular_file()) continue;
    const std::string text = read_file(entry.path());
    EXPECT_EQ(harm_in(text), "") << entry.path();
    EXPECT_EQ(harm_in(entry.path().string()), "");
    const std::string kind = entry.path().extension();
    if (kind == ".json" || kind == ".js") continue;
    ++pages;
    EXPECT_THAT(text, Not(HasSubstr("<script>"))) << entry.path();
    EXPECT_LT(text.size(), hostile_length) << entry.path();
  }
  EXPECT_GT(pages, 20U);
}

TEST(HostileSite, ProgramsHaveAllThatWasSaid) {
  const testing::ScratchFolder scratch;
  publish(hostile_site(scratch.path() / "runs"), scratch.path() / "site");
  const Json history = Json::parse(read_file(scratch.path() / "site/data/history.json"));
  EXPECT_EQ(history.at("changes").at(0).at("to").at("errno"), hostile_words() + "2");
}

TEST(HostileSite, ConsoleHasItsLines) {
  const testing::ScratchFolder scratch;
  publish(hostile_site(scratch.path() / "runs"), scratch.path() / "site");
  for (const auto& entry : fs::directory_iterator(scratch.path() / "site/kernel"))
    if (entry.path().filename().string().starts_with("a~")) {
      EXPECT_THAT(read_file(entry.path()), HasSubstr("\nsecond line\n</pre>"));
    }
}

}  // namespace
}  // namespace brokenpipe
