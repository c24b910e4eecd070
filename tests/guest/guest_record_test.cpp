#include "orchestrator/guest/guest_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/frames.h"

/// What a guest may say, and that anything else is a fault which is printable, short, and no
/// exception.
using namespace brokenpipe;
using namespace brokenpipe::testing;
using ::testing::HasSubstr;

namespace {

/// What is wrong with a payload; empty where it is a record.
std::string wrong_with(const std::string& payload) {
  const auto record = guest_record(payload);
  const auto* fault = std::get_if<RecordFault>(&record);
  if (fault == nullptr) return {};
  EXPECT_LT(fault->what.size(), 500U);
  for (const char c : fault->what) EXPECT_TRUE(c >= ' ' && c <= '~') << fault->what;
  return fault->what;
}

std::string observation(const std::string& members) {
  return R"({"record":"observation",)" + members + "}";
}

std::string step(const std::string& members) {
  return observation(R"("scenario":"tcp/x","ending":"completed","steps":[{"step":"send#1",)"
                     R"("call":"send","args":"1",)" +
                     members + "}]");
}

std::string probe_with(const std::string& key, const std::string& value) {
  auto record = nlohmann::json::parse(probe_record());
  record[key] = nlohmann::json::parse(value);
  return record.dump();
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST(GuestRecord, IsWhatTheProbeSaysOfItselfAndItsKernel) {
  auto record = guest_record(
      R"({"record":"probe","schema":1,"version":"0.2","release":"6.1.0-47","kernel_version":"#1 SMP",)"
      R"("machine":"x86_64","scenarios":7,"kernel_log":true,"modules_failed":{"tls":"ENOMEM"}})");
  const auto& probe = std::get<ProbeRecord>(std::get<GuestRecord>(record));
  EXPECT_EQ(probe.version, "0.2");
  EXPECT_EQ(probe.release, "6.1.0-47");
  EXPECT_EQ(probe.kernel_version, "#1 SMP");
  EXPECT_EQ(probe.machine, "x86_64");
  EXPECT_TRUE(probe.kernel_log);
  EXPECT_EQ(probe.modules_failed.at("tls"), "ENOMEM");
}

TEST(GuestRecord, IsAnObservation) {
  auto record = guest_record(step(R"("returned":-1,"errno":"EPIPE")"));
  const auto& seen = std::get<Observation>(std::get<GuestRecord>(record));
  EXPECT_EQ(seen.scenario, "tcp/x");
  EXPECT_EQ(seen.steps.at(0).seen.at("errno"), "EPIPE");
}

TEST(GuestRecord, OfAnotherProgramIsWordsOnly) {
  auto record = guest_record(R"({"record":"written","file":"trace","text":"a\nb"})");
  const auto& other = std::get<OtherRecord>(std::get<GuestRecord>(record));
  EXPECT_EQ(other.kind, "written");
  EXPECT_EQ(other.texts.at("text"), "a\nb");
  EXPECT_THAT(wrong_with(R"({"record":"written","file":7})"), HasSubstr("file: not a string"));
}

TEST(GuestRecord, IsOfNoKindThatIsNotSaid) {
  EXPECT_THAT(wrong_with(R"({"scenario":"tcp/x"})"), HasSubstr("\"record\" is missing"));
  EXPECT_THAT(wrong_with(R"({"record":7})"), HasSubstr("record: not a string"));
  EXPECT_THAT(wrong_with(R"(["record"])"), HasSubstr("no JSON object"));
}

TEST(GuestRecord, HasItsMembersInTheirTypes) {
  EXPECT_THAT(wrong_with(R"({"record":"probe"})"), HasSubstr("\"version\" is missing"));
  EXPECT_THAT(wrong_with(probe_with("release", "6")), HasSubstr("release: not a string"));
  EXPECT_THAT(wrong_with(probe_with("release", "\"\"")), HasSubstr("release: empty"));
  EXPECT_THAT(wrong_with(probe_with("kernel_log", "1")), HasSubstr("kernel_log: "));
  EXPECT_THAT(wrong_with(probe_with("modules_failed", "[]")), HasSubstr("not an object"));
  EXPECT_THAT(wrong_with(probe_with("modules_failed", R"({"tls":1})")), HasSubstr("not a string"));
  EXPECT_THAT(wrong_with(R"({"record":"begin"})"), HasSubstr("\"scenario\" is missing"));
  EXPECT_THAT(wrong_with(R"({"record":"end","observations":-1})"), HasSubstr("no count"));
  EXPECT_THAT(wrong_with(R"({"record":"end","observations":1.5})"), HasSubstr("no count"));
  EXPECT_THAT(wrong_with(observation(R"("scenario":"tcp/x","ending":"completed")")),
              HasSubstr("\"steps\" is missing"));
  EXPECT_THAT(wrong_with(observation(R"("scenario":"tcp/x","ending":"exploded","steps":[])")),
              HasSubstr("\"exploded\" is none of"));
  EXPECT_THAT(wrong_with(step(R"("returned":[])")), HasSubstr("steps[0].returned: "));
}

TEST(GuestRecord, DoesNotSayWhatOnlyWeMaySay) {
  EXPECT_THAT(wrong_with(observation(
                  R"("scenario":"tcp/x","ending":"completed","steps":[],"disagreeing":[])")),
              HasSubstr("disagreeing: "));
  EXPECT_NE(wrong_with(step(R"("basis":"recorded")")), "");
}

TEST(GuestRecord, NamesScenariosAsScenariosAreNamed) {
  const auto wrong_with_id = [](const std::string& id) {
    return wrong_with(
        observation(R"("ending":"completed","steps":[],"scenario":)" + nlohmann::json(id).dump()));
  };
  for (const char* id : {"tcp/x", "entry/listening/aio", "tcp/close-wait+v6+warp"})
    EXPECT_EQ(wrong_with_id(id), "") << id;
  for (const char* id : {"", "tcp", "/x", "tcp/", "tcp//x", "TCP/x", "tcp/x\n6.1 finished",
                         "tcp/x\x1b[2J", "tcp/x+", "tcp+v6/x", "../tcp", "tcp/x y"})
    EXPECT_THAT(wrong_with_id(id), HasSubstr("no scenario's id")) << id;
  EXPECT_THAT(wrong_with_id("tcp/" + std::string(300, 'x')), HasSubstr("no scenario's id"));
}

TEST(GuestRecord, HasNoWordThatIsLongOrCannotBePrinted) {
  EXPECT_THAT(wrong_with(probe_with("release", "\"6.1\\u001b[31m\"")),
              HasSubstr("no printable characters"));
  EXPECT_THAT(wrong_with(probe_with("release", "\"" + std::string(100'000, '6') + "\"")),
              HasSubstr("100000 bytes, of 256 at most"));
  EXPECT_NE(wrong_with(R"({"record":"begin","scenario":"tcp/x\u0000"})"), "");
}

TEST(GuestRecord, IsNotDeep) {
  EXPECT_EQ(wrong_with(step(R"("list":)" + nested(5))), "");
  EXPECT_THAT(wrong_with(step(R"("list":)" + nested(100'000))), HasSubstr("deeper than"));
}

TEST(GuestRecord, IsNoNumberThatNobodyCanHold) {
  EXPECT_THAT(wrong_with(step(R"("returned":1e999)")), HasSubstr("range"));
  EXPECT_NE(wrong_with(step(R"("returned":99999999999999999999)")), "");
}

TEST(GuestRecord, HasNoKeyTwice) {
  EXPECT_THAT(wrong_with(R"({"record":"begin","scenario":"tcp/x","scenario":"tcp/y"})"),
              HasSubstr("twice"));
}

TEST(GuestRecord, IsUtf8) {
  EXPECT_NE(wrong_with("{\"record\":\"begin\",\"scenario\":\"\xff\"}"), "");
  EXPECT_NE(wrong_with(std::string("{\"record\":\"begin\"}\0", 19)), "");
}

TEST(GuestRecord, IsNotLong) {
  EXPECT_NE(wrong_with(step(R"("text":")" + std::string(longest_record, 'x') + "\"")), "");
}

TEST(GuestRecord, QuotesLittleOfWhatIsWrong) {
  EXPECT_NE(wrong_with(observation(R"("scenario":"tcp/x","steps":[],"ending":")" +
                                   std::string(200'000, 'x') + "\"")),
            "");
}
