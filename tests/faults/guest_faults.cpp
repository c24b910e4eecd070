#include <fmt/format.h>

#include "results/base/text.h"
#include "tests/faults/bench.h"

/// The faults of guests: what they say and do. A mode of tests/faults/hostile_probe.cpp each.
namespace brokenpipe::testing {
namespace {

// Records that were counted as damage, and all the good ones beside them.
Expected damaged(const std::string& words = "the records are damaged") {
  return {.word = "truncated", .observations = 2, .says = {words}};
}

// Ended after the first of its two scenarios.
Expected ended(const std::string& word, const std::vector<std::string>& says) {
  return {.word = word, .observations = 1, .says = says};
}

Expected finished() {
  return {.word = "finished", .exit_code = 0, .observations = 2, .says = {"As predicted."}};
}

Fault guest(const std::string& name, const std::string& what, const std::string& mode,
            const Expected& expected, const std::vector<std::string>& arguments = {}) {
  return {.name = name, .what = what, .expected = expected, .mode = mode, .arguments = arguments};
}

std::vector<Fault> floods() {
  return {
      guest("NewlinesAsRecords", "2 MB of newlines among the records", "newlines", damaged()),
      guest("MoreRecordsThanTheLimit", "2 MB of newlines, and a limit of 1 MB", "newlines",
            ended("truncated", {"limit"}), {"--record-limit", "1"}),
      guest("MoreConsoleThanTheLimit", "1 MB of text besides the kernel's, and a limit of 1 MB",
            "console-text", finished(), {"--console-limit", "1"}),
      guest("ALineWithoutEnd", "1 MB without a newline among the records", "line-without-end",
            damaged()),
      guest("MuchConsole", "1 MB of text on the console", "console-text", finished()),
      guest("ALongNonce", "a frame with a nonce of 256 KB", "long-nonce", damaged()),
  };
}

std::vector<Fault> odd_records() {
  return {
      guest("Depth", "an observation with 100 000 open brackets", "deep", damaged()),
      guest("LessDepth", "an observation with 20 000 open brackets", "less-deep", damaged()),
      guest("OneScenarioTwice", "a scenario is answered twice", "twice", damaged()),
      guest("NoRecordKey", "a record that does not say what it is", "no-record-key", damaged()),
      guest("ANumberForARecord", "a record that says it is 7", "number-for-record", damaged()),
      guest("ANumberForAScenario", "the scenario that begins is 7", "number-for-scenario",
            damaged()),
      guest("ANumberForARelease", "a second head, with a number for the kernel's release",
            "number-for-release", damaged()),
      guest("AnUnknownEnding", "an observation that ended as nothing ends", "unknown-ending",
            damaged()),
      guest("NoSteps", "an observation without steps", "no-steps", damaged()),
      guest("AKeyTwice", "an observation with two endings", "key-twice", damaged()),
      guest("ANumberTooLarge", "an answer of 1e999", "number-too-large", damaged()),
      guest("BadUtf8", "a reason that is no UTF-8", "bad-utf8", damaged()),
      guest("WrongCount", "the last record counts 7 observations of 2", "wrong-count", damaged()),
  };
}

std::vector<Fault> odd_frames() {
  return {
      guest("AForeignFrame", "a frame of another guest", "foreign-frame", damaged()),
      guest("AWrongChecksum", "a frame whose CRC-32 is wrong", "wrong-crc", damaged()),
      guest("AWrongLength", "a frame that says it has 4 GB", "wrong-length", damaged()),
      guest("AWrongSequence", "a frame whose number is the largest there is", "wrong-sequence",
            damaged()),
      guest("ACutFrame", "half a frame, and the next one in the same line", "cut-frame",
            // The line that it spoils is the beginning of the second scenario.
            damaged()),
      guest("Garbage", "64 KB of anything", "garbage", damaged()),
      guest("TheEndWithinAFrame", "half a frame, then a reset", "ends-within-a-frame",
            ended("died", {"breaks off"})),
  };
}

std::vector<Fault> deaths() {
  const std::string within = "in scenario sigpipe/sigpipe-ignored";
  const std::string after = "after scenario sigpipe/sigpipe-default";
  const std::string before = "before its first scenario";
  const std::vector<std::string> soon{"--no-progress-timeout", "6"};
  return {
      guest("AnEarlyPanic", "the kernel panics before the first record", "early-panic",
            {.word = "panic", .says = {before, "Kernel panic"}}),
      guest("APanicWithinAScenario", "the kernel panics in a scenario", "panic-within",
            ended("panic", {within, "Kernel panic"})),
      guest("APanicBetweenScenarios", "the kernel panics after a scenario that had completed",
            "panic-between", ended("panic", {after, "Kernel panic"})),
      guest("AProgramThatSaysPanic", "a program writes `Kernel panic` to the console",
            "user-says-panic", finished()),
      guest("AnEarlyReset", "a reset before the first record", "early-reset",
            {.word = "died", .says = {before}}),
      guest("AReset", "a reset between two scenarios", "reset", ended("died", {after})),
      guest("PowerOff", "the machine is switched off between two scenarios", "power-off",
            ended("died", {after})),
      guest("AHalt", "the kernel halts", "halt", ended("no_progress", {after}), soon),
      guest("AResetAfterTheEnd", "a reset after the last record", "reset-after-the-end",
            finished()),
      guest("Silence", "not a word", "silence",
            {.word = "boot_timeout", .says = {"no record within the boot limit"}},
            {"--boot-timeout", "20"}),
      guest("Spinning", "a scenario spins for ever", "spin", ended("no_progress", {within}), soon),
      guest("Idling", "a scenario sleeps for ever", "idle", ended("no_progress", {within}), soon),
      guest("TooLong", "a scenario that the limit of all ends", "spin",
            ended("no_progress", {"hard limit", within}), {"--time-limit", "20"}),
  };
}

// A byte that a terminal obeys; empty where there is none.
std::string control_in(const std::string& text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool ends_line = byte == '\n' || text.compare(at, 2, "\r\n") == 0;  // RFC 4180
    if ((byte < 0x20 && byte != '\t' && !ends_line) || byte == 0x7f)
      return fmt::format("the byte {:#04x}", byte);
  }
  for (const std::string& words : {std::string("\xc2\x9b"), std::string("\xe2\x80") + "\xae"}) {
    if (text.find(words) != std::string::npos) return "a C1 control, or what turns the line round";
  }
  return {};
}

// Words of the guest that a terminal would obey, or that a line of ours could be forged with, in
// every format for people or line by line.
Outcome watch_words(const Bench& bench, const Fault& fault) {
  Outcome outcome = run_hostile_guest(bench, fault);
  std::string lines = "\n" + outcome.out;
  for (const char* format : {"text", "trace", "markdown", "tap", "html", "csv", "junit"}) {
    const Outcome report = bench.run({"report", bench.last_run().string(), "--format", format});
    if (report.exit_code > 3) outcome.complaints.push_back(fmt::format("{} died", format));
    if (const std::string control = control_in(report.out + report.err); !control.empty())
      outcome.complaints.push_back(fmt::format("{} has {}", format, control));
    // The others have newlines in quoted fields, or as any blank.
    const std::string named = format;
    if (named != "html" && named != "csv" && named != "junit") lines += "\n" + report.out;
  }
  if (const std::string control = control_in(outcome.out + outcome.err); !control.empty())
    outcome.complaints.push_back("the command says " + control);
  // A log that is shown has the lines that were written to it.
  if (fault.arguments.empty()) lines += "\n" + outcome.err;
  if (lines.find("\nforged line") != std::string::npos)
    outcome.complaints.emplace_back("a line is forged");
  return outcome;
}

std::vector<Fault> hostile_words() {
  Fault words = guest("WordsThatATerminalObeys",
                      "escapes, C1, newlines and bidi controls in reason and steps; every report",
                      "hostile-words", damaged());
  Fault scenario =
      guest("AScenarioThatATerminalObeys", "the same in a scenario's name, then a panic in it",
            "hostile-scenario", ended("panic", {"Kernel panic"}));
  Fault console = guest("AConsoleThatATerminalObeys", "the same on the console, shown",
                        "hostile-console", finished(), {"--console"});
  words.happen = watch_words;
  scenario.happen = watch_words;
  console.happen = watch_words;
  return {words, scenario, console};
}

// The guest that comes after one that ended everything once.
Outcome run_the_next_kernel(const Bench& bench, const Fault& fault) {
  Outcome outcome =
      bench.run(bench.run_words(fault.mode + " brokenpipe.only=6.1", {"debian-5.10"}));
  const nlohmann::json next = json_of(bench.last_run() / "debian-5.10.json");
  if (!next.is_object() || next.at("guest").at("ending") != "finished")
    outcome.complaints.emplace_back("the next kernel did not finish");
  return outcome;
}

std::vector<Fault> next_kernels() {
  Fault next = guest("TheNextKernel", "100 000 open brackets; and another guest after this one",
                     "deep", damaged());
  next.happen = run_the_next_kernel;
  return {next};
}

}  // namespace

std::vector<Fault> guest_faults() {
  std::vector<Fault> all;
  for (std::vector<Fault> (*part)() :
       {floods, odd_records, odd_frames, deaths, hostile_words, next_kernels}) {
    const std::vector<Fault> more = part();
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

Outcome run_hostile_guest(const Bench& bench, const Fault& fault) {
  Outcome outcome = bench.run(bench.run_words(fault.mode, fault.arguments));
  if (outcome.beside != "finished")
    outcome.complaints.push_back("the kernel beside it is " + outcome.beside + ", not finished");
  return outcome;
}

}  // namespace brokenpipe::testing
