#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/campaign/kernel_selection.h"
#include "results/base/error.h"
#include "tests/support/scratch_folder.h"

/// Which kernels are meant by the words of a command line.
namespace brokenpipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CatalogueEntry entry(const std::string& id, const std::string& series, bool in_default_matrix) {
  CatalogueEntry entry;
  entry.id = id;
  entry.series = series;
  entry.in_default_matrix = in_default_matrix;
  return entry;
}

const Catalogue catalogue{{entry("debian-5.10", "5.10", true), entry("debian-6.1", "6.1", true),
                           entry("debian-6.1-rt", "6.1", false),
                           entry("debian-6.12", "6.12", true)}};

std::vector<std::string> ids(const std::vector<std::string>& words) {
  std::vector<std::string> ids;
  for (const KernelChoice& choice : select_kernels(catalogue, words)) ids.push_back(choice.id);
  return ids;
}

std::string complaint(const std::vector<std::string>& words) {
  try {
    select_kernels(catalogue, words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(KernelSelection, NoWordIsTheDefaultMatrix) {
  EXPECT_THAT(ids({}), ElementsAre("debian-5.10", "debian-6.1", "debian-6.12"));
}

TEST(KernelSelection, AGlobSelectsIdsInTheCataloguesOrder) {
  EXPECT_THAT(ids({"debian-6*"}), ElementsAre("debian-6.1", "debian-6.1-rt", "debian-6.12"));
}

TEST(KernelSelection, AKernelAskedForTwiceRunsOnce) {
  EXPECT_THAT(ids({"debian-6.1", "debian-6.1-*", "debian-6.1"}),
              ElementsAre("debian-6.1", "debian-6.1-rt"));
}

TEST(KernelSelection, AReleaseCandidateIsAPointRelease) {
  const auto choices = select_kernels(catalogue, {"debian-6.12~rc7"});
  ASSERT_EQ(choices.size(), 1U);
  EXPECT_EQ(choices[0].id, "debian-6.12~rc7");
  EXPECT_EQ(choices[0].point_release, "6.12~rc7");
}

TEST(KernelSelection, APointReleaseIsNamedAsItIsAskedFor) {
  const CatalogueEntry& rt = catalogue.entries[2];
  const KernelChoice choice = point_release_of(rt, "6.1.55");
  EXPECT_EQ(choice.id, "debian-6.1.55-rt");
  EXPECT_THAT(ids({choice.id}), ElementsAre(choice.id));
}

TEST(KernelSelection, APointReleaseKeepsItsOwnId) {
  const auto choices = select_kernels(catalogue, {"debian-6.12.107"});
  ASSERT_EQ(choices.size(), 1U);
  EXPECT_EQ(choices[0].id, "debian-6.12.107");
  EXPECT_EQ(choices[0].entry->id, "debian-6.12");
  EXPECT_EQ(choices[0].point_release, "6.12.107");
}

TEST(KernelSelection, APointReleaseOfAFlavourNamesTheFlavourLast) {
  const auto choices = select_kernels(catalogue, {"debian-6.1.170-rt"});
  ASSERT_EQ(choices.size(), 1U);
  EXPECT_EQ(choices[0].entry->id, "debian-6.1-rt");
  EXPECT_EQ(choices[0].point_release, "6.1.170");
}

TEST(KernelSelection, HostIsTheRunningKernel) {
  EXPECT_TRUE(select_kernels(catalogue, {"host"}).at(0).is_host());
}

TEST(KernelSelection, APathIsAKernelFile) {
  const auto choices = select_kernels(catalogue, {"some/where/bzImage"});
  EXPECT_EQ(choices.at(0).file, "some/where/bzImage");
  EXPECT_EQ(choices.at(0).id, "bzImage");
  EXPECT_FALSE(choices.at(0).is_host());
}

TEST(KernelSelection, TwoFilesOfOneNameAreTwoKernels) {
  EXPECT_THAT(ids({"1/bzImage", "2/bzImage", "1/bzImage"}), ElementsAre("bzImage", "bzImage-2"));
}

TEST(KernelSelection, AnUnknownIdNamesNearOnes) {
  EXPECT_THAT(complaint({"debian-6.2"}), HasSubstr("Near: debian-6.1"));
  EXPECT_THAT(complaint({"debian-6.12.x"}), HasSubstr("no kernel 'debian-6.12.x'"));
}

}  // namespace
}  // namespace brokenpipe
