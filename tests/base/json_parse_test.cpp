// What parse_json() lets through, and what it says of the rest.
#include "results/base/json_parse.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstddef>
#include <string>

namespace brokenpipe {
namespace {

using nlohmann::json;

JsonFault fault_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, limits);
  const auto* fault = std::get_if<JsonFault>(&parsed);
  return fault == nullptr ? JsonFault{"no fault", 0, false} : *fault;
}

std::string nested(std::size_t levels, const std::string& opening, const std::string& closing) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text += opening;
  text += "1";
  for (std::size_t i = 0; i < levels; ++i) text += closing;
  return text;
}

TEST(ParseJson, GivesTheValueThatTheLibraryGives) {
  const std::string text =
      R"({"n": null, "t": true, "i": -9223372036854775808, "u": 18446744073709551615,
          "d": [1.5, -2e-3, 1e308], "o": {"a": {}, "b": []}, "s": "\u00e9\ud83d\ude00\n"})";
  const auto parsed = parse_json(text);
  ASSERT_TRUE(std::holds_alternative<json>(parsed)) << fault_of(text).what;
  EXPECT_EQ(std::get<json>(parsed), json::parse(text));
  EXPECT_EQ(std::get<json>(parsed).dump(), json::parse(text).dump());
  EXPECT_EQ(std::get<json>(parse_json("7")), json(7));
  EXPECT_EQ(std::get<json>(parse_json("[]")), json::array());
}

TEST(ParseJson, RefusesAHundredThousandLevelsAtTheFirstOneTooDeep) {
  const std::string lists = nested(100'000, "[", "]");
  EXPECT_EQ(fault_of(lists).what, "deeper than 64 levels");
  EXPECT_EQ(fault_of(lists).byte, 65U);
  EXPECT_EQ(fault_of(nested(100'000, R"({"a":)", "}")).what, "deeper than 64 levels");
  EXPECT_EQ(fault_of(std::string(100'000, '[')).what, "deeper than 64 levels");
}

TEST(ParseJson, TakesAsManyLevelsAsTheLimitAllows) {
  EXPECT_EQ(fault_of(nested(64, "[", "]")).what, "no fault");
  EXPECT_EQ(fault_of(nested(3, "[", "]"), {.depth = 3}).what, "no fault");
  EXPECT_EQ(fault_of(nested(4, "[", "]"), {.depth = 3}).what, "deeper than 3 levels");
}

TEST(ParseJson, RefusesMoreBytesOrValuesThanTheLimits) {
  EXPECT_EQ(fault_of("[1,2,3]", {.bytes = 7}).what, "no fault");
  EXPECT_EQ(fault_of("[1,2,3]", {.bytes = 6}).what, "longer than 6 bytes");
  EXPECT_EQ(fault_of("[1,2,3]", {.values = 4}).what, "no fault");
  EXPECT_EQ(fault_of("[1,2,3]", {.values = 3}).what, "more than 3 values");
  EXPECT_EQ(fault_of("[[],[],[]]", {.values = 3}).what, "more than 3 values");
}

TEST(ParseJson, RefusesAKeyThatIsTwiceInOneObject) {
  EXPECT_EQ(fault_of(R"({"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]})").what, "no fault");
  const JsonFault twice = fault_of(R"({"a": 1, "b": {}, "a": 2})");
  EXPECT_EQ(twice.what, R"("a" is twice in one object)");
  EXPECT_EQ(twice.byte, 21U);
  EXPECT_EQ(fault_of(R"({"a": 1, "\u0061": 2})").what, R"("a" is twice in one object)");
}

TEST(ParseJson, QuotesTheBeginningOfALongKeyOnly) {
  std::string key(59, 'k');
  key += "\u00e9";
  key += std::string(1000, 'k');
  const std::string member = "\"" + key + "\": 1";
  EXPECT_EQ(fault_of("{" + member + "," + member + "}").what,
            "\"" + std::string(59, 'k') + "...\" is twice in one object");
}

TEST(ParseJson, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(fault_of("[1e999]").what, "a number beyond a double's range");
  EXPECT_EQ(fault_of("[-1e999]").what, "a number beyond a double's range");
  EXPECT_EQ(fault_of("[18446744073709551616]").what, "an integer of more than 64 bits");
  EXPECT_EQ(fault_of("[-9223372036854775809]").what, "an integer of more than 64 bits");
  EXPECT_EQ(fault_of("[" + std::string(10'000, '9') + "]").what,
            "a number beyond a double's range");
}

TEST(ParseJson, RefusesBytesThatAreNotUtf8AndSaysWhere) {
  const JsonFault fault = fault_of("{\"a\": \"x\xff\"}");
  EXPECT_EQ(fault.what,
            "no JSON: syntax error while parsing value - invalid string: ill-formed UTF-8 byte");
  EXPECT_EQ(fault.byte, 9U);
  EXPECT_NE(fault_of("[\"\xed\xa0\x80\"]").what, "no fault") << "a surrogate";
  EXPECT_NE(fault_of("[\"\xc0\xaf\"]").what, "no fault") << "longer than it need be";
  EXPECT_NE(fault_of(R"(["\ud800"])").what, "no fault") << "half a pair";
}

TEST(ParseJson, RefusesANulByteAndWhatFollowsTheValue) {
  EXPECT_EQ(fault_of(std::string("{}\0{}", 5)).what, "no JSON: a NUL byte");
  EXPECT_EQ(fault_of(std::string("{}\0{}", 5)).byte, 3U);
  EXPECT_NE(fault_of("{} {}").what, "no fault");
}

TEST(ParseJson, SaysThatATextEndsInsideOfAValue) {
  for (const std::string text : {"", "{", "[1", R"({"a")", R"({"a": "tex)", R"({"a": tr)", "[1,"}) {
    const JsonFault fault = fault_of(text);
    EXPECT_TRUE(fault.truncated) << text << ": " << fault.what;
    EXPECT_EQ(fault.byte, text.size()) << text;
  }
  EXPECT_FALSE(fault_of("[1}").truncated);
  EXPECT_FALSE(fault_of("[x").truncated);
}

TEST(ParseJson, CountsTheBytesOfWhitespaceAsTheyStand) {
  const JsonFault fault = fault_of("[1,\n\n  \t\r\n   x]");
  EXPECT_FALSE(fault.truncated);
  EXPECT_EQ(fault.byte, 14U);
  const JsonFault cut = fault_of("{\n  \"a\": [\n    1,\n    \n");
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.byte, 23U);
  EXPECT_EQ(fault_of("[\"a\n  b\"]").what.find("no JSON: "), 0U) << "a break within a string";
  EXPECT_EQ(std::get<json>(parse_json("\n\n [\n \"a  b\" \n,\t 1 ]\n\n")), json({"a  b", 1}));
}

TEST(ParseJson, TakesNoMoreMemoryForAFloodOfNewlinesThanForItsText) {
  const std::string flood(std::size_t{16} << 20U, '\n');
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_TRUE(fault_of(flood).truncated);
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024);
}

TEST(ParseJson, QuotesNothingOfATextThatIsNoJson) {
  const std::string long_word = "[\"" + std::string(1'000'000, 'x') + "\x1b[31m\"]";
  EXPECT_LT(fault_of(long_word).what.size(), 200U);
  EXPECT_EQ(fault_of(long_word).what.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace brokenpipe
