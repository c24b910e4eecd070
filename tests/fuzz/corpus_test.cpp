#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "results/base/file.h"
#include "tests/fuzz/fuzz_target.h"

/// Every target with what the fuzzers have found worth keeping, so that nothing comes back.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

fs::path corpus_of(const FuzzTarget& target) {
  return fs::path(PROJECT_FILES) / "tests/fuzz/corpus" / target.name;
}

class Corpus : public ::testing::TestWithParam<FuzzTarget> {};

TEST_P(Corpus, IsReadOrRefusedInWords) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(corpus_of(GetParam()))) {
    SCOPED_TRACE(entry.path().filename());
    EXPECT_NO_THROW(run_target(GetParam(), read_file(entry.path())));
    ++files;
  }
  EXPECT_GT(files, 0U) << "a target without a corpus was never fuzzed: make fuzz";
}

/// Where a fuzzer begins: with nothing but refused bytes it would not come far.
TEST_P(Corpus, BeginsWithWhatIsRight) {
  std::size_t right = 0;
  for (const auto& entry : fs::directory_iterator(corpus_of(GetParam()))) {
    try {
      GetParam().parse(read_file(entry.path()));
      ++right;
    } catch (const std::exception&) {
      continue;
    }
  }
  EXPECT_GT(right, 0U);
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus, ::testing::ValuesIn(fuzz_targets()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace brokenpipe
