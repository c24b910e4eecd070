#include "orchestrator/nightly/last_told.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/scratch_folder.h"

/// unexplained.json: written, read, and as its schema says.
namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const Unexplained difference{"debian-6.12", "tcp/x", "send#1", "send(1) = -1 EPIPE", "not made"};

TEST(LastTold, IsReadAsItWasWritten) {
  const testing::ScratchFolder state;
  write_last_told(state.path(), {"20261122T161005Z", {difference}});
  const auto last = read_last_told(state.path());
  ASSERT_TRUE(last);
  EXPECT_EQ(last->night, "20261122T161005Z");
  EXPECT_EQ(last->unexplained, std::set<Unexplained>{difference});
}

TEST(LastTold, IsNothingBeforeTheFirstNight) {
  EXPECT_FALSE(read_last_told(testing::ScratchFolder().path()));
}

TEST(LastTold, OfAFileOfOldDoesNotSayWhichNight) {
  const testing::ScratchFolder state;
  write_file(state.path() / "unexplained.json", R"({"schema": 1, "unexplained": []})");
  EXPECT_EQ(read_last_told(state.path())->night, "");
}

TEST(LastTold, FileThatIsNoneOfOursIsAnErrorThatNamesIt) {
  const testing::ScratchFolder state;
  write_file(state.path() / "unexplained.json", R"({"schema": 1, "unexplained": [{}]})");
  try {
    read_last_told(state.path());
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("unexplained.json"));
  }
}

TEST(LastTold, IsAsItsSchemaSays) {
  const testing::ScratchFolder state;
  write_last_told(state.path(), {"20261122T161005Z", {difference}});
  using Adapter = valijson::adapters::NlohmannJsonAdapter;
  const Json description =
      Json::parse(read_file(fs::path(PROJECT_FILES) / "results/schema/unexplained.json"));
  const Json written = Json::parse(read_file(state.path() / "unexplained.json"));
  valijson::Schema schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(Adapter(description), schema);
  EXPECT_TRUE(valijson::Validator().validate(schema, Adapter(written), nullptr)) << written;
}

}  // namespace
}  // namespace brokenpipe
