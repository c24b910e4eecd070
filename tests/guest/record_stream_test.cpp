#include "orchestrator/guest/record_stream.h"

#include <gtest/gtest.h>

#include <variant>

#include "tests/support/frames.h"

/// Frames from a serial port: whole, split anywhere, and damaged in every way.
using namespace brokenpipe;
using namespace brokenpipe::testing;

namespace {

struct Received {
  std::vector<GuestRecord> records;
  std::uint64_t places = 0;
  std::vector<std::string> damage;
  bool ended = false;
  std::string missing;
};

Received receive(const std::vector<std::string>& pieces) {
  RecordStream stream(nonce);
  Received received;
  for (const auto& piece : pieces)
    for (auto& record : stream.feed(piece)) received.records.push_back(std::move(record));
  received.places = stream.damage().places;
  received.damage = stream.damage().first;
  received.ended = stream.ended();
  received.missing = stream.missing();
  return received;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto place = text.find(what);
  EXPECT_NE(place, std::string::npos) << what;
  return text.replace(place, what.size(), with);
}

/// The one damage of a stream whose second frame is `second`; the other three are whole.
std::string damage_of_second(const std::string& second) {
  const auto received = receive({frame(0, probe_record()) + second +
                                 frame(2, observation_record()) + frame(3, end_record(1))});
  EXPECT_EQ(received.damage.size(), 1U);
  EXPECT_TRUE(received.ended);
  EXPECT_EQ(received.records.size(), 3U);
  return received.damage.empty() ? "" : received.damage.front();
}

}  // namespace

TEST(RecordStream, DeliversTheRecordsOfAWholeStreamInOrder) {
  const auto received = receive({whole_stream()});
  ASSERT_EQ(received.records.size(), 4U);
  EXPECT_EQ(std::get<ProbeRecord>(received.records[0]).release, "6.1.0");
  EXPECT_EQ(std::get<BeginRecord>(received.records[1]).scenario, "tcp/x");
  EXPECT_EQ(std::get<Observation>(received.records[2]).scenario, "tcp/x");
  EXPECT_EQ(std::get<EndRecord>(received.records[3]).observations, 1U);
  EXPECT_EQ(received.damage, std::vector<std::string>{});
  EXPECT_TRUE(received.ended);
  EXPECT_EQ(received.missing, "");
}

TEST(RecordStream, DoesNotCareWhereTheBytesAreSplit) {
  const auto whole = whole_stream();
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    const auto received = receive({whole.substr(0, i), whole.substr(i)});
    EXPECT_EQ(received.records.size(), 4U) << "split at " << i;
    EXPECT_EQ(received.damage, std::vector<std::string>{}) << "split at " << i;
  }
}

TEST(RecordStream, TakesSingleBytes) {
  std::vector<std::string> bytes;
  for (const char c : whole_stream()) bytes.emplace_back(1, c);
  const auto received = receive(bytes);
  EXPECT_EQ(received.records.size(), 4U);
  EXPECT_EQ(received.damage, std::vector<std::string>{});
}

TEST(RecordStream, AcceptsTheCarriageReturnsOfATerminal) {
  std::string stream;
  for (const char c : whole_stream()) stream += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    const auto received = receive({stream.substr(0, i), stream.substr(i)});
    EXPECT_EQ(received.records.size(), 4U) << "split at " << i;
    EXPECT_EQ(received.damage, std::vector<std::string>{}) << "split at " << i;
  }
}

TEST(RecordStream, NoticesAnotherGuestsNonce) {
  const auto received = receive({replaced(whole_stream(), nonce, "fedcba9876543210")});
  ASSERT_FALSE(received.damage.empty());
  EXPECT_EQ(received.damage.front(),
            "frame 0 (byte 0): nonce is fedcba9876543210, not 0123456789abcdef: another guest's "
            "frame");
  EXPECT_EQ(received.records.size(), 2U);
  EXPECT_TRUE(received.ended);
}

TEST(RecordStream, NoticesAFrameThatIsMissing) {
  const auto first = frame(0, probe_record());
  const auto received = receive({first + frame(2, observation_record()) + frame(3, end_record(1))});
  EXPECT_EQ(received.damage,
            (std::vector<std::string>{
                fmt::format("frame 1 (byte {}): sequence number is 2, 1 was due", first.size())}));
  EXPECT_EQ(received.records.size(), 3U);
}

TEST(RecordStream, NoticesAFrameThatComesTwice) {
  const auto received = receive({frame(0, begin_record()) + frame(0, begin_record())});
  ASSERT_EQ(received.damage.size(), 1U);
  EXPECT_NE(received.damage.front().find("sequence number is 0, 1 was due"), std::string::npos);
}

TEST(RecordStream, NoticesAPayloadOfAnotherLength) {
  const auto damage = damage_of_second(replaced(frame(1, begin_record()), "tcp/x", "tcp/"));
  EXPECT_NE(damage.find("payload has 36 bytes, 37 were announced"), std::string::npos) << damage;
}

TEST(RecordStream, NoticesEveryFlippedBitOfAFrame) {
  const auto whole = frame(1, begin_record());
  for (std::size_t byte = 0; byte < whole.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = whole;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      // Hexadecimal digits mean the same in capitals.
      if (std::tolower(flipped[byte]) == std::tolower(whole[byte])) continue;
      const auto received = receive({frame(0, probe_record()), flipped,
                                     frame(2, observation_record()), frame(3, end_record(1))});
      EXPECT_FALSE(received.damage.empty()) << "byte " << byte << ", bit " << bit;
    }
  }
}

TEST(RecordStream, SaysWhichChecksumWasWrong) {
  const auto damage = damage_of_second(replaced(frame(1, begin_record()), "tcp/x", "tcp/y"));
  EXPECT_NE(damage.find("frame 1 (byte "), std::string::npos) << damage;
  EXPECT_NE(damage.find("CRC-32 is "), std::string::npos) << damage;
}

TEST(RecordStream, NoticesGarbageBetweenFramesAndShowsIt) {
  const auto first = frame(0, probe_record());
  const auto received = receive({first + "[    1.0] \x1b oops\n" + frame(1, begin_record()) +
                                 frame(2, observation_record()) + frame(3, end_record(1))});
  EXPECT_EQ(received.damage,
            (std::vector<std::string>{
                fmt::format("frame 1 (byte {}): no frame: \"[    1.0] . oops\"", first.size())}));
  EXPECT_EQ(received.records.size(), 4U);
}

TEST(RecordStream, NoticesALineThatRunsIntoTheNextFrame) {
  const auto received = receive({frame(0, probe_record()) + "garbage" + frame(1, begin_record()) +
                                 frame(2, observation_record()) + frame(3, end_record(1))});
  ASSERT_EQ(received.damage.size(), 2U);
  EXPECT_NE(received.damage[0].find("no frame: \"garbage@bp1"), std::string::npos);
  EXPECT_NE(received.damage[1].find("sequence number is 2, 1 was due"), std::string::npos);
}

TEST(RecordStream, NoticesAHeaderThatHasNoNumbers) {
  const auto received = receive({fmt::format("@bp1 {} one 2 00000000 {{}}\n", nonce)});
  ASSERT_EQ(received.damage.size(), 1U);
  EXPECT_NE(received.damage.front().find("header cannot be read"), std::string::npos);
}

TEST(RecordStream, NoticesAPayloadThatIsNoRecord) {
  for (const std::string payload : {"{\"record\":", "[1]", "\"record\"", "{\"a\":\"\xff\"}", ""}) {
    const auto received = receive({frame(0, payload)});
    ASSERT_EQ(received.damage.size(), 1U) << payload;
    EXPECT_NE(received.damage.front().find("frame 0 (byte 0): payload is "), std::string::npos);
    EXPECT_EQ(received.records.size(), 0U);
  }
}

TEST(RecordStream, HoldsTheCountOfTheEndAgainstWhatWasReceived) {
  const auto received = receive({frame(0, probe_record()) + frame(1, end_record(1))});
  EXPECT_TRUE(received.ended);
  ASSERT_EQ(received.damage.size(), 1U);
  EXPECT_NE(received.damage.front().find("the end counts 1 observations, 0 were received"),
            std::string::npos);
}

TEST(RecordStream, NoticesFramesAfterTheEnd) {
  const auto received = receive({whole_stream() + frame(4, begin_record())});
  ASSERT_EQ(received.damage.size(), 1U);
  EXPECT_NE(received.damage.front().find("comes after the end"), std::string::npos);
}

TEST(RecordStream, SaysAfterWhichFrameTheEndIsMissing) {
  const auto received = receive({frame(0, probe_record())});
  EXPECT_FALSE(received.ended);
  EXPECT_EQ(received.missing, "no end after frame 0");
  EXPECT_EQ(receive({}).missing, "no frame at all");
}

TEST(RecordStream, ShowsTheFrameThatBreaksOff) {
  const auto received = receive({frame(0, probe_record()) + "@bp1 0123"});
  EXPECT_EQ(received.missing, "frame 1 breaks off: \"@bp1 0123\"");
}

TEST(RecordStream, DoesNotKeepALineThatNeverEnds) {
  RecordStream stream(nonce);
  const std::string megabyte(std::size_t{1} << 20U, 'x');
  for (int i = 0; i < 6; ++i) stream.feed(megabyte);
  EXPECT_EQ(stream.damage().places, 1U);
  EXPECT_NE(stream.damage().first.at(0).find("bytes: \"xxx"), std::string::npos);
  EXPECT_EQ(stream.missing(), "frame 0 does not end");
}

TEST(RecordStream, ReadsOnAfterALineThatWasTooLong) {
  const auto received = receive({std::string(std::size_t{3} << 20U, 'x') + "\n", whole_stream()});
  EXPECT_EQ(received.places, 1U);
  EXPECT_EQ(received.records.size(), 4U);
}

TEST(RecordStream, CountsDamageAndKeepsTheFirstSentencesOnly) {
  RecordStream stream(nonce);
  const std::string newlines(std::size_t{1} << 20U, '\n');
  stream.feed(newlines);
  EXPECT_EQ(stream.damage().places, newlines.size());
  EXPECT_EQ(stream.damage().first.size(), 5U);
  EXPECT_EQ(stream.damage().first.at(1), "frame 0 (byte 1): no frame: \"\"");
  EXPECT_EQ(in_words(stream.damage()),
            "1048576 places, the first: frame 0 (byte 0): no frame: \"\"");
}

TEST(RecordStream, ShowsNoMoreOfANonceThanHelpsToRecognizeIt) {
  std::string other(std::size_t{1} << 19U, 'f');
  other.insert(3, "\x1b[31m");
  const auto received = receive({frame(0, probe_record(), other)});
  ASSERT_EQ(received.damage.size(), 1U);
  EXPECT_LT(received.damage[0].size(), 300U);
  EXPECT_NE(received.damage[0].find("nonce is fff.[31mfff"), std::string::npos);
}

TEST(RecordStream, ReadsNoMoreOfAGuestThanItMaySay) {
  RecordStream stream(nonce, whole_stream().size() - 1);
  const auto whole = whole_stream();
  EXPECT_EQ(stream.feed(whole.substr(0, 200)).size(), 1U);
  EXPECT_EQ(stream.too_much(), "");
  EXPECT_EQ(stream.feed(whole.substr(200)).size(), 0U);
  EXPECT_EQ(stream.too_much(),
            fmt::format("it wrote more records than the limit of {} bytes,", whole.size() - 1));
}

TEST(RecordStream, ReadsNoMoreValuesThanAResultsFileMayHold) {
  std::string many = R"({"record":"observation","scenario":"tcp/x","ending":"completed","steps":[)"
                     R"({"step":"a#1","call":"a","args":"","list":[0)";
  for (int i = 0; i < 40'000; ++i) many += ",0";
  many += "]}]}";
  RecordStream stream(nonce);
  std::uint64_t fed = 0;
  while (stream.too_much().empty() && fed < 100) stream.feed(frame(fed++, many));
  EXPECT_EQ(stream.too_much(), "its records hold more values than the limit of 500000,");
  EXPECT_EQ(fed, 13U);
}

TEST(RecordStream, TakesNoScenarioTwice) {
  const auto received = receive({frame(0, probe_record()) + frame(1, observation_record()) +
                                 frame(2, observation_record()) + frame(3, end_record(1))});
  ASSERT_EQ(received.places, 1U);
  EXPECT_NE(received.damage[0].find("scenario tcp/x is there twice"), std::string::npos);
  EXPECT_EQ(received.records.size(), 3U);
  EXPECT_TRUE(received.ended);
}

TEST(RecordStream, KeepsWhatTheProbeSaidFirstOfItself) {
  std::string other = probe_record();
  other.replace(other.find("6.1.0"), 5, "9.9.9");
  const auto received = receive({frame(0, probe_record()) + frame(1, other)});
  ASSERT_EQ(received.records.size(), 1U);
  EXPECT_EQ(std::get<ProbeRecord>(received.records[0]).release, "6.1.0");
  EXPECT_EQ(received.places, 1U);
}

TEST(RecordStream, NoticesAnswersOfNobody) {
  const auto received = receive({frame(0, observation_record()) + frame(1, end_record(1))});
  EXPECT_TRUE(received.ended);
  ASSERT_EQ(received.places, 1U);
  EXPECT_NE(received.damage[0].find("the probe has not said what it runs on"), std::string::npos);
}

TEST(RecordStream, KeepsTheRecordsBesideAnOddOne) {
  for (const std::string odd :
       {R"({"scenario":"tcp/y"})", R"({"record":7})", R"({"record":"observation"})",
        R"({"record":"observation","scenario":"tcp/y","ending":"exploded","steps":[]})",
        R"({"record":"observation","scenario":"tcp/y","ending":"completed"})",
        R"({"record":"begin","scenario":["tcp/y"]})", R"({"record":"end","observations":"one"})"}) {
    const auto received = receive({frame(0, probe_record()) + frame(1, observation_record()) +
                                   frame(2, odd) + frame(3, end_record(1))});
    EXPECT_EQ(received.places, 1U) << odd;
    EXPECT_EQ(received.records.size(), 3U) << odd;
    EXPECT_TRUE(received.ended) << odd;
  }
}
