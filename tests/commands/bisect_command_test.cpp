#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/known_kernels.h"

/// `brokenpipe bisect` as people type it: what it finds and says.
namespace brokenpipe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::KnownKernels;
using ::testing::Not;

constexpr const char* scenario = KnownKernels::scenario;

CommandResult bisect(KnownKernels& kernels, const std::string& question, const std::string& from,
                     const std::string& to, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"bisect", question, "--from", from,
                                 "--to",   to,       "--out",  kernels.runs().string()};
  words.insert(words.end(), more.begin(), more.end());
  return kernels(words);
}

void answer_with_one_change(KnownKernels& kernels) {
  for (const char* release : {"6.12.1", "6.12.2", "6.12.3"}) kernels.answered(release, "EAGAIN");
  for (const char* release : {"6.12.5", "6.12.8", "6.12.9"}) kernels.answered(release, "EPIPE");
}

TEST(BisectCommand, FindsTheTwoNeighboursAndWhatTheChangelogSays) {
  KnownKernels kernels;
  answer_with_one_change(kernels);
  const CommandResult found = bisect(kernels, scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out,
              AllOf(HasSubstr("The answer changes between debian-6.12.3 and debian-6.12.5."),
                    HasSubstr("EAGAIN"), HasSubstr("EPIPE"), HasSubstr("fs/pipe: as in 6.12.5"),
                    HasSubstr("Not explained by any known change: io_getevents#1"),
                    Not(HasSubstr("not in pipes"))));
  EXPECT_THAT(found.err, Not(HasSubstr("booting")));
}

TEST(BisectCommand, OneStepDecidesWhereOneIsNamed) {
  KnownKernels kernels;
  answer_with_one_change(kernels);
  const CommandResult alike =
      bisect(kernels, std::string(scenario) + "#io_submit#1", "debian-6.12.1", "debian-6.12.9");
  EXPECT_EQ(alike.exit_status, 1) << alike.err;
  EXPECT_THAT(alike.out, HasSubstr("nothing to bisect"));
}

TEST(BisectCommand, TellsPrograms) {
  KnownKernels kernels;
  answer_with_one_change(kernels);
  const CommandResult found = bisect(kernels, std::string(scenario) + "#io_getevents#1",
                                     "debian-6.12", "debian-6.12.1", {"--json"});
  ASSERT_EQ(found.exit_status, 0) << found.err;
  const auto json = nlohmann::json::parse(found.out);
  EXPECT_EQ(json.at("before"), "debian-6.12.3");
  EXPECT_EQ(json.at("after"), "debian-6.12.5");
  EXPECT_TRUE(json.at("explained_by").empty());
  EXPECT_EQ(json.at("unexplained"), nlohmann::json::array({"io_getevents#1"}));
  EXPECT_EQ(json.at("changelog").get<std::vector<std::string>>(),
            std::vector<std::string>{"fs/pipe: as in 6.12.5"});
}

TEST(BisectCommand, AcrossSeriesItGoesOnInTheYoungerOne) {
  KnownKernels kernels;
  kernels.answered("6.12.9", "EAGAIN");
  kernels.answered("7.2.1", "EAGAIN");
  kernels.answered("7.2.4", "EPIPE");
  const CommandResult found = bisect(kernels, scenario, "debian-6.12", "debian-7.2");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out, HasSubstr("between debian-7.2.1 and debian-7.2.4."));
}

TEST(BisectCommand, BetweenTwoSeriesItSaysThatTheyAreBranches) {
  KnownKernels kernels;
  kernels.answered("6.12.9", "EAGAIN");
  kernels.answered("7.2.1", "EPIPE");
  kernels.answered("7.2.4", "EPIPE");
  const CommandResult found = bisect(kernels, scenario, "debian-6.12", "debian-7.2");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("between debian-6.12.9 and debian-7.2.1."),
                               HasSubstr("Stable series are branches")));
}

TEST(BisectCommand, EndsOfTwoSeriesThatAnswerAlikeSayNothingOfThoseBetween) {
  KnownKernels kernels;
  kernels.answered("6.12.9", "EPIPE");
  kernels.answered("7.2.1", "EPIPE");
  const CommandResult alike = bisect(kernels, scenario, "debian-6.12", "debian-7.2");
  EXPECT_EQ(alike.exit_status, 1) << alike.err;
  EXPECT_THAT(alike.out, AllOf(HasSubstr("answer alike"), HasSubstr("asks them all")));
}

TEST(BisectCommand, AReleaseWithoutModulesIsPassedOverAndNeverConvicted) {
  KnownKernels kernels;
  kernels.answered("6.12.1", "EAGAIN");
  kernels.answered("6.12.2", "EAGAIN");
  kernels.not_asked("6.12.3");
  kernels.answered("6.12.5", "EPIPE");
  const CommandResult found = bisect(kernels, scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out,
              AllOf(HasSubstr("The answer changes between debian-6.12.2 and debian-6.12.5.\n"
                              "It is not decided where between them: 1 kernel could not be asked "
                              "(debian-6.12.3)."),
                    HasSubstr("debian-6.12.3: it could not be asked: no module")));
  const auto json = nlohmann::json::parse(
      bisect(kernels, scenario, "debian-6.12.1", "debian-6.12", {"--json"}).out);
  EXPECT_EQ(json.at("undecided"), nlohmann::json::array({"debian-6.12.3"}));
  EXPECT_EQ(json.at("not_asked").at(0).at("why"), "it could not be asked: no module");
}

TEST(BisectCommand, AReleaseWithoutModulesAwayFromTheChangeDoesNotBlurIt) {
  KnownKernels kernels;
  kernels.answered("6.12.1", "EAGAIN");
  kernels.answered("6.12.2", "EPIPE");
  kernels.not_asked("6.12.3");
  kernels.answered("6.12.5", "EPIPE");
  const CommandResult found = bisect(kernels, scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_EQ(found.exit_status, 0) << found.err;
  EXPECT_THAT(found.out, AllOf(HasSubstr("between debian-6.12.1 and debian-6.12.2.\n"),
                               Not(HasSubstr("not decided"))));
}

TEST(BisectCommand, AReleaseWithoutModulesIsNoEnd) {
  KnownKernels kernels;
  kernels.answered("6.12.1", "EAGAIN");
  kernels.not_asked("6.12.5");
  const CommandResult none = bisect(kernels, scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_EQ(none.exit_status, 3) << none.out;
  EXPECT_THAT(none.out, AllOf(HasSubstr("could not be asked, and both have to answer"),
                              HasSubstr("debian-6.12.5: it could not be asked: no module")));
}

TEST(BisectCommand, MoreThanOneChangeIsSaid) {
  KnownKernels kernels;
  kernels.answered("6.12.1", "EAGAIN");
  kernels.answered("6.12.2", "EIO");
  kernels.answered("6.12.3", "EPIPE");
  const CommandResult found = bisect(kernels, scenario, "debian-6.12.1", "debian-6.12");
  EXPECT_THAT(found.out, HasSubstr("the answer changes 2 times"));
}

TEST(BisectCommand, AStepThatNobodyMakesNamesThoseThereAre) {
  KnownKernels kernels;
  answer_with_one_change(kernels);
  const CommandResult mistyped =
      bisect(kernels, std::string(scenario) + "#io_submit#2", "debian-6.12.1", "debian-6.12.9");
  EXPECT_EQ(mistyped.exit_status, 2);
  EXPECT_THAT(mistyped.err, HasSubstr("io_submit#1"));
}

TEST(BisectCommand, AReleaseThatIsNotOnOfferNamesThoseThatAre) {
  KnownKernels kernels;
  answer_with_one_change(kernels);
  const CommandResult missing = bisect(kernels, scenario, "debian-6.12.4", "debian-6.12");
  EXPECT_EQ(missing.exit_status, 3);
  EXPECT_THAT(missing.err, HasSubstr("6.12.1, 6.12.2, 6.12.3, 6.12.5"));
}

TEST(BisectCommand, EndsThatMakeNoSenseAreMistakesOfUse) {
  KnownKernels kernels;
  answer_with_one_change(kernels);
  EXPECT_EQ(bisect(kernels, scenario, "debian-6.12.1", "host").exit_status, 2);
  EXPECT_EQ(bisect(kernels, scenario, "debian-6.12.9", "debian-6.12").exit_status, 2);
  EXPECT_EQ(bisect(kernels, scenario, "debian-6.12.1", "debian-7.2-rt").exit_status, 2);
  EXPECT_EQ(bisect(kernels, "pipe/*", "debian-6.12.1", "debian-6.12").exit_status, 2);
}

}  // namespace
}  // namespace brokenpipe
