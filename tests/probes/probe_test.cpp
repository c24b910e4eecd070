#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <system_error>

#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/frame/feature.h"
#include "probes/frame/guest.h"
#include "probes/frame/record.h"
#include "probes/frame/scenario.h"
#include "probes/frame/trace.h"
#include "probes/frame/trace_buffer.h"
#include "tests/support/scratch_folder.h"

/// Parts of the probe, and rules that every scenario keeps.
namespace probe {
namespace {

TEST(Crc32, IsThatOfZlib) {
  std::string bytes;
  for (int length = 0; length < 300; ++length) {
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
    EXPECT_EQ(crc32(bytes), ::crc32(0, data, static_cast<uInt>(bytes.size())));
    bytes += static_cast<char>(length * 7);
  }
}

TEST(RecordWriter, SaysWhyARecordCannotBeWritten) {
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  RecordWriter records(full);
  try {
    records.write(Json::object());
    FAIL() << "a full device took a record";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_space_on_device);
  }
}

TEST(Json, EscapesWhateverAKernelMaySay) {
  const std::string text = "quote \" backslash \\ newline \n bell \a";
  EXPECT_EQ(nlohmann::json::parse(Json(text).text()), text);
}

nlohmann::json steps_of(const TraceBuffer& buffer) {
  return nlohmann::json::parse(buffer.steps());
}

TEST(Trace, NumbersTheCallsOfEachParty) {
  TraceBuffer buffer{};
  Trace trace(buffer);
  trace.call("send", "1", [] { return 1; });
  trace.on("peer").call("send", "1", [] { return 1; });
  trace.call("send", "1", [] { return 1; });
  trace.call("sendto", "1", [] { return 1; });
  const auto steps = steps_of(buffer);
  std::vector<std::string> ids;
  for (const auto& step : steps) ids.push_back(step.at("step"));
  EXPECT_THAT(ids, testing::ElementsAre("send#1", "peer.send#1", "send#2", "sendto#1"));
}

TEST(Trace, KeepsTheStepThatNeverCameBack) {
  TraceBuffer buffer{};
  Trace(buffer).begin("send", "send", "1");
  EXPECT_EQ(steps_of(buffer).at(0).at("returned"), "never");
}

TEST(Trace, NotesErrnoByName) {
  TraceBuffer buffer{};
  Trace(buffer).call("send", "1", [] {
    errno = EPIPE;
    return -1;
  });
  const auto step = steps_of(buffer).at(0);
  EXPECT_EQ(step.at("returned"), -1);
  EXPECT_EQ(step.at("errno"), "EPIPE");
}

TEST(Trace, ShareOfACountThatDependsOnBuffersIsAWord) {
  const auto word = share_of(10);
  EXPECT_EQ(word(10), "full");
  EXPECT_EQ(word(9), "partial");
  EXPECT_EQ(word(1), "partial");
  EXPECT_EQ(word(0), "none");
}

TEST(Modules, ThatDoNotLoadAreToldWithTheErrno) {
  const brokenpipe::testing::ScratchFolder folder;
  const std::string no_module = "no module";
  std::ofstream(folder.path() / "01-first.ko") << no_module;
  std::ofstream(folder.path() / "02-second_of-two.ko") << no_module;
  ASSERT_LT(syscall(SYS_init_module, no_module.data(), no_module.size(), ""), 0);
  const std::string error = errno_name(errno);
  EXPECT_EQ(load_modules(folder.path()),
            (FailedModules{{"first", error}, {"second_of-two", error}}));
}

TEST(Modules, AreNoneWhereThereIsNoFolder) {
  EXPECT_TRUE(load_modules("/no/such/folder").empty());
}

TEST(Scenarios, AreThere) {
  EXPECT_GE(scenarios().size(), 369U);  // the entry matrix alone
}

TEST(Scenarios, AreNamedByFamilyAndSituation) {
  const std::regex id("[a-z0-9-]+(/[a-z0-9-]+)+(\\+[a-z0-9-]+)*");
  std::set<std::string> seen;
  for (const Scenario& scenario : scenarios()) {
    EXPECT_TRUE(std::regex_match(scenario.id, id)) << scenario.id;
    EXPECT_TRUE(seen.insert(scenario.id).second) << scenario.id << " twice";
  }
}

TEST(Scenarios, SayWhatTheyAskAndWhereLinux316AnswersIt) {
  const std::regex site("[a-z0-9_./-]+\\.[chS](:[a-z0-9_]+)?", std::regex::icase);
  for (const Scenario& scenario : scenarios()) {
    EXPECT_FALSE(scenario.asks.empty()) << scenario.id;
    EXPECT_FALSE(scenario.grounds.empty()) << scenario.id;
    for (const std::string& ground : scenario.grounds) {
      EXPECT_TRUE(std::regex_match(ground, site)) << scenario.id << ": " << ground;
    }
  }
}

TEST(Features, AreThereAndHaveNamesOfTheirOwn) {
  EXPECT_FALSE(features().empty());
  std::set<std::string> seen;
  for (const Feature& feature : features()) {
    EXPECT_TRUE(seen.insert(feature.name).second) << feature.name << " twice";
  }
}

TEST(Scenarios, NeedOnlyWhatIsAFeature) {
  std::set<std::string> known;
  for (const Feature& feature : features()) known.insert(feature.name);
  for (const Scenario& scenario : scenarios()) {
    for (const std::string& need : scenario.needs) {
      EXPECT_TRUE(known.contains(need)) << scenario.id << " needs " << need;
    }
  }
}

TEST(Scenarios, RunThoseLastThatMayTaintTheKernel) {
  bool last = false;
  for (const Scenario& scenario : scenarios()) {
    EXPECT_TRUE(scenario.last || !last) << scenario.id;
    last = scenario.last;
  }
  EXPECT_TRUE(last);
}

}  // namespace
}  // namespace probe
