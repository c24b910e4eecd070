// Our JSON files: what is refused, and that the file and the place are named.
#include "results/base/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// What reading a file of these bytes says.
std::string complaint_about(const std::string& text) {
  const testing::ScratchFolder folder;
  const std::filesystem::path file = folder.path() / "some.json";
  write_file(file, text);
  try {
    read_json(file, 1);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    return error.what();
  }
  return "none";
}

TEST(ReadJson, ReadsAnObjectOfTheSchema) {
  EXPECT_EQ(complaint_about(R"({"schema": 1})"), "none");
}

TEST(ReadJson, RefusesAValueOfAHundredThousandLevels) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(complaint_about(R"({"schema": 1, "a": )" + deep + "}"),
              HasSubstr("deeper than 64 levels, at byte 83"));
}

TEST(ReadJson, RefusesANumberThatDoesNotFit) {
  EXPECT_THAT(complaint_about(R"({"schema": 1, "returned": 1e999})"),
              HasSubstr("a number beyond a double's range, at byte 32"));
}

TEST(ReadJson, RefusesAKeyThatIsThereTwice) {
  EXPECT_THAT(complaint_about(R"({"schema": 1, "schema": 1})"),
              HasSubstr("\"schema\" is twice in one object, at byte 22"));
}

TEST(ReadJson, SaysThatAFileIsTruncated) {
  EXPECT_THAT(complaint_about(R"({"schema": 1, "a": [)"),
              HasSubstr("it is truncated: it ends after 20 bytes, inside of a value"));
  EXPECT_THAT(complaint_about(""), HasSubstr("it ends after 0 bytes"));
}

TEST(ReadJson, SaysWhatIsWrongWithTheSchemasNumber) {
  EXPECT_THAT(complaint_about(R"({"schema": 2})"), HasSubstr("it is of schema 2"));
  EXPECT_THAT(complaint_about(R"({"schema": "1"})"), HasSubstr("schema: not a number"));
  EXPECT_THAT(complaint_about("{}"), HasSubstr("\"schema\" is missing"));
  EXPECT_THAT(complaint_about("[1]"), HasSubstr("not an object"));
}

TEST(ReadJson, DoesNotTakeInAFileWithoutEnd) {
  try {
    read_json("/dev/zero", 1);
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("/dev/zero"), HasSubstr("longer than")));
  }
}

}  // namespace
}  // namespace brokenpipe
