#include "orchestrator/campaign/bisect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "orchestrator/campaign/question.h"
#include "orchestrator/campaign/releases.h"
#include "results/base/error.h"
#include "tests/support/result_builder.h"

/// Bisecting without a kernel: the search, the question that it asks, and the releases that it goes
/// along.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Versions that answer what stands at their place; an empty string: cannot be asked.
struct Bench {
  explicit Bench(std::vector<std::string> the_answers) : answers(std::move(the_answers)) {}

  Bisection search() {
    return bisect(
        answers.size(),
        [this](size_t version) -> std::optional<std::string> {
          asked.push_back(version);
          if (answers[version].empty()) return std::nullopt;
          return answers[version];
        },
        [this](size_t /*version*/, size_t about_left) { left.push_back(about_left); });
  }

  std::vector<std::string> answers;
  std::vector<size_t> asked;
  std::vector<size_t> left;
};

std::vector<std::string> one_change(size_t versions, size_t at) {
  std::vector<std::string> answers(versions, "old");
  std::fill(answers.begin() + static_cast<std::ptrdiff_t>(at), answers.end(), "new");
  return answers;
}

TEST(Bisect, FindsTheOneChangeWhereverItLies) {
  for (size_t versions = 2; versions <= 17; ++versions) {
    for (size_t at = 1; at < versions; ++at) {
      const Bisection bisection = Bench(one_change(versions, at)).search();
      EXPECT_EQ(bisection.ending, Bisection::Ending::found);
      EXPECT_EQ(bisection.before, at - 1) << versions;
      EXPECT_EQ(bisection.after, at) << versions;
    }
  }
}

TEST(Bisect, AsksNoMoreThanItsHalvings) {
  for (size_t at = 1; at < 34; ++at) {
    Bench bench(one_change(34, at));
    bench.search();
    EXPECT_LE(bench.asked.size(), 2U + 6U) << at;
  }
}

TEST(Bisect, SaysHowManyAreLeftAndNeverTooFew) {
  Bench bench(one_change(9, 8));
  bench.search();
  EXPECT_THAT(bench.left, ElementsAre(5, 4, 3, 2, 1));
}

TEST(Bisect, EndsThatAnswerAlikeAreAllThatIsAsked) {
  Bench bench({"same", "other", "other", "same"});
  const Bisection bisection = bench.search();
  EXPECT_EQ(bisection.ending, Bisection::Ending::alike);
  EXPECT_THAT(bench.asked, ElementsAre(0, 3));
}

TEST(Bisect, AnEndThatCannotBeAskedEndsTheSearch) {
  EXPECT_EQ(Bench({"", "new", "new"}).search().ending, Bisection::Ending::unanswered);
  EXPECT_EQ(Bench({"old", "new", ""}).search().ending, Bisection::Ending::unanswered);
}

TEST(Bisect, VersionsThatCannotBeAskedArePassedOver) {
  const Bisection bisection = Bench({"old", "old", "", "", "new", "new", "new"}).search();
  EXPECT_EQ(bisection.ending, Bisection::Ending::found);
  EXPECT_EQ(bisection.before, 1U);
  EXPECT_EQ(bisection.after, 4U);
}

TEST(Bisect, AVersionThatCannotBeAskedAwayFromTheChangeDoesNotBlurIt) {
  const Bisection bisection = Bench({"old", "old", "old", "new", "", "", "new"}).search();
  EXPECT_EQ(bisection.before, 2U);
  EXPECT_EQ(bisection.after, 3U);
}

TEST(Bisect, NothingBetweenTheEndsCanBeAsked) {
  Bench bench({"old", "", "", "", "new"});
  const Bisection bisection = bench.search();
  EXPECT_EQ(bisection.before, 0U);
  EXPECT_EQ(bisection.after, 4U);
  EXPECT_EQ(bench.asked.size(), 5U);
}

TEST(Bisect, OfSeveralChangesItFindsOneAndTheyAreCounted) {
  const Bisection bisection = Bench({"a", "a", "b", "b", "b", "c", "c"}).search();
  EXPECT_EQ(bisection.ending, Bisection::Ending::found);
  EXPECT_EQ(bisection.before, 1U);
  EXPECT_EQ(bisection.after, 2U);
  EXPECT_EQ(changes_in(bisection.answers), 2U);
}

TEST(Bisect, AnswersThatReturnCountAsChanges) {
  EXPECT_EQ(changes_in({{0, "a"}, {1, std::nullopt}, {2, "b"}, {3, "a"}}), 2U);
  EXPECT_EQ(changes_in({{0, "a"}, {5, "a"}, {6, "b"}}), 1U);
  EXPECT_EQ(changes_in({}), 0U);
}

Question about(const std::string& step) {
  Question question;
  question.scenario.id = "tcp/x";
  question.step = step;
  return question;
}

const Expectations nothing_known;

Observation sends(const std::string& first, const std::string& second) {
  return completed("tcp/x",
                   {step("send#1", {{"errno", first}}), step("send#2", {{"errno", second}})});
}

TEST(Question, AStepIsAskedAfterTheFirstHash) {
  const Question question = question_of("tcp/never-connected#send#2", PROBE);
  EXPECT_EQ(question.scenario.id, "tcp/never-connected");
  EXPECT_EQ(question.step, "send#2");
  EXPECT_EQ(question_of("tcp/never-connected", PROBE).step, "");
  EXPECT_THROW(question_of("tcp/never-conected#send#2", PROBE), UsageError);
}

TEST(Question, OfOneStepTheOthersDoNotMatter) {
  const RunResult a = result("6.1", {sends("EPIPE", "EIO")});
  const RunResult b = result("6.12", {sends("EPIPE", "EBADF")});
  EXPECT_EQ(answer_in(a, about("send#1"), nothing_known),
            answer_in(b, about("send#1"), nothing_known));
  EXPECT_NE(answer_in(a, about("send#2"), nothing_known),
            answer_in(b, about("send#2"), nothing_known));
  EXPECT_NE(answer_in(a, about(""), nothing_known), answer_in(b, about(""), nothing_known));
}

Observation without(const std::string& reason, const std::string& proof = {}) {
  Observation observation = ended("tcp/x", ScenarioEnding::unsupported, reason);
  observation.feature = "x";
  observation.proof = proof;
  return observation;
}

TEST(Question, ThatAKernelLacksTheFeatureIsAnAnswer) {
  const RunResult made = result("6.1", {sends("EPIPE", "EIO")});
  const RunResult lacks = result("6.1", {without("no such call", "ENOSYS")});
  RunResult lacks_too = result("6.1", {without("no module")});
  lacks_too.lacks = {{"x", "CONFIG_X is not set"}};
  EXPECT_NE(answer_in(made, about("send#1"), nothing_known),
            answer_in(lacks, about("send#1"), nothing_known));
  EXPECT_EQ(answer_in(lacks, about(""), nothing_known),
            answer_in(lacks_too, about(""), nothing_known));
}

TEST(Question, ThatAKernelCouldNotBeAskedIsNoAnswer) {
  const RunResult without_module = result("6.1", {without("no module")});
  EXPECT_EQ(answer_in(without_module, about(""), nothing_known), std::nullopt);
  EXPECT_EQ(answer_in(without_module, about("send#1"), nothing_known), std::nullopt);
  EXPECT_EQ(why_not_asked(without_module, about(""), nothing_known),
            "it could not be asked: no module");
  EXPECT_EQ(
      why_not_asked(result("6.1", {without("no such call", "ENOSYS")}), about(""), nothing_known),
      std::nullopt);
}

/// The reference lacks it, 5.6 brings it, 6.16 takes it away.
Expectations came_and_went() {
  Expectations expected;
  expected.reference = result("3.16.0", {without("no such call")});
  expected.reference.from_sources = true;
  Change came;
  came.id = "x-comes";
  came.mainline = {5, 6, 0};
  Observation answer = sends("EPIPE", "EIO");
  answer.basis = Basis::derived;
  came.introduces = {{answer, std::nullopt}};
  Change went;
  went.id = "x-goes";
  went.mainline = {6, 16, 0};
  went.removes = {"tcp/x"};
  expected.changes = {{came, went}};
  return expected;
}

TEST(Question, WhatIsPredictedToBeLackingNeedsNoOtherProof) {
  const Expectations expected = came_and_went();
  EXPECT_TRUE(answer_in(result("5.4.1", {without("no module")}), about(""), expected));
  EXPECT_FALSE(answer_in(result("6.1.1", {without("no module")}), about(""), expected));
  EXPECT_TRUE(answer_in(result("6.16.1", {without("no module")}), about(""), expected));
}

TEST(Question, WhatBringsAFeatureOrTakesItAwayExplainsIt) {
  const Expectations expected = came_and_went();
  const RunResult before = result("5.4.1", {without("no such call", "ENOSYS")});
  const RunResult with = result("6.1.1", {sends("EPIPE", "EIO")});
  const RunResult after = result("6.16.1", {without("no such call", "ENOSYS")});
  const Explanation came = explain(before, with, about(""), expected);
  ASSERT_EQ(came.known.size(), 1U);
  EXPECT_EQ(came.known[0].change, "x-comes");
  EXPECT_TRUE(came.unexplained.empty());
  const Explanation went = explain(with, after, about(""), expected);
  ASSERT_EQ(went.known.size(), 1U);
  EXPECT_EQ(went.known[0].change, "x-goes");
  EXPECT_THAT(explain(before, with, about(""), nothing_known).unexplained, ElementsAre("ending"));
}

TEST(Question, WhatCameToNoConclusionIsNoAnswer) {
  EXPECT_EQ(answer_in(result("6.1", {}), about(""), nothing_known), std::nullopt);
  for (const ScenarioEnding ending : {ScenarioEnding::broken, ScenarioEnding::timed_out}) {
    EXPECT_EQ(answer_in(result("6.1", {ended("tcp/x", ending, "")}), about(""), nothing_known),
              std::nullopt);
  }
}

TEST(Question, WhatItsRepeatsDoNotAgreeOnIsNoAnswer) {
  Observation flaky = sends("EPIPE", "EIO");
  flaky.disagreeing = {sends("EPIPE", "EBADF")};
  EXPECT_EQ(answer_in(result("6.1", {flaky}), about(""), nothing_known), std::nullopt);
}

TEST(Question, IsToldByTheStepsThatVary) {
  const Observation a = sends("EPIPE", "EIO");
  const Observation b = sends("EPIPE", "EBADF");
  EXPECT_EQ(told(a, about(""), places_that_vary({&a, &b})), "send = EIO");
  EXPECT_EQ(told(a, about(""), places_that_vary({&a, &a})), "send = EPIPE; send = EIO");
}

Expectations one_change_of(const std::string& step, const std::string& before,
                           const std::string& after) {
  Change change;
  change.id = "a-change";
  change.mainline = {6, 5, 0};
  change.moves = {{{"tcp/x"}, step, {{"errno", before}}, {{"errno", after}}}};
  return {{}, {{change}}};
}

TEST(Question, AChangeExplainsItsOwnStepsAndNoOthers) {
  const RunResult older = result("6.1", {sends("EPIPE", "EIO")});
  const RunResult newer = result("6.12", {sends("ENOTCONN", "EBADF")});
  const Expectations expected = one_change_of("send#1", "EPIPE", "ENOTCONN");
  const Explanation explanation = explain(older, newer, about(""), expected);
  ASSERT_EQ(explanation.known.size(), 1U);
  EXPECT_EQ(explanation.known[0].change, "a-change");
  EXPECT_THAT(explanation.known[0].places, ElementsAre("send#1"));
  EXPECT_THAT(explanation.unexplained, ElementsAre("send#2"));
}

TEST(Question, OfOneStepTheOthersNeedNoExplanation) {
  const RunResult older = result("6.1", {sends("EPIPE", "EIO")});
  const RunResult newer = result("6.12", {sends("ENOTCONN", "EBADF")});
  const Expectations expected = one_change_of("send#1", "EPIPE", "ENOTCONN");
  EXPECT_TRUE(explain(older, newer, about("send#1"), expected).unexplained.empty());
  EXPECT_TRUE(explain(older, newer, about("send#2"), expected).known.empty());
}

CatalogueEntry entry(const std::string& id, const std::string& series) {
  CatalogueEntry entry;
  entry.id = id;
  entry.series = series;
  return entry;
}

std::vector<Offer> offers(const std::vector<std::string>& releases) {
  std::vector<Offer> offers;
  offers.reserve(releases.size());
  for (const std::string& release : releases) offers.push_back({"", "", release});
  return offers;
}

std::vector<std::string> ids(const std::vector<KernelChoice>& chain) {
  std::vector<std::string> ids;
  ids.reserve(chain.size());
  for (const KernelChoice& kernel : chain) ids.push_back(kernel.id);
  return ids;
}

const CatalogueEntry of_6_12 = entry("debian-6.12", "6.12");
const CatalogueEntry of_6_9 = entry("debian-6.9", "6.9");
const CatalogueEntry of_7_3 = entry("debian-7.3-rt", "7.3");

// Mirrors tell their newest first, catalogues have an order of their own.
Releases sample() {
  return Releases({of_6_12, of_6_9, of_7_3},
                  {offers({"6.12.117", "6.12.105", "6.12.105", "6.12.9"}), offers({"6.9.7"}),
                   offers({"7.3.4", "7.3~rc7"})});
}

KernelChoice release(const CatalogueEntry& of, const std::string& point_release) {
  return sample().named(point_release_of(of, point_release));
}

TEST(Releases, StandInTheOrderOfTheirVersions) {
  EXPECT_THAT(ids(sample().within(release(of_6_12, "6.12.9"), release(of_6_12, "6.12.117"))),
              ElementsAre("debian-6.12.9", "debian-6.12.105", "debian-6.12.117"));
}

TEST(Releases, ACandidateIsOlderThanItsRelease) {
  EXPECT_THAT(ids(sample().within(release(of_6_12, "6.12.117"), release(of_7_3, "7.3.4"))),
              ElementsAre("debian-6.12.117", "debian-7.3~rc7-rt", "debian-7.3.4-rt"));
}

TEST(Releases, AcrossSeriesTheNewestOfEachStandsForIt) {
  EXPECT_THAT(ids(sample().across(release(of_6_9, "6.9.7"), release(of_7_3, "7.3~rc7"))),
              ElementsAre("debian-6.9.7", "debian-6.12.117", "debian-7.3~rc7-rt"));
}

TEST(Releases, AnOldEndIsFollowedByTheNewestOfItsOwnSeries) {
  EXPECT_THAT(ids(sample().across(release(of_6_12, "6.12.9"), release(of_7_3, "7.3.4"))),
              ElementsAre("debian-6.12.9", "debian-6.12.117", "debian-7.3.4-rt"));
}

TEST(Releases, ASeriesAloneMeansItsNewest) {
  EXPECT_EQ(sample().named({"debian-6.12", of_6_12, {}, {}}).id, "debian-6.12.117");
}

TEST(Releases, WhatIsNotOnOfferIsRefusedWithWhatIs) {
  try {
    release(of_6_12, "6.12.42");
    FAIL() << "6.12.42 is not on offer";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("debian-6.12.42"));
    EXPECT_THAT(error.what(), HasSubstr("6.12.9, 6.12.105, 6.12.117"));
  }
}

TEST(Releases, AKernelInTheStoreIsOneOfThem) {
  Releases releases = sample();
  releases.add(of_6_12, "6.12.42");
  EXPECT_EQ(releases.named(point_release_of(of_6_12, "6.12.42")).id, "debian-6.12.42");
}

}  // namespace
}  // namespace brokenpipe
