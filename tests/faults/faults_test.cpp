#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "results/base/file.h"
#include "tests/faults/fault.h"

/// Every fault happens, and ends as tests/faults/faults.md says.
namespace brokenpipe::testing {
namespace {

using ::testing::IsEmpty;

class Faults : public ::testing::TestWithParam<Fault> {};

// Of a program that made them all happen at once (happen_main.cpp), which ctest runs before; else
// it happens now.
Outcome outcome_of(const Fault& fault) {
  const char* happened = std::getenv("FAULTS_HAPPENED");
  return happened == nullptr
             ? happen(fault)
             : read_outcome(std::filesystem::path(happened) / (fault.name + ".json"));
}

TEST_P(Faults, EndsInItsWordAndLeavesNothingBehind) {
  const Outcome outcome = outcome_of(GetParam());
  RecordProperty("megabytes", static_cast<int>(outcome.megabytes));
  EXPECT_THAT(complaints(GetParam(), outcome), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, Faults, ::testing::ValuesIn(all_faults()),
                         [](const auto& fault) { return fault.param.name; });

/// `cmake --build --preset release --target fault_table` makes it anew.
TEST(FaultTable, TheCommittedOneIsWhatWouldBeGenerated) {
  // Not EXPECT_EQ, which would print both tables whole.
  EXPECT_TRUE(read_file(PROJECT_FILES "/tests/faults/faults.md") == fault_table(all_faults()));
}

}  // namespace

/// For the messages of gtest, which wants it to be called so.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const Fault& fault, std::ostream* to) {
  *to << fault.name;
}

}  // namespace brokenpipe::testing
