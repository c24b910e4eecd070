#include "orchestrator/nightly/night_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// How a night is told, from what it has shown.
namespace brokenpipe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Came = KernelNight::Came;

NightReport night_of(const std::vector<KernelNight>& kernels) {
  NightReport night;
  night.data.run = RunRecord{};
  night.data.run->id = "20261122T161005Z";
  night.kernels = kernels;
  return night;
}

const KernelNight ran{"debian-6.12", Came::ran, "linux 6.12.10", "linux 6.12.9", true, ""};
const KernelNight as_before{"debian-6.1", Came::as_before, "linux 6.1.47", "", true, ""};
const KernelNight could_not{"debian-7.1", Came::could_not, "", "", true, "no_boot: | silent"};
const KernelNight never{"debian-7.2", Came::never, "", "", false, "nobody has it"};
const Unexplained difference{"debian-6.12", "tcp/x", "poll#1", "poll = POLLIN|POLLHUP", "not made"};

TEST(NightReport, OneLineNamesOnlyWhatThereIs) {
  NightReport night = night_of({ran, as_before});
  EXPECT_EQ(summary_line(night), "20261122T161005Z: 1 of 2 kernels run, nothing new");
  night.kernels = {ran, could_not};
  night.appeared = {difference};
  night.fixed = {difference, difference};
  night.standing = {difference};
  night.changed = {{}, {}};
  EXPECT_EQ(summary_line(night),
            "20261122T161005Z: 1 of 2 kernels run, 1 could not be judged, "
            "1 new unexplained difference, 2 fixed, 1 unexplained as before, 2 changed answers");
}

TEST(NightReport, PageNamesTheKernelsOfWhichThereIsNews) {
  const std::string page = summary_markdown(night_of({ran, as_before, could_not, never}));
  EXPECT_THAT(page, HasSubstr("- debian-6.12 was run: linux 6.12.10, was linux 6.12.9\n"));
  EXPECT_THAT(page, HasSubstr("- debian-7.1 could not be judged: no\\_boot: \\| silent\n"));
  EXPECT_THAT(page, HasSubstr("- debian-7.2 was never run: nobody has it\n"));
  EXPECT_THAT(page, Not(HasSubstr("debian-6.1 ")));
}

TEST(NightReport, PageHasATableForEachKindOfNewsThatThereIs) {
  NightReport night = night_of({ran});
  EXPECT_THAT(summary_markdown(night), Not(HasSubstr("last night")));
  night.appeared = {difference};
  night.changed = {{"debian-6.12", "tcp/x", "send#1", "send = 1", "send = 2", {"a", "b"}}};
  const std::string page = summary_markdown(night);
  EXPECT_THAT(page, HasSubstr("### New unexplained differences\n"));
  EXPECT_THAT(page, HasSubstr("| debian-6.12 | `tcp/x` | `poll#1` | `poll = POLLIN\\|POLLHUP` | "
                              "`not made` |\n"));
  EXPECT_THAT(page,
              HasSubstr("| debian-6.12 | `tcp/x` | `send#1` | `send = 1` | `send = 2` | a, b |\n"));
  EXPECT_THAT(page, Not(HasSubstr("### Fixed since the last night")));
}

TEST(NightReport, OnlyNewsAndWhatCouldNotBeJudgedAreAnExitCode) {
  NightReport night = night_of({ran, never});
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
  night.standing = {difference};
  EXPECT_EQ(exit_code(night), ExitCode::as_reference);
  night.changed = {{}};
  EXPECT_EQ(exit_code(night), ExitCode::differs);
  night.changed.clear();
  night.fixed = {difference};
  EXPECT_EQ(exit_code(night), ExitCode::differs);
  night.kernels.push_back(could_not);
  EXPECT_EQ(exit_code(night), ExitCode::incomplete);
  EXPECT_EQ(exit_code(night_of({never})), ExitCode::incomplete);
}

}  // namespace
}  // namespace brokenpipe
