// What the command says of results that are damaged: one error that names file and place, and never
// less of what is good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "results/base/file.h"
#include "tests/support/cli.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::Cli;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

fs::path only_run(const Cli& cli) {
  return fs::directory_iterator(cli.folder() / "brokenpipe" / "runs")->path();
}

/// A run of one scenario on this machine.
fs::path a_run(const Cli& cli) {
  const CommandResult run = cli({"run", "host", "--scenario", "tcp/never-connected"});
  EXPECT_EQ(run.exit_status, 0) << run.err;
  return only_run(cli);
}

struct Damage {
  std::string text;       ///< put before the first step's first member
  std::string complaint;  ///< about it
};

std::vector<Damage> damages() {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  return {{R"("odd": )" + deep + ", ", "deeper than 64 levels, at byte "},
          {R"("odd": 1e999, )", "a number beyond a double's range, at byte "},
          {R"("step": "send#1", )", "\"step\" is twice in one object, at byte "},
          {R"("count": 18446744073709551615, )", "steps[0].count: not a whole number"},
          {std::string("\"odd\": \"\xff\", "), "ill-formed UTF-8 byte, at byte "},
          {"]", "no JSON: "}};
}

/// What a result's file is with this in it.
std::string damaged(const std::string& whole, const std::string& text) {
  const std::string first_member = "\"step\": ";
  std::string result = whole;
  return result.insert(whole.find(first_member), text);
}

/// An error is its sentence and one line of what to do.
void expect_one_error(const CommandResult& said, const fs::path& file,
                      const std::string& complaint) {
  EXPECT_EQ(said.exit_status, 3) << said.err;
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.err, StartsWith("brokenpipe: reading " + file.string() + ": "));
  EXPECT_THAT(said.err, HasSubstr(complaint));
  EXPECT_LE(std::count(said.err.begin(), said.err.end(), '\n'), 2) << said.err;
}

TEST(DamagedFiles, AreOneErrorOfEveryCommandThatIsGivenThem) {
  const Cli cli;
  const fs::path run = a_run(cli);
  const fs::path file = run / "host.json";
  const fs::path whole_file = cli.folder() / "whole.json";
  const std::string whole = read_file(file);
  write_file(whole_file, whole);
  for (const auto& [text, complaint] : damages()) {
    write_file(file, damaged(whole, text));
    const std::string name = file.string();
    const std::string site = (cli.folder() / "site").string();
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"diff", name},
          {"diff", name, whole_file.string()},
          {"diff", whole_file.string(), name},
          {"diff", whole_file.string(), "--against", name},
          {"diff", run.string()},
          {"report", run.string()},
          {"report", run.string(), "--format", "json"},
          {"publish", run.string(), "--out", site},
          {"run", "host", "--scenario", "tcp/never-connected", "--against", name}})
      expect_one_error(cli(command), file, complaint);
    EXPECT_FALSE(fs::exists(site));
  }
}

TEST(DamagedFiles, ATruncatedRecordOfARunIsAnErrorThatNamesIt) {
  const Cli cli;
  const fs::path run = a_run(cli);
  const fs::path file = run / "run.json";
  write_file(file, read_file(file).substr(0, 100));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"report", run.string()}, {"run", "--resume", run.string()}})
    expect_one_error(cli(command), file, "it is truncated: it ends after 100 bytes");
}

TEST(DamagedFiles, OfARunThatIsGoneOnWithAreNamedAndAskedAgain) {
  const Cli cli;
  const fs::path run = a_run(cli);
  const fs::path file = run / "host.json";
  const std::string whole = read_file(file);
  for (const auto& [text, complaint] : damages()) {
    write_file(file, damaged(whole, text));
    const CommandResult resumed = cli({"run", "--resume", run.string()});
    EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr(file.string() + ": "));
    EXPECT_THAT(resumed.err, HasSubstr(complaint));
    EXPECT_THAT(resumed.err, HasSubstr("host is run again"));
    EXPECT_EQ(read_file(file.string() + ".damaged"), damaged(whole, text));
    EXPECT_EQ(cli({"report", run.string()}).exit_status, 0);
  }
  fs::remove(file);
  const CommandResult resumed = cli({"run", "--resume", run.string()});
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr(file.string() + " is gone"));
  EXPECT_THAT(resumed.err, Not(HasSubstr("bad optional access")));
}

}  // namespace
}  // namespace brokenpipe
