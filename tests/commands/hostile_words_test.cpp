#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orchestrator/reports/report.h"
#include "results/base/file.h"
#include "tests/support/cli.h"
#include "tests/support/hostile_run.h"

/// The command on words from outside: what reaches a terminal is to be read, whatever a file, its
/// name or a result in it says.
namespace brokenpipe {
namespace {

using testing::Cli;
using ::testing::HasSubstr;

/// A name that a file can have.
const std::string name = std::string("a\x1b]0;x\x07\xc2\x9b\x9b\xe2\x80\xae\r\n") + forged;
const std::string shown = R"(a\x1b]0;x\x07\x9b\x9b\u202e\x0d )" + std::string(forged);
/// In a message of several lines.
const std::string shown_in_lines = R"(a\x1b]0;x\x07\x9b\x9b\u202e)"
                                   "\n" +
                                   std::string(forged);

void expect_harmless(const CommandResult& said) {
  EXPECT_EQ(harm_in(said.out), "");
  EXPECT_EQ(harm_in(said.err), "");
}

TEST(HostileWords, MistakesOfUseQuoteThemAsWords) {
  const std::vector<std::vector<std::string>> mistakes{{name},
                                                       {"run", name},
                                                       {"diff", name},
                                                       {"report", name},
                                                       {"scenarios", name},
                                                       {"report", "x", "--format", name},
                                                       {"run", "--" + name},
                                                       {"predict", name},
                                                       {"run", "--jobs", name}};
  for (const std::vector<std::string>& words : mistakes) {
    const CommandResult said = Cli()(words);
    EXPECT_NE(said.exit_status, 0);
    expect_harmless(said);
    EXPECT_THAT(said.err, HasSubstr(R"(\x1b]0;x\x07)")) << words.front();
  }
}

TEST(HostileWords, AFilesNameIsToldInErrorsEventsAndReports) {
  const Cli cli;
  const auto file = cli.folder() / name;
  write_file(file, "no kernel");
  const CommandResult run = cli({"run", file.string()});
  EXPECT_EQ(run.exit_status, 3);
  expect_harmless(run);
  EXPECT_THAT(run.err, HasSubstr(shown));
  const CommandResult diff = cli({"diff", file.string()});
  EXPECT_EQ(diff.exit_status, 3);
  expect_harmless(diff);
  EXPECT_THAT(diff.err, HasSubstr(shown_in_lines));
}

TEST(HostileWords, AnOutputFolderIsToldAsOne) {
  const Cli cli;
  const CommandResult run = cli({"run", "host", "--scenario", "pipe/aio-pipe-no-reader", "--out",
                                 (cli.folder() / name).string()});
  expect_harmless(run);
  EXPECT_FALSE(has_forged_line(run.out));
  EXPECT_THAT(run.out, HasSubstr(shown + "/"));
}

TEST(HostileWords, ACommandToBePastedIsQuoted) {
  const CommandResult plain = Cli()({"run", "host", "--dry-run", "--scenario", "pipe/*"});
  EXPECT_THAT(plain.out, HasSubstr(" 'pipe/*'\n"));
}

TEST(HostileWords, ResultsAreToldInEveryFormatWithoutHarm) {
  const Cli cli;
  const auto a = cli.folder() / "a.json";
  const auto b = cli.folder() / "b.json";
  RunResult result = hostile_result();
  write_run_result(a, result);
  result.observations[0].steps[0].seen["errno"] = "ECONNRESET";
  write_run_result(b, result);
  for (const Report& format : reports()) {
    const CommandResult said =
        cli({"diff", a.string(), b.string(), "--format", std::string(format.name)});
    EXPECT_NE(said.out, "") << said.err;
    std::string out = said.out;
    if (format.name == "csv") std::erase(out, '\r');
    EXPECT_EQ(harm_in(out), "") << format.name;
    EXPECT_EQ(harm_in(said.err), "") << format.name;
  }
}

TEST(HostileWords, PredictionsByAReferenceOfSomebodysAreWords) {
  const Cli cli;
  const auto file = cli.folder() / "reference.json";
  write_run_result(file, hostile_reference());
  for (const char* format : {"", "--json"}) {
    std::vector<std::string> words{"predict", "4.14", "--against", file.string()};
    if (*format != '\0') words.emplace_back(format);
    const CommandResult said = cli(words);
    EXPECT_EQ(said.exit_status, 0) << said.err.substr(0, 1000);
    expect_harmless(said);
  }
}

}  // namespace
}  // namespace brokenpipe
