#include "orchestrator/guest/console_log.h"

#include <gtest/gtest.h>

/// Which words on a console are the kernel's own.
using namespace brokenpipe;

namespace {

ConsoleLog heard(const std::string& text) {
  ConsoleLog log;
  log.feed(text);
  log.end_line();
  return log;
}

constexpr const char* first_line = "[    0.000000] Linux version 6.1.0\r\n";

}  // namespace

TEST(ConsoleLog, HearsTheKernelsPanic) {
  for (const std::string line : {"[    2.345678] Kernel panic - not syncing: a test",
                                 "[   12.345678][    T1] Kernel panic - not syncing: a test",
                                 "[12345.345678] Kernel panic - not syncing: a test"}) {
    EXPECT_EQ(heard(first_line + line).panic(), line);
  }
}

TEST(ConsoleLog, TakesAProgramsWordForNoPanic) {
  for (const std::string line :
       {"Kernel panic - not syncing: a joke", "probe: Kernel panic - not syncing: a joke",
        "[    2.345678] init: Kernel panic, they say", "[x] Kernel panic", "[] Kernel panic",
        "[    2.3 Kernel panic"}) {
    EXPECT_EQ(heard(first_line + line).panic(), "") << line;
  }
}

TEST(ConsoleLog, HearsThePanicBehindALineThatAProgramHasNotEnded) {
  const std::string line = "probe: waiting [1] ... [    2.345678] Kernel panic - not syncing";
  EXPECT_EQ(heard(first_line + line).panic(), line);
}

TEST(ConsoleLog, BelievesTheBareWordsOfAKernelThatTellsNoTimes) {
  EXPECT_EQ(heard("Linux version 6.1.0\nKernel panic - not syncing").panic(),
            "Kernel panic - not syncing");
}

TEST(ConsoleLog, HearsAnOopsOfTheKernelOnly) {
  for (const std::string line :
       {"BUG: unable to handle kernel NULL pointer dereference", "Oops: 0000 [#1] SMP",
        "kernel BUG at fs/aio.c:1!", "general protection fault, probably for",
        "watchdog: BUG: soft lockup - CPU#0 stuck"}) {
    EXPECT_EQ(heard(first_line + ("[    2.345678] " + line)).oops(), "[    2.345678] " + line);
    EXPECT_EQ(heard(first_line + line).oops(), "") << line;
  }
}

TEST(ConsoleLog, QuotesALineInPrintableCharactersAndNotAllOfIt) {
  const ConsoleLog log =
      heard(first_line + ("[    2.345678] Kernel panic \x1b[31m\xff" + std::string(100'000, 'x')));
  EXPECT_EQ(log.panic().substr(0, 34), "[    2.345678] Kernel panic .[31m.");
  EXPECT_EQ(log.panic().size(), 1024U);
}

TEST(ConsoleLog, DoesNotCareWhereTheBytesAreSplit) {
  ConsoleLog log;
  for (const char c : std::string("[    2.345678] Kernel panic - not syncing\n"))
    log.feed(std::string(1, c));
  EXPECT_EQ(log.panic(), "[    2.345678] Kernel panic - not syncing");
}
