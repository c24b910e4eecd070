#include "images/debian_version.h"

#include <gtest/gtest.h>

#include "results/base/run_command.h"

/// The order of versions, which is dpkg's.
namespace brokenpipe {
namespace {

// From the oldest to the newest, no two the same.
const std::vector<std::string> in_order = {
    "3.16.84-1",
    "5.10.9-1",
    "5.10.218-1",
    "5.10.223-1",
    "6.1.170-3",
    "6.1.172-1~deb11u1",
    "6.1.172-1",
    "6.12.9-1",
    "6.12.90-1~deb12u1",
    "6.12.90-1",
    "6.12.90-1+deb13u1",
    "6.12.90-2",
    "6.12.90-10",
    "7.3~rc2-1~exp1",
    "7.3~rc10-1~exp1",
    "7.3-1",
    "7.3.1-1~bpo13+1",
    "7.3.1-1",
    "7.3.1a-1",
    "7.3.1+dfsg-1",
    "7.3.4-1~bpo13+1",
    "7.10.0-1",
    "1:0-1",
};

int sign(int value) {
  return (value > 0) - (value < 0);
}

TEST(DebianVersion, EveryVersionIsNewerThanThoseBeforeIt) {
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    for (std::size_t j = 0; j < in_order.size(); ++j) {
      EXPECT_EQ(sign(compare_debian_versions(in_order[i], in_order[j])),
                sign(static_cast<int>(i) - static_cast<int>(j)))
          << in_order[i] << " and " << in_order[j];
    }
  }
}

TEST(DebianVersion, DpkgOrdersNeighboursTheSame) {
  for (std::size_t i = 1; i < in_order.size(); ++i) {
    EXPECT_EQ(
        run_command({"dpkg", "--compare-versions", in_order[i - 1], "lt", in_order[i]}).exit_status,
        0)
        << in_order[i - 1] << " and " << in_order[i];
  }
}

TEST(DebianVersion, LeadingZerosAndAnAbsentEpochOrRevisionCountForNothing) {
  EXPECT_EQ(compare_debian_versions("6.01-1", "6.1-1"), 0);
  EXPECT_EQ(compare_debian_versions("0:6.1-1", "6.1-1"), 0);
  EXPECT_EQ(compare_debian_versions("6.1-0", "6.1"), 0);
}

TEST(DebianVersion, ThePointReleaseIsTheUpstreamVersion) {
  EXPECT_EQ(point_release_of("6.12.107-1~bpo12+1"), "6.12.107");
  EXPECT_EQ(point_release_of("7.3~rc7-1~exp1"), "7.3~rc7");
  EXPECT_EQ(point_release_of("1:6.1"), "6.1");
}

}  // namespace
}  // namespace brokenpipe
