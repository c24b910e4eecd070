#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "orchestrator/reports/report.h"
#include "results/base/file.h"
#include "results/sites.h"
#include "tests/support/result_builder.h"
#include "tests/support/sample_run.h"
#include "tests/support/schema.h"
#include "tests/support/scratch_folder.h"

/// Holds every file that the product writes or ships against its schema.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::IsEmpty;
using testing::Schema;
namespace fs = std::filesystem;

const fs::path results = fs::path(PROJECT_FILES) / "results";

Json parsed(const fs::path& file) {
  return Json::parse(read_file(file));
}

std::string rendered(const std::string& format, const ReportData& data) {
  return report_named(format).render(data, {});
}

TEST(Schema, ResultsOfARunAreValid) {
  const Schema schema("run_result.json");
  for (const ReportData run = sample_run(); const KernelReport& kernel : run.kernels) {
    if (!kernel.result) continue;
    EXPECT_THAT(schema.complaint_about(Json::parse(to_json_text(*kernel.result))), IsEmpty())
        << kernel.plan.id;
  }
  EXPECT_THAT(schema.complaint_about(
                  parsed(fs::path(PROJECT_FILES) / "tests/results/golden/run_result.json")),
              IsEmpty());
}

TEST(Schema, ResultOfAGuestThatNeverSpokeIsValid) {
  RunResult silent;
  silent.kernel.id = "debian-6.1";
  silent.guest.ending = GuestEnding::boot_timeout;
  silent.guest.clock = "warp";
  EXPECT_THAT(Schema("run_result.json").complaint_about(Json::parse(to_json_text(silent))),
              IsEmpty());
}

TEST(Schema, ReferencesAreValidWrittenOrRecorded) {
  const Schema schema("reference.json");
  EXPECT_THAT(schema.complaint_about(Json::parse(to_json_text(sample_reference()))), IsEmpty());
  const RunResult recorded = reference_from_run(*sample_run().kernels.at(0).result);
  EXPECT_THAT(schema.complaint_about(Json::parse(to_json_text(recorded))), IsEmpty());
}

TEST(Schema, CommittedReferencesAreValidAndReadable) {
  const Schema schema("reference.json");
  int references = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(results / "reference")) {
    const std::string name = file.path().filename();
    if (!name.starts_with("linux-") || !name.ends_with(".json")) continue;
    EXPECT_THAT(schema.complaint_about(parsed(file.path())), IsEmpty()) << file.path();
    EXPECT_FALSE(read_run_result(file.path()).observations.empty()) << file.path();
    ++references;
  }
  EXPECT_GT(references, 0);
}

TEST(Schema, CommittedSitesAreValidAndReadable) {
  const fs::path file = results / "reference/sites.json";
  EXPECT_THAT(Schema("sites.json").complaint_about(parsed(file)), IsEmpty());
  EXPECT_FALSE(read_sites(file).sites.empty());
}

TEST(Schema, CommittedChangesAreValidAndReadable) {
  EXPECT_THAT(Schema("changes.json").complaint_about(parsed(results / "changes.json")), IsEmpty());
  EXPECT_NO_THROW(read_changes(results / "changes.json"));
}

TEST(Schema, CommittedWaiversAreValidAndReadable) {
  EXPECT_THAT(Schema("waivers.json").complaint_about(parsed(results / "waivers.json")), IsEmpty());
  EXPECT_FALSE(read_waivers(results / "waivers.json").waivers.empty());
}

TEST(Schema, RunRecordIsValid) {
  const testing::ScratchFolder out;
  const RunDirectory run = RunDirectory::create(out.path(), *sample_run().run);
  EXPECT_THAT(Schema("run.json").complaint_about(parsed(run.path() / "run.json")), IsEmpty());
}

TEST(Schema, DiffsAreValid) {
  const Schema schema("diff.json");
  for (const ReportData run = sample_run(); const KernelReport& kernel : run.kernels) {
    if (!kernel.diff) continue;
    EXPECT_THAT(schema.complaint_about(Json(to_json(*kernel.diff))), IsEmpty()) << kernel.plan.id;
  }
}

TEST(Schema, JsonReportIsValidWithAndWithoutARun) {
  const Schema schema("report.json");
  EXPECT_THAT(schema.complaint_about(Json::parse(rendered("json", sample_run()))), IsEmpty());
  const ReportData one = report_data(sample_reference(), sample_reference(), sample_changes());
  EXPECT_THAT(schema.complaint_about(Json::parse(rendered("json", one))), IsEmpty());
}

TEST(Schema, KnowsEveryWordForWhatACallReturned) {
  Json run = Json::parse(to_json_text(*sample_run().kernels.at(0).result));
  const Json::json_pointer returned("/observations/2/steps/0/returned");
  for (const char* word : {"none", "partial", "full", "never", "fd", "SIGPIPE"}) {
    run[returned] = word;
    EXPECT_THAT(Schema("run_result.json").complaint_about(run), IsEmpty()) << word;
  }
  run[returned] = "some";
  EXPECT_NE(Schema("run_result.json").complaint_about(run), "");
}

TEST(Schema, JsonReportOfAComparisonIsValid) {
  const Schema schema("report.json");
  const RunResult a = *sample_run().kernels.at(0).result;
  const RunResult b = *sample_run().kernels.at(1).result;
  EXPECT_THAT(schema.complaint_about(Json::parse(rendered("json", compare(a, b, {})))), IsEmpty());
  const testing::ScratchFolder out;
  RunRecord record = *sample_run().run;
  record.kernels = {{a.kernel.id, KernelState::planned, ""}};
  RunDirectory run = RunDirectory::create(out.path(), record);
  run.keep(a);
  EXPECT_THAT(schema.complaint_about(Json::parse(rendered("json", compare(run, run, {})))),
              IsEmpty());
}

TEST(Schema, KcidbReportIsValidWithAndWithoutARun) {
  const Schema schema("kcidb.json");
  EXPECT_THAT(schema.complaint_about(Json::parse(rendered("kcidb", sample_run()))), IsEmpty());
  const ReportData one = report_data(sample_reference(), sample_reference(), sample_changes());
  EXPECT_THAT(schema.complaint_about(Json::parse(rendered("kcidb", one))), IsEmpty());
}

/// A schema that refuses nothing would pass every test above.
TEST(Schema, RefusesWhatIsWrong) {
  const Json run_result = Json::parse(to_json_text(*sample_run().kernels.at(0).result));
  const Json reference = Json::parse(to_json_text(sample_reference()));
  const Json changes = Json::parse(R"({"schema":1,"changes":[{"id":"x","says":"X.",
      "mainline":"4.6","stable":["4.4.10"],"until":null,"commit":"0123456789ab",
      "subject":"x: y","source":"a git log","moves":[{"scenarios":["entry/*"],"step":"ending",
      "before":{"ending":"completed"},"after":null,"call":"ending","args":""}]}]})");
  const Json report = Json::parse(rendered("json", sample_run()));
  const Json kcidb = Json::parse(rendered("kcidb", sample_run()));
  const Json sites = parsed(results / "reference/sites.json");
  const Json waivers = parsed(results / "waivers.json");
  ASSERT_THAT(Schema("changes.json").complaint_about(changes), IsEmpty());
  struct Mutation {
    const char* schema;
    const Json& document;
    const char* place;
    Json value;  ///< discarded: the place is taken out
  };
  const Json removed(Json::value_t::discarded);
  for (const Mutation& mutation : std::vector<Mutation>{
           {"run_result.json", run_result, "/schema", 2},
           {"run_result.json", run_result, "/guest", removed},
           {"run_result.json", run_result, "/guest/ending", "fine"},
           {"run_result.json", run_result, "/guest/clock", "sundial"},
           {"run_result.json", run_result, "/kernel/sha256", "abc"},
           {"run_result.json", run_result, "/observations/0/signal", removed},
           {"run_result.json", run_result, "/observations/1/reason", removed},
           {"run_result.json", run_result, "/observations/2/signal", "SIGSEGV"},
           {"run_result.json", run_result, "/observations/2/scenario", "TCP X"},
           {"run_result.json", run_result, "/observations/2/steps/0/step", "send"},
           {"run_result.json", run_result, "/observations/2/steps/0/args", removed},
           {"run_result.json", run_result, "/observations/2/steps/0/errno", 38},
           {"run_result.json", run_result, "/observations/2/steps/0/basis", "measured"},
           {"run_result.json", run_result, "/observations/4/steps/2/revents/0", "IN"},
           {"run_result.json", run_result, "/verdict", "same"},
           {"reference.json", reference, "/observations/2/steps/0/basis", removed},
           {"reference.json", reference, "/observations/2/steps/0/basis", "guessed"},
           {"reference.json", reference, "/observations/4/steps/1/lines", removed},
           {"reference.json", reference, "/observations/0/basis", removed},
           {"reference.json", reference, "/observations", Json::array()},
           {"changes.json", changes, "/changes/0/commit", "v4.6"},
           {"changes.json", changes, "/changes/0/mainline", "4.6-rc1"},
           {"changes.json", changes, "/changes/0/stable/0", "4.4"},
           {"changes.json", changes, "/changes/0/until", removed},
           {"changes.json", changes, "/changes/0/moves", Json::array()},
           {"changes.json", changes, "/changes/0/moves/0/step", "send"},
           {"changes.json", changes, "/changes/0/moves/0/before", "EPIPE"},
           {"sites.json", sites, "/sites/0/site", "fs/pipe.c"},
           {"sites.json", sites, "/sites/0/does", "fails"},
           {"sites.json", sites, "/sites/0/unreached", ""},
           {"sites.json", sites, "/searched", removed},
           {"waivers.json", waivers, "/waivers/0/id", ""},
           {"waivers.json", waivers, "/waivers/0/kernels", Json::array()},
           {"waivers.json", waivers, "/waivers/0/scenarios/0", ""},
           {"waivers.json", waivers, "/waivers/0/why", removed},
           {"waivers.json", waivers, "/waivers/0/owner", ""},
           {"waivers.json", waivers, "/waivers/0/until", "2027-6-30"},
           {"waivers.json", waivers, "/waivers/0/until", "2027-13-01"},
           {"report.json", report, "/exit_code", 2},
           {"report.json", report, "/predicted_from/recordings", removed},
           {"report.json", report, "/waivers/0/until", removed},
           {"report.json", report, "/kernels/0/diff/totals/steps/not_asked", removed},
           {"report.json", report, "/kernels/0/diff/scenarios/0/standing", "fine"},
           {"report.json", report, "/kernels/1/diff/scenarios/0/places/0/standing", removed},
           {"report.json", report, "/run/finished", removed},
           {"report.json", report, "/kernels/0/state", "fine"},
           {"report.json", report, "/kernels/0/diff/totals/steps/same", -1},
           {"report.json", report, "/kernels/0/diff/scenarios/0/verdict", "fine"},
           {"report.json", report, "/kernels/1/diff/scenarios/0/places/0/got", removed},
           {"report.json", report, "/comparison", removed},
           {"kcidb.json", kcidb, "/version/major", 4},
           {"kcidb.json", kcidb, "/checkouts/0/id", "debian-6.1"},
           {"kcidb.json", kcidb, "/checkouts/0/comment", nullptr},
           {"kcidb.json", kcidb, "/builds/0/architecture", "X86-64"},
           {"kcidb.json", kcidb, "/builds/0/checkout_id", removed},
           {"kcidb.json", kcidb, "/tests/0/status", "pass"},
           {"kcidb.json", kcidb, "/tests/0/path", "brokenpipe/tcp"},
           {"kcidb.json", kcidb, "/tests/0/start_time", "today"},
       }) {
    Json wrong = mutation.document;
    const Json::json_pointer place(mutation.place);
    if (mutation.value.is_discarded())
      wrong[place.parent_pointer()].erase(place.back());
    else
      wrong[place] = mutation.value;
    EXPECT_NE(wrong, mutation.document) << mutation.place;
    EXPECT_NE(Schema(mutation.schema).complaint_about(wrong), "")
        << mutation.schema << " " << mutation.place;
  }
}

}  // namespace
}  // namespace brokenpipe
