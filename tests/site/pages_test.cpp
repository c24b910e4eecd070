#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/site/model.h"
#include "orchestrator/site/pages.h"
#include "orchestrator/site/templates.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/site/model_builder.h"
#include "tests/support/scratch_folder.h"

/// Where pages lie, the templates that they are made by, and the history's page.
namespace brokenpipe {
namespace {

using ::testing::HasSubstr;
using testing::ScratchFolder;

TEST(Paths, StayBelowTheSiteWhateverTheIdAndAreEachOnesOwn) {
  EXPECT_EQ(scenario_page("tcp/rst+ipv6"), "scenario/tcp/rst+ipv6.html");
  EXPECT_EQ(scenario_page("../../etc/x"), "scenario/~2e./~2e./etc/x.html");
  EXPECT_EQ(scenario_page("a//b"), "scenario/a/~/b.html");
  EXPECT_EQ(kernel_page("a/b c"), "kernel/a~2fb~20c.html");
  EXPECT_NE(kernel_page("a~2fb"), kernel_page("a/b"));
  EXPECT_EQ(root_of("scenario/tcp/x.html"), "../../");
}

TEST(TemplatesOfTheSite, EscapeTextAndTakeNothingInItForATag) {
  ScratchFolder scratch;
  write_file(scratch.path() / "one.mustache", "{{text}}|{{{markup}}}|{{#empty}}no{{/empty}}");
  Templates templates(scratch.path());
  EXPECT_EQ(templates.render("one", {{"text", "<b>'\"&{{x}}"}, {"markup", "<i>"}, {"empty", ""}}),
            "&lt;b&gt;&apos;&quot;&amp;{{x}}|<i>|");
  EXPECT_EQ(templates.render("one", {{"text", "\x1b\xff"}, {"markup", 1}, {"empty", false}}),
            R"(\x1b\xff|1|)");
}

TEST(TemplatesOfTheSite, BrokenOneIsAnErrorThatNamesIt) {
  ScratchFolder scratch;
  write_file(scratch.path() / "one.mustache", "{{#open}}");
  Templates templates(scratch.path());
  try {
    templates.render("one", {});
    FAIL() << "it was rendered";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("one.mustache"));
  }
}

TEST(HistoryPage, TellsHowManyScenariosWereAddedWhereTheDigestIsAnother) {
  const SiteModel model = model_of({}, {{"6.1", {completed("tcp/a", {step("send#1", sent)})}}});
  HistoryBuilder builder;
  RunResult night = model.kernels.front().result();
  RunRecord run;
  run.id = "one";
  builder.add(run, {night});
  run.id = "two";
  night.observations.push_back(completed("tcp/b", {step("send#1", sent)}));
  builder.add(run, {night});
  const auto data = history_data(model, builder.history());
  EXPECT_EQ(data["nights"][0]["same"], false);
  EXPECT_EQ(data["nights"][0]["added"], "1 scenario");
  EXPECT_EQ(data["nights"][0]["gone"], "");
  EXPECT_EQ(data["nights"][1]["added"], "");
  EXPECT_EQ(data["has_changes"], false);
}

}  // namespace
}  // namespace brokenpipe
