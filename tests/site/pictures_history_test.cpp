#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orchestrator/site/pictures/atom.h"
#include "orchestrator/site/pictures/history.h"
#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/run_command.h"
#include "tests/support/result_builder.h"
#include "tests/support/schema.h"
#include "tests/support/scratch_folder.h"

/// What has changed from night to night, and the feed that tells it.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScratchFolder;
using ::testing::SizeIs;

const Json epipe{{"returned", -1}, {"errno", "EPIPE"}};
const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};

RunRecord night(int day) {
  const std::string two_digits = (day < 10 ? "0" : "") + std::to_string(day);
  RunRecord run;
  run.id = "202611" + two_digits + "T020000Z";
  run.started = "2026-11-" + two_digits + "T02:00:00Z";
  return run;
}

/// What a kernel of the catalogue answered; every release is an image of its own.
RunResult answers(const std::string& kernel, const std::string& release,
                  std::vector<Observation> observations) {
  RunResult run = result(release, std::move(observations));
  run.kernel.id = kernel;
  run.kernel.sha256 = "image of " + release;
  run.probe.sha256 = "probe";
  return run;
}

Observation sends(const std::string& scenario, const Json& seen) {
  return completed(scenario, {step("send#1", seen)});
}

ScenarioHistory steadiness(const History& history, const std::string& scenario) {
  const auto found = std::find_if(history.scenarios.begin(), history.scenarios.end(),
                                  [&](const ScenarioHistory& s) { return s.scenario == scenario; });
  return found == history.scenarios.end() ? ScenarioHistory{} : *found;
}

/// A history with a change of debian-6.1 on the second night, and none on the third.
History three_nights() {
  HistoryBuilder builder;
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)})});
  builder.add(night(2), {answers("debian-6.1", "6.1.11", {sends("tcp/a", reset)})});
  builder.add(night(3), {answers("debian-6.1", "6.1.11", {sends("tcp/a", reset)})});
  return builder.history();
}

TEST(Digest, IsTheSameForTheSameTruth) {
  const Observation a = sends("tcp/a", epipe);
  const Observation b = sends("tcp/b", reset);
  Observation reworded = a;
  reworded.reason = "in other words";
  reworded.steps[0].args = "1, 0";
  EXPECT_EQ(digest(answers("debian-6.1", "6.1.10", {a, b})),
            digest(answers("debian-7.3", "7.3", {b, reworded})));
  EXPECT_THAT(digest(answers("debian-6.1", "6.1.10", {a, b})), SizeIs(64));
}

TEST(Digest, IsAnotherForAnyOtherAnswer) {
  const auto of = [](Observation observation) {
    return digest(answers("debian-6.1", "6.1.10", {std::move(observation)}));
  };
  const std::string one = of(sends("tcp/a", epipe));
  EXPECT_NE(one, of(sends("tcp/a", reset)));
  EXPECT_NE(one, of(sends("tcp/b", epipe)));
  EXPECT_NE(one, of(killed("tcp/a", "SIGPIPE", {step("send#1", epipe)})));
  EXPECT_NE(one, of(completed("tcp/a", {step("send#2", epipe)})));
  EXPECT_NE(one, of(completed("tcp/a", {step("send#1", epipe), step("send#2", epipe)})));
  Observation flaky = sends("tcp/a", epipe);
  flaky.disagreeing.push_back(sends("tcp/a", reset));
  EXPECT_NE(one, of(flaky));
}

TEST(History, OfTheSameAnswersTwiceHoldsNoChange) {
  HistoryBuilder builder;
  const std::vector<RunResult> results{answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)}),
                                       answers("debian-7.3", "7.3.1", {sends("tcp/a", reset)})};
  builder.add(night(1), results);
  builder.add(night(2), {results[1], results[0]});
  const History history = builder.history();
  EXPECT_THAT(history.changes, IsEmpty());
  ASSERT_THAT(history.nights, SizeIs(2));
  EXPECT_EQ(history.nights[0].digest, history.nights[1].digest);
  EXPECT_THAT(history.nights[1].kernels, ElementsAre(Field(&NightKernel::kernel, "debian-6.1"),
                                                     Field(&NightKernel::kernel, "debian-7.3")));
}

TEST(History, TellsWhatChangedWhenAndBetweenWhichReleases) {
  const History history = three_nights();
  ASSERT_THAT(history.changes, SizeIs(1));
  const NightChange& change = history.changes[0];
  EXPECT_EQ(change.night, night(2).id);
  EXPECT_EQ(change.before, night(1).id);
  EXPECT_EQ(change.kernel, "debian-6.1");
  EXPECT_EQ(change.scenario, "tcp/a");
  EXPECT_EQ(change.step, "send#1");
  EXPECT_EQ(change.from, epipe);
  EXPECT_EQ(change.to, reset);
  EXPECT_EQ(change.from_release, "6.1.10");
  EXPECT_EQ(change.to_release, "6.1.11");
  EXPECT_FALSE(change.same_kernel);
  EXPECT_FALSE(change.probe_changed);
  EXPECT_EQ(history.nights[1].kernels[0].changes, 1U);
  EXPECT_EQ(history.nights[2].kernels[0].changes, 0U);
}

TEST(History, CountsTheScenariosThatWereAddedAndThatAreGoneSinceTheNightBefore) {
  HistoryBuilder builder;
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)}),
                         answers("debian-7.3", "7.3", {sends("tcp/b", epipe)})});
  builder.add(night(2),
              {answers("debian-6.1", "6.1.10",
                       {sends("tcp/b", epipe), sends("tcp/c", epipe), sends("tcp/d", epipe)})});
  const History history = builder.history();
  EXPECT_EQ(history.nights[0].added, 0U);
  EXPECT_EQ(history.nights[0].gone, 0U);
  EXPECT_EQ(history.nights[1].added, 2U);
  EXPECT_EQ(history.nights[1].gone, 1U);
  EXPECT_THAT(history.changes, IsEmpty());
}

TEST(History, PutsTheNewestChangeFirst) {
  HistoryBuilder builder;
  for (int day = 1; day <= 3; ++day)
    builder.add(night(day), {answers("debian-6.1", "6.1." + std::to_string(day),
                                     {sends("tcp/a", day % 2 == 0 ? epipe : reset)})});
  EXPECT_THAT(builder.history().changes, ElementsAre(Field(&NightChange::night, night(3).id),
                                                     Field(&NightChange::night, night(2).id)));
}

TEST(History, OfANightWithoutAKernelCarriesNothing) {
  HistoryBuilder builder;
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)})});
  builder.add(night(2), {answers("debian-7.3", "7.3.1", {sends("tcp/b", epipe)})});
  builder.add(night(3), {answers("debian-6.1", "6.1.11", {sends("tcp/a", reset)})});
  const History history = builder.history();
  EXPECT_THAT(history.nights[1].kernels, ElementsAre(Field(&NightKernel::kernel, "debian-7.3")));
  EXPECT_THAT(history.changes, ElementsAre(AllOf(Field(&NightChange::night, night(3).id),
                                                 Field(&NightChange::before, night(1).id))));
  EXPECT_EQ(steadiness(history, "tcp/a").nights, 2U);
  EXPECT_EQ(steadiness(history, "tcp/b").nights, 1U);
}

TEST(History, TakesNoAnswerForNoChange) {
  HistoryBuilder builder;
  Observation flaky = sends("tcp/a", reset);
  flaky.disagreeing.push_back(sends("tcp/a", epipe));
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)})});
  builder.add(night(2), {answers("debian-6.1", "6.1.11",
                                 {ended("tcp/a", ScenarioEnding::broken, "no port")})});
  builder.add(night(3), {answers("debian-6.1", "6.1.12",
                                 {ended("tcp/a", ScenarioEnding::timed_out, "60 s")})});
  builder.add(night(4), {answers("debian-6.1", "6.1.13", {flaky})});
  builder.add(night(5), {answers("debian-6.1", "6.1.14", {})});
  builder.add(night(6), {answers("debian-6.1", "6.1.15", {sends("tcp/a", epipe)})});
  const History history = builder.history();
  EXPECT_THAT(history.changes, IsEmpty());
  EXPECT_EQ(steadiness(history, "tcp/a").nights, 2U);
  EXPECT_EQ(steadiness(history, "tcp/a").streak, 2U);
}

/// A feature that a kernel lacks by the errno that means just that.
Observation proven(const std::string& scenario, const std::string& reason) {
  Observation without = ended(scenario, ScenarioEnding::unsupported, reason);
  without.proof = "EPROTONOSUPPORT";
  return without;
}

TEST(History, TakesWhatWasNotAskedForNoChange) {
  HistoryBuilder builder;
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {sends("sctp/a", epipe)})});
  builder.add(night(2), {answers("debian-6.1", "6.1.11",
                                 {ended("sctp/a", ScenarioEnding::unsupported, "no module")})});
  builder.add(night(3), {answers("debian-6.1", "6.1.12", {sends("sctp/a", epipe)})});
  EXPECT_THAT(builder.history().changes, IsEmpty());
  EXPECT_EQ(steadiness(builder.history(), "sctp/a").nights, 2U);
  builder.add(night(4), {answers("debian-6.1", "6.1.13", {proven("sctp/a", "no sctp")})});
  EXPECT_THAT(builder.history().changes, SizeIs(1));
}

TEST(History, TellsOfAFeatureThatCameOnlyThatItCame) {
  HistoryBuilder builder;
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {proven("sctp/a", "no sctp")})});
  builder.add(night(2), {answers("debian-6.1", "6.1.11", {sends("sctp/a", epipe)})});
  EXPECT_THAT(builder.history().changes,
              ElementsAre(AllOf(Field(&NightChange::step, "ending"),
                                Field(&NightChange::from, Json{{"ending", "unsupported"}}),
                                Field(&NightChange::to, Json{{"ending", "completed"}}))));
}

TEST(History, TellsOfStepsThatAppearAndDisappear) {
  HistoryBuilder builder;
  builder.add(night(1),
              {answers("debian-6.1", "6.1.10", {completed("tcp/a", {step("send#1", epipe)})})});
  builder.add(night(2), {answers("debian-6.1", "6.1.11",
                                 {killed("tcp/a", "SIGPIPE", {step("recv#1", reset)})})});
  EXPECT_THAT(
      builder.history().changes,
      ElementsAre(AllOf(Field(&NightChange::step, "ending"),
                        Field(&NightChange::to, Json{{"ending", "killed"}, {"signal", "SIGPIPE"}})),
                  AllOf(Field(&NightChange::step, "recv#1"), Field(&NightChange::from, Json())),
                  AllOf(Field(&NightChange::step, "send#1"), Field(&NightChange::to, Json()))));
}

TEST(History, SaysWhereNoOtherKernelAccountsForAChange) {
  HistoryBuilder builder;
  RunResult run = answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)});
  builder.add(night(1), {run});
  run.observations = {sends("tcp/a", reset)};
  builder.add(night(2), {run});
  run.observations = {sends("tcp/a", epipe)};
  run.probe.sha256 = "another probe";
  builder.add(night(3), {run});
  EXPECT_THAT(builder.history().changes,
              ElementsAre(AllOf(Field(&NightChange::same_kernel, true),
                                Field(&NightChange::probe_changed, true)),
                          AllOf(Field(&NightChange::same_kernel, true),
                                Field(&NightChange::probe_changed, false))));
}

TEST(History, CountsFlipsAndStreaksOverAllKernels) {
  HistoryBuilder builder;
  const auto add = [&](int day, const Json& old_kernel, const Json& new_kernel) {
    const std::string patch = std::to_string(day);
    builder.add(night(day), {answers("debian-6.1", "6.1." + patch,
                                     {sends("tcp/a", old_kernel), sends("tcp/b", epipe)}),
                             answers("debian-7.3", "7.3." + patch,
                                     {sends("tcp/a", new_kernel), sends("tcp/b", epipe)})});
  };
  add(1, epipe, epipe);
  add(2, reset, reset);
  add(3, reset, epipe);
  add(4, reset, epipe);
  const History history = builder.history();
  const ScenarioHistory a = steadiness(history, "tcp/a");
  EXPECT_EQ(a.flips, 3U);
  EXPECT_EQ(a.nights, 4U);
  EXPECT_EQ(a.streak, 1U);
  EXPECT_EQ(a.last_flip, night(3).id);
  const ScenarioHistory b = steadiness(history, "tcp/b");
  EXPECT_EQ(b.flips, 0U);
  EXPECT_EQ(b.streak, 4U);
  EXPECT_EQ(b.last_flip, "");
}

TEST(History, OrdersScenariosByFlips) {
  const std::vector<ScenarioHistory> scenarios{
      {"tcp/a", 1, 9, 3, "x"}, {"tcp/b", 2, 9, 1, "x"}, {"tcp/c", 1, 9, 2, "x"}};
  const auto named = [](const char* name) { return Field(&ScenarioHistory::scenario, name); };
  EXPECT_THAT(by_flips(scenarios), ElementsAre(named("tcp/b"), named("tcp/c"), named("tcp/a")));
}

TEST(History, IsWrittenAsItsSchemaSays) {
  const Json written = Json::parse(to_json(three_nights()).dump());
  EXPECT_EQ(testing::Schema("history.json").complaint_about(written), "");
  EXPECT_THAT(written["changes"], SizeIs(1));
}

/// A feed as a reader of feeds understands it.
Json read_by_feedparser(const std::string& feed) {
  const ScratchFolder scratch;
  write_file(scratch.path() / "feed.atom", feed);
  const CommandResult read = run_command(
      {"/usr/bin/python3", "-c",  // Debian's, which has its packages
       "import feedparser, json, sys\n"
       "f = feedparser.parse(sys.argv[1])\n"
       "assert not f.bozo, f.bozo_exception\n"
       "print(json.dumps({'version': f.version, 'id': f.feed.id, 'updated': f.feed.updated,\n"
       "  'entries': [{'id': e.id, 'title': e.title, 'updated': e.updated, 'link': e.link,\n"
       "               'content': e.content[0].value} for e in f.entries]}))",
       (scratch.path() / "feed.atom").string()});
  EXPECT_EQ(read.exit_status, 0) << read.err;
  return read.exit_status == 0 ? Json::parse(read.out) : Json();
}

TEST(AtomFeed, IsReadByAReaderOfFeeds) {
  const Json feed = read_by_feedparser(atom_feed(three_nights(), "history.html"));
  EXPECT_EQ(feed["version"], "atom10");
  EXPECT_EQ(feed["id"], "tag:brokenpipe,2026:changes");
  EXPECT_EQ(feed["updated"], night(3).started);
  ASSERT_THAT(feed["entries"], SizeIs(1));
  const Json& entry = feed["entries"][0];
  EXPECT_EQ(entry["id"], "tag:brokenpipe,2026:changes/" + night(2).id + "/debian-6.1");
  EXPECT_EQ(entry["title"], "debian-6.1: 1 answer changed (6.1.10 to 6.1.11)");
  EXPECT_EQ(entry["updated"], night(2).started);
  EXPECT_THAT(entry["link"].get<std::string>(), HasSubstr("history.html#" + night(2).id));
  EXPECT_THAT(entry["content"].get<std::string>(),
              HasSubstr("tcp/a send#1: -1 EPIPE → -1 ECONNRESET"));
}

TEST(AtomFeed, HasAnEntryForEachNightAndKernelNewestFirst) {
  HistoryBuilder builder;
  for (int day = 1; day <= 3; ++day) {
    const Json& seen = day % 2 == 0 ? epipe : reset;
    builder.add(night(day), {answers("debian-6.1", "6.1." + std::to_string(day),
                                     {sends("tcp/a", seen), sends("tcp/b", seen)}),
                             answers("debian-7.3", "7.3", {sends("tcp/a", seen)})});
  }
  const Json feed = read_by_feedparser(atom_feed(builder.history(), "history.html"));
  std::vector<std::string> ids;
  for (const Json& entry : feed["entries"]) ids.push_back(entry["id"]);
  const auto id = [](int day, const std::string& kernel) {
    return "tag:brokenpipe,2026:changes/" + night(day).id + "/" + kernel;
  };
  EXPECT_THAT(ids, ElementsAre(id(3, "debian-6.1"), id(3, "debian-7.3"), id(2, "debian-6.1"),
                               id(2, "debian-7.3")));
  EXPECT_THAT(feed["entries"][0]["title"].get<std::string>(), HasSubstr("2 answers changed"));
  EXPECT_THAT(feed["entries"][1]["content"].get<std::string>(), HasSubstr("not steady"));
}

TEST(AtomFeed, SurvivesWhatAGuestSaid) {
  HistoryBuilder builder;
  const std::string hostile = "<b>&\"' \x1b";
  builder.add(night(1), {answers("a kernel of mine", hostile, {sends("tcp/a", epipe)})});
  builder.add(night(2),
              {answers("a kernel of mine", "6.1", {sends("tcp/a", {{"errno", hostile}})})});
  const Json feed = read_by_feedparser(atom_feed(builder.history(), "history.html"));
  ASSERT_THAT(feed["entries"], SizeIs(1));
  EXPECT_THAT(feed["entries"][0]["content"].get<std::string>(), HasSubstr("&lt;b&gt;&amp;"));
  EXPECT_THAT(feed["entries"][0]["id"].get<std::string>(), HasSubstr("/a%20kernel%20of%20mine"));
}

TEST(AtomFeed, OfAQuietHistoryIsEmptyAndOfNoneIsAnError) {
  HistoryBuilder builder;
  EXPECT_THROW(atom_feed(builder.history(), "history.html"), Error);
  builder.add(night(1), {answers("debian-6.1", "6.1.10", {sends("tcp/a", epipe)})});
  EXPECT_THAT(read_by_feedparser(atom_feed(builder.history(), "history.html"))["entries"],
              IsEmpty());
}

}  // namespace
}  // namespace brokenpipe
