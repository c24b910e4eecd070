#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>

#include "orchestrator/site/site.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/site/model_builder.h"
#include "tests/site/reference_builder.h"
#include "tests/site/sample_site.h"
#include "tests/support/cli.h"
#include "tests/support/scratch_folder.h"

/// The whole site, as files in a folder, and the command that writes them.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScratchFolder;

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(folder).string()] = read_file(entry.path());
  return files;
}

TEST(Publish, EscapesWhateverAGuestOrAPackageSaid) {
  ScratchFolder scratch;
  publish(sample_site(scratch.path() / "runs"), scratch.path() / "site");
  const auto files = files_below(scratch.path() / "site");
  std::size_t pages_that_tell = 0;
  for (const auto& [name, text] : files) {
    if (!name.ends_with(".html") && !name.ends_with(".svg") && !name.ends_with(".atom")) continue;
    EXPECT_THAT(text, Not(HasSubstr("<script>alert"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("\xff"))) << name;
    pages_that_tell += text.find("&lt;script&gt;alert") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(pages_that_tell, 3U);
  EXPECT_THAT(files.at("kernel/debian-9.9.html"), HasSubstr("&lt;/pre&gt;"));
}

TEST(Publish, ScenarioPageTellsItsRulesItsStepsAndItsGrounds) {
  ScratchFolder scratch;
  publish(sample_site(scratch.path() / "runs"), scratch.path() / "site");
  const std::string page = read_file(scratch.path() / "site/scenario/tcp/close-wait-rst.html");
  EXPECT_THAT(page, HasSubstr("A write to nobody, by a few rules:"));
  EXPECT_THAT(page, HasSubstr("<li>One rule.</li>"));
  EXPECT_THAT(page, HasSubstr("send(1) fails with EPIPE, and SIGPIPE is raised."));
  EXPECT_THAT(page, HasSubstr("<li>net/core/stream.c:176 sk_stream_error</li>"));
  EXPECT_THAT(page, HasSubstr("<code>net/ipv4/tcp_input.c:tcp_reset</code>"));
}

TEST(Publish, SameInputGivesTheSameBytes) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path() / "runs");
  publish(input, scratch.path() / "one");
  publish(input, scratch.path() / "two");
  EXPECT_EQ(files_below(scratch.path() / "one"), files_below(scratch.path() / "two"));
}

TEST(Publish, MatrixBadgeDoesNotSayThatAllIsWellWhereAKernelCouldNotBeRun) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path() / "sample");
  input.reference = result("3.16", {completed("tcp/a", {step("send#1", sent)})});
  const auto badge_of_a_run = [&](const std::string& id, KernelState state) {
    RunRecord record;
    record.id = id;
    record.started = "2026-11-22T16:10:05Z";
    record.kernels = {{"linux-6.1", KernelState::planned, ""}, {"other", state, "no boot"}};
    RunDirectory run = RunDirectory::create(scratch.path() / "runs", record);
    run.keep(result("6.1", {completed("tcp/a", {step("send#1", sent)})}));
    run.finish();
    input.runs = {run};
    publish(input, scratch.path() / id);
    return read_file(scratch.path() / id / "badges/matrix.svg");
  };
  EXPECT_THAT(badge_of_a_run("left", KernelState::not_offered), HasSubstr("as predicted"));
  EXPECT_THAT(badge_of_a_run("broken", KernelState::failed), HasSubstr("incomplete"));
}

TEST(Publish, ArchivedKernelIsAColumnWithAPageAndHasNoHistoryAndNoBadge) {
  ScratchFolder scratch;
  publish(sample_site(scratch.path() / "runs"), scratch.path() / "site");
  const auto files = files_below(scratch.path() / "site");
  EXPECT_THAT(files.at("index.html"), HasSubstr("4.14.67, archived"));
  EXPECT_THAT(files.at("kernel/linux-4.14.67.html"), HasSubstr("archived"));
  EXPECT_THAT(files.at("data/compare.js"), HasSubstr("linux-4.14.67"));
  EXPECT_FALSE(files.contains("badges/linux-4.14.67.svg"));
  EXPECT_THAT(files.at("data/history.json"), Not(HasSubstr("4.14.67")));
  EXPECT_THAT(files.at("history.html"), Not(HasSubstr("4.14.67")));
}

TEST(Publish, ArchivedKernelHasNoSayInTheBadgeOfTheMatrix) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path() / "sample");
  input.reference = as_reference(result("3.16", {completed("tcp/a", {step("send#1", sent)})}));
  RunRecord record;
  record.id = "one";
  record.kernels = {{"linux-6.1", KernelState::planned, ""}};
  RunDirectory run = RunDirectory::create(scratch.path() / "runs", record);
  run.keep(result("6.1", {completed("tcp/a", {step("send#1", sent)})}));
  run.finish();
  input.runs = {run};
  input.archive = {result("4.14", {completed("tcp/a", {step("send#1", epipe)})})};
  publish(input, scratch.path() / "site");
  EXPECT_THAT(read_file(scratch.path() / "site/badges/matrix.svg"), HasSubstr("as predicted"));
  EXPECT_THAT(read_file(scratch.path() / "site/kernel/linux-4.14.html"), HasSubstr("unexplained"));
}

TEST(Publish, ArchiveIsReadByTheNamesOfItsFiles) {
  ScratchFolder scratch;
  write_run_result(scratch.path() / "linux-3.16.0.json", result("3.16.0", {}));
  write_run_result(scratch.path() / "a.json", result("4.4.0", {}));
  write_file(scratch.path() / "README.md", "Recorded by hand.");
  const std::vector<RunResult> archive = read_archive(scratch.path());
  ASSERT_EQ(archive.size(), 2U);
  EXPECT_EQ(archive[0].kernel.id, "a");
  EXPECT_EQ(archive[1].kernel.id, "linux-3.16.0");
}

TEST(Publish, ListsWaiversAndWhatEachCovers) {
  ScratchFolder scratch;
  publish(sample_site(scratch.path() / "runs"), scratch.path() / "site");
  const std::string page = read_file(scratch.path() / "site/kernels.html");
  EXPECT_THAT(page, HasSubstr("own-tree-without-modules<small>1 scenario</small>"));
  EXPECT_THAT(page, HasSubstr("2026-01-31 <span class=\"cell unexplained\">expired</span>"));
  EXPECT_THAT(read_file(scratch.path() / "site/kernel/own-tree.html"),
              HasSubstr("module vsock_loopback not available"));
}

TEST(Publish, ReplacesAnOldSiteWhole) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path() / "runs");
  publish(input, scratch.path() / "site");
  write_file(scratch.path() / "site" / "stale.html", "");
  publish(input, scratch.path() / "site");
  EXPECT_FALSE(fs::exists(scratch.path() / "site" / "stale.html"));
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), fs::directory_iterator()), 2)
      << "something was left beside the site";
}

TEST(Publish, TouchesNoFolderThatIsNoSite) {
  ScratchFolder scratch;
  const SiteInput input = sample_site(scratch.path() / "runs");
  fs::create_directory(scratch.path() / "home");
  write_file(scratch.path() / "home" / "diary", "dear");
  EXPECT_THROW(publish(input, scratch.path() / "home"), UsageError);
  EXPECT_EQ(read_file(scratch.path() / "home" / "diary"), "dear");
}

TEST(Publish, WithoutAnyResultIsAUsageError) {
  ScratchFolder scratch;
  SiteInput input = sample_site(scratch.path() / "runs");
  input.runs.clear();
  EXPECT_THROW(publish(input, scratch.path() / "site"), UsageError);
  EXPECT_FALSE(fs::exists(scratch.path() / "site"));
}

TEST(Publish, EveryRelativeLinkLeadsToAFile) {
  ScratchFolder scratch;
  const fs::path site = scratch.path() / "site";
  publish(sample_site(scratch.path() / "runs"), site);
  std::size_t links = 0;
  for (const auto& [name, text] : files_below(site)) {
    if (!name.ends_with(".html")) continue;
    for (const std::string attribute : {"href=\"", "src=\""}) {
      for (auto at = text.find(attribute); at != std::string::npos;
           at = text.find(attribute, at + 1)) {
        const auto begin = at + attribute.size();
        std::string link = text.substr(begin, text.find('"', begin) - begin);
        link = link.substr(0, link.find('#'));
        if (link.empty()) continue;
        ++links;
        EXPECT_TRUE(fs::exists((site / name).parent_path() / link)) << name << ": " << link;
      }
    }
  }
  EXPECT_GT(links, 100U);
}

TEST(PublishCommand, WritesTheSiteAndSaysWhereToOpenIt) {
  const testing::Cli brokenpipe;
  const fs::path out = brokenpipe.folder() / "site";
  const SiteInput input = sample_site(brokenpipe.folder() / "brokenpipe" / "runs");
  // One of them twice: by its id and by its folder.
  const CommandResult published =
      brokenpipe({"publish", input.runs[1].run().id, input.runs[0].run().id,
                  input.runs[1].path().string(), "--out", out.string()});
  EXPECT_EQ(published.exit_status, 0) << published.err;
  EXPECT_EQ(published.out, (out / "index.html").string() + "\n");
  // The newest night stands in the matrix, in whatever order runs are named.
  EXPECT_THAT(read_file(out / "kernel/debian-6.12.html"), HasSubstr(input.runs[1].run().id));
  const Json history = Json::parse(read_file(out / "data/history.json"));
  EXPECT_EQ(history["nights"].size(), 2U);
  EXPECT_EQ(brokenpipe({"publish", "20200101T000000Z", "--out", out.string()}).exit_status, 2);
  EXPECT_EQ(brokenpipe({"publish", input.runs[0].run().id}).exit_status, 2);
}

}  // namespace
}  // namespace brokenpipe
