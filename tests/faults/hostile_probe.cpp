#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probes/base/file.h"
#include "probes/base/json.h"
#include "probes/frame/guest.h"
#include "probes/frame/record.h"

/// Linked into a probe of the tests, it is a guest that means harm: in a guest it speaks the frames
/// of the real one, gives the answers of Linux 3.16 to two scenarios, and between them does what
/// the kernel's command line says: `brokenpipe.fault=MODE`. Elsewhere it is the real probe.
namespace probe {
namespace {

using std::string;

constexpr const char* first = "sigpipe/sigpipe-default";
constexpr const char* second = "sigpipe/sigpipe-ignored";

Json step(const char* id, const char* call, const char* args) {
  return Json::object({{"step", id}, {"call", call}, {"args", args}});
}

Json observation(const string& scenario, const Json& steps) {
  return Json::object({{"record", "observation"},
                       {"scenario", scenario},
                       {"ending", "completed"},
                       {"steps", steps}});
}

// As results/reference/linux-3.16.json has them.
Json first_answer() {
  return observation(first, Json::array({step("child.send#1", "send", "1").set("returned", "never"),
                                         step("waitpid#1", "waitpid", "")
                                             .set("status", "killed by SIGPIPE")
                                             .set("core_dumped", false)}));
}

Json second_answer() {
  return observation(
      second,
      Json::array({step("send#1", "send", "1").set("returned", -1).set("errno", "EPIPE"),
                   step("sigpending#1", "sigpending", "").set("pending", Json::strings({}))}));
}

Json begin(const string& scenario) {
  return Json::object({{"record", "begin"}, {"scenario", scenario}});
}

// An observation whose members after the scenario are given as they are.
Json odd_answer(const string& scenario, const string& members) {
  return Json::verbatim(R"({"record":"observation","scenario":)" + Json(scenario).text() + "," +
                        members + "}");
}

void write_all(int fd, const string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t written = write(fd, bytes.data() + at, bytes.size() - at);
    if (written <= 0) return;
    at += static_cast<size_t>(written);
  }
}

void write_file(const char* path, const string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  write_all(fd, text);
  close(fd);
}

void say(const string& text) {
  write_all(STDERR_FILENO, text);
}

// A frame, each part of which can be wrong.
struct Frame {
  string nonce = {};                         ///< empty: that of this guest
  unsigned long sequence = 3;                ///< which is due between the two scenarios
  std::optional<unsigned long> length = {};  ///< of nothing: as it is
  std::optional<uint32_t> crc = {};
  string payload = R"({"record":"begin","scenario":"sigpipe/sigpipe-blocked"})";
};

struct Guest {
  string nonce;

  void frame(const Frame& part) const {
    std::array<char, 9> crc{};
    std::snprintf(crc.data(), crc.size(), "%08x", part.crc.value_or(crc32(part.payload)));
    write_all(STDOUT_FILENO, "@bp1 " + (part.nonce.empty() ? nonce : part.nonce) + " " +
                                 std::to_string(part.sequence) + " " +
                                 std::to_string(part.length.value_or(part.payload.size())) + " " +
                                 crc.data() + " " + part.payload + "\n");
  }
  void cut_frame() const {
    write_all(STDOUT_FILENO, "@bp1 " + nonce + R"( 3 400 01234567 {"record":"obs)");
  }
};

void flood(int fd, const string& line, size_t bytes) {
  string piece;
  while (piece.size() < 65536) piece += line;
  for (size_t sent = 0; sent < bytes; sent += piece.size()) write_all(fd, piece);
}

[[noreturn]] void stay_idle() {
  for (;;) pause();
}

// drivers/tty/sysrq.c:sysrq_handle_crash.
[[noreturn]] void panic() {
  write_file("/proc/sysrq-trigger", "c");
  stay_idle();
}

[[noreturn]] void end_machine(int how) {
  sync();
  reboot(how);
  stay_idle();
}

// What a terminal, a page or a file would obey: title, colour, C1, a line's end, direction.
const string& hostile_words() {
  static const string words = string("\x1b]0;owned\x07\x1b[2J\xc2\x9b") +
                              "31m\nforged line\r\xe2\x80" + "\xae </script>`|, =1+1";
  return words;
}

void garbage() {
  string bytes;
  for (uint32_t state = 1; bytes.size() < 65536;) {
    state = state * 1664525U + 1013904223U;  // the same bytes each time
    bytes += static_cast<char>(state >> 24);
  }
  write_all(STDOUT_FILENO, bytes + "\n");
}

string with_answer(const string& value) {
  return R"("ending":"completed","steps":[{"step":"send#1","call":"send","args":"1","returned":)" +
         value + "}]";
}

string nested(size_t depth) {
  return with_answer(string(depth, '[') + string(depth, ']'));
}

string hostile_members() {
  const string words = Json(hostile_words()).text();
  return R"("ending":"broken","reason":)" + words + R"(,"steps":[{"step":)" + words +
         R"(,"call":)" + words + R"(,"args":)" + words + R"(,"returned":)" + words + "}]";
}

constexpr size_t mega = size_t{1} << 20;
constexpr const char* third = "sigpipe/sigpipe-blocked";

template <class Does>
using Modes = std::vector<std::pair<string, Does>>;

// Before the first record.
const Modes<void (*)()>& early_modes() {
  static const Modes<void (*)()> modes{
      {"silence", [] { stay_idle(); }},
      {"early-panic", [] { panic(); }},
      {"early-reset", [] { end_machine(RB_AUTOBOOT); }},
  };
  return modes;
}

// A record between the two scenarios that is framed as it should be.
const Modes<Json>& odd_records() {
  static const Modes<Json> modes{
      {"deep", odd_answer(third, nested(100000))},
      {"less-deep", odd_answer(third, nested(20000))},
      {"twice", first_answer()},
      {"no-record-key", Json::verbatim(R"({"scenario":"sigpipe/x"})")},
      {"number-for-record", Json::verbatim(R"({"record":7})")},
      {"number-for-scenario", Json::verbatim(R"({"record":"begin","scenario":7})")},
      {"number-for-release", Json::verbatim(R"({"record":"probe","release":6.1})")},
      {"unknown-ending", odd_answer(third, R"("ending":"won","steps":[])")},
      {"no-steps", odd_answer(third, R"("ending":"completed")")},
      {"key-twice", odd_answer(third, R"("ending":"completed","ending":"killed","steps":[])")},
      {"number-too-large", odd_answer(third, with_answer("1e999"))},
      {"bad-utf8", odd_answer(third, "\"ending\":\"broken\",\"reason\":\"\xff\xfe\",\"steps\":[]")},
      {"hostile-words", odd_answer(second, hostile_members())},
  };
  return modes;
}

// Anything else between the two scenarios.
const Modes<void (*)(const Guest&)>& middle_modes() {
  static const Modes<void (*)(const Guest&)> modes{
      {"newlines", [](const Guest&) { flood(STDOUT_FILENO, "\n", 2 * mega); }},
      {"newline-flood", [](const Guest&) { flood(STDOUT_FILENO, "\n", 24 * mega); }},
      {"line-without-end", [](const Guest&) { flood(STDOUT_FILENO, "x", mega); }},
      {"console-text", [](const Guest&) { flood(STDERR_FILENO, "all is well\n", mega); }},
      {"console-flood", [](const Guest&) { flood(STDERR_FILENO, "all is well\n", 24 * mega); }},
      {"hostile-console", [](const Guest&) { say(hostile_words() + "\n"); }},
      {"hostile-scenario",
       [](const Guest& guest) {
         guest.frame({.payload = begin(hostile_words()).text()});
         panic();
       }},
      {"long-nonce", [](const Guest& guest) { guest.frame({.nonce = string(mega / 4, 'n')}); }},
      {"foreign-frame", [](const Guest& guest) { guest.frame({.nonce = "0123456789abcdef"}); }},
      {"wrong-crc", [](const Guest& guest) { guest.frame({.crc = 1}); }},
      {"wrong-length", [](const Guest& guest) { guest.frame({.length = 4000000000UL}); }},
      {"wrong-sequence", [](const Guest& guest) { guest.frame({.sequence = ~0UL}); }},
      {"cut-frame", [](const Guest& guest) { guest.cut_frame(); }},
      {"garbage", [](const Guest&) { garbage(); }},
      {"ends-within-a-frame",
       [](const Guest& guest) {
         guest.cut_frame();
         end_machine(RB_AUTOBOOT);
       }},
      {"user-says-panic",
       [](const Guest&) {
         say("Kernel panic - not syncing: a program\n");
         flood(STDERR_FILENO, "all is well\n", mega / 8);  // while somebody reads what was said
       }},
      {"panic-between", [](const Guest&) { panic(); }},
      {"halt", [](const Guest&) { end_machine(RB_HALT_SYSTEM); }},
      {"power-off", [](const Guest&) { end_machine(RB_POWER_OFF); }},
      {"reset", [](const Guest&) { end_machine(RB_AUTOBOOT); }},
      {"talk", [](const Guest&) { flood(STDERR_FILENO, "and so on\n", mega / 4); }},
  };
  return modes;
}

// Within the second scenario.
const Modes<void (*)()>& late_modes() {
  static const Modes<void (*)()> modes{
      {"panic-within", [] { panic(); }},
      {"idle", [] { stay_idle(); }},
      {"spin",
       [] {
         for (volatile unsigned turn = 0;;) turn = turn + 1;
       }},
  };
  return modes;
}

// After the end record.
const Modes<void (*)()>& last_modes() {
  static const Modes<void (*)()> modes{
      {"reset-after-the-end", [] { end_machine(RB_AUTOBOOT); }},
  };
  return modes;
}

// What the kernel's command line says after `key=`, up to the next blank.
string said_for(const string& key) {
  const string line = " " + read_file("/proc/cmdline").value_or("");
  const size_t at = line.find(" " + key + "=");
  if (at == string::npos) return {};
  const size_t start = at + key.size() + 2;
  return line.substr(start, line.find_first_of(" \n", start) - start);
}

// `brokenpipe.only=6.1`: other kernels are spared.
string mode_of_this_guest() {
  utsname kernel{};
  uname(&kernel);
  const string release = static_cast<const char*>(kernel.release);
  return release.starts_with(said_for("brokenpipe.only")) ? said_for("brokenpipe.fault") : string();
}

// What a mode does or is; null where none is called so.
template <class Does>
const Does* mode_named(const string& name, const Modes<Does>& modes) {
  const auto found = std::find_if(modes.begin(), modes.end(),
                                  [&](const auto& mode) { return mode.first == name; });
  return found == modes.end() ? nullptr : &found->second;
}

Json probe_record() {
  utsname kernel{};
  uname(&kernel);
  return Json::object({{"record", "probe"},
                       {"schema", 1},
                       {"version", PROBE_VERSION},
                       {"release", static_cast<const char*>(kernel.release)},
                       {"kernel_version", static_cast<const char*>(kernel.version)},
                       {"machine", static_cast<const char*>(kernel.machine)},
                       {"scenarios", 2},
                       {"kernel_log", true}});
}

int mean_harm(const std::vector<string>& words, const FailedModules& /*failed*/) {
  const string mode = mode_of_this_guest();
  if (const auto* early = mode_named(mode, early_modes())) (*early)();

  const auto framed = std::find(words.begin(), words.end(), "--framed");
  const Guest guest{.nonce = framed == words.end() ? string() : *std::next(framed)};
  RecordWriter records(STDOUT_FILENO, guest.nonce);
  records.write(probe_record());
  records.write(begin(first));
  records.write(first_answer());
  if (const auto* odd = mode_named(mode, odd_records())) records.write(*odd);
  if (const auto* middle = mode_named(mode, middle_modes())) (*middle)(guest);
  records.write(begin(second));
  if (const auto* late = mode_named(mode, late_modes())) (*late)();
  records.write(second_answer());
  const int count = mode == "wrong-count" ? 7 : 2;
  records.write(Json::object({{"record", "end"}, {"observations", count}}));
  if (const auto* last = mode_named(mode, last_modes())) (*last)();
  return 0;
}

const bool harmless = [] {
  if (is_guest()) be_guest(mean_harm);
  return true;
}();

}  // namespace
}  // namespace probe
