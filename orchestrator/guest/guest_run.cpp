#include "orchestrator/guest/guest_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "orchestrator/guest/record_stream.h"
#include "results/base/error.h"
#include "results/base/unique_fd.h"

namespace brokenpipe {
namespace {

using Expired = GuestEvidence::Expired;
using Milliseconds = std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

/// How often the guest's files are looked at: far below what a boot takes, far above what a look
/// costs.
constexpr Milliseconds look_interval{20};

/// Between two looks, more than this is no time that the guest had: the host slept or was paused.
constexpr Milliseconds longest_look{5000};

/// A file that QEMU writes, read as it grows.
class GrowingFile {
 public:
  explicit GrowingFile(const std::filesystem::path& path)
      : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!fd_) throw failed();
  }

  /// All that has come since the last call.
  std::string read_new() {
    std::string bytes;
    std::array<char, 65536> buffer{};
    for (;;) {
      const ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
      if (got == 0) return bytes;
      if (got > 0) bytes.append(buffer.data(), static_cast<std::size_t>(got));
      if (got < 0 && errno != EINTR) throw failed();
    }
  }

 private:
  Error failed() const {
    return {"reading what the guest writes",
            fmt::format("{}: {}", path_.string(), std::strerror(errno)),
            "With a URI other than the default, QEMU's user and you must both have access to "
            "that folder."};
  }

  std::filesystem::path path_;
  UniqueFd fd_;
};

/// Looks in the kernel's log, line by line, for its own reports of having failed.
class KernelLog {
 public:
  void feed(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n')
        end_line();
      else if (line_.size() < longest_line && c != '\r')
        line_ += c;
    }
  }
  void end_line() {
    const auto says = [this](const char* words) { return line_.find(words) != std::string::npos; };
    if (panic_.empty() && says("Kernel panic")) panic_ = line_;
    if (oops_.empty() && (says("Oops:") || says("BUG:") || says("kernel BUG at") ||
                          says("general protection fault")))
      oops_ = line_;
    line_.clear();
  }

  const std::string& panic() const { return panic_; }
  const std::string& oops() const { return oops_; }

 private:
  static constexpr std::size_t longest_line = 1024;
  std::string line_;
  std::string panic_;
  std::string oops_;
};

std::string where(const GuestEvidence& evidence) {
  return evidence.last_scenario.empty() ? "before its first scenario"
                                        : "in scenario " + evidence.last_scenario;
}

Expired expired(const GuestLimits& limits, Milliseconds running,
                std::optional<Milliseconds> last_record) {
  if (running >= limits.hard) return Expired::hard;
  if (!last_record) return running >= limits.boot ? Expired::boot : Expired::none;
  return running - *last_record >= limits.no_progress ? Expired::no_progress : Expired::none;
}

}  // namespace

GuestVerdict guest_verdict(const GuestEvidence& evidence) {
  if (evidence.end_record && evidence.damage.empty()) {
    if (evidence.oops.empty()) return {GuestEnding::finished, {}};
    return {GuestEnding::oops, "the kernel went on after: " + evidence.oops};
  }
  if (evidence.end_record)
    return {GuestEnding::truncated, "the records are damaged: " + evidence.damage.front()};
  if (evidence.interrupted) return {GuestEnding::interrupted, "interrupted " + where(evidence)};
  if (!evidence.panic.empty())
    return {GuestEnding::panic, fmt::format("{}: {}", where(evidence), evidence.panic)};
  if (evidence.stopped && !evidence.damage.empty())
    return {GuestEnding::truncated, fmt::format("the records are damaged: {}; then {}",
                                                evidence.damage.front(), evidence.missing)};
  if (evidence.stopped)
    return {GuestEnding::died,
            fmt::format("the machine stopped {}; {}", where(evidence), evidence.missing)};
  if (evidence.expired == Expired::boot)
    return {GuestEnding::boot_timeout, "no record within the boot limit"};
  return {GuestEnding::no_progress,
          fmt::format("{} {}",
                      evidence.expired == Expired::hard ? "not done within the hard limit,"
                                                        : "no record within the limit,",
                      where(evidence))};
}

GuestOutcome run_guest(Hypervisor& hypervisor, const BootSpec& spec, const std::string& nonce,
                       const GuestLimits& limits, const std::stop_token& stop,
                       const GuestListener& listener, const std::function<TimePoint()>& now) {
  for (const auto& file : {spec.console, spec.records}) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  GuestOutcome outcome;
  GuestEvidence evidence;
  RecordStream stream(nonce);
  KernelLog log;

  const auto called = now();
  const auto guest = hypervisor.start(spec);
  // What the hypervisor took to start it is not held against the kernel.
  const auto started = now();
  auto looked = started;
  Milliseconds running{};
  std::optional<Milliseconds> last_record;
  GrowingFile console(spec.console);
  GrowingFile records(spec.records);
  const auto pass_time = [&] {
    const auto time = now();
    running += std::min(std::chrono::duration_cast<Milliseconds>(time - looked), longest_look);
    looked = time;
  };
  const auto seconds = [&] { return std::chrono::duration<double>(now() - called).count(); };

  const auto look = [&] {
    const auto text = console.read_new();
    if (!text.empty()) listener.console(text);
    log.feed(text);
    for (auto& record : stream.feed(records.read_new())) {
      last_record = running;
      outcome.timings.try_emplace("boot", seconds());
      if (record.value("record", nlohmann::json()) == "begin")
        evidence.last_scenario = record.value("scenario", std::string());
      listener.record(record);
      outcome.records.push_back(std::move(record));
    }
  };

  while (!evidence.stopped && !stream.ended() && !evidence.interrupted && log.panic().empty() &&
         evidence.expired == Expired::none) {
    evidence.stopped = guest->wait_stopped(look_interval);
    pass_time();
    look();
    evidence.interrupted = stop.stop_requested();
    evidence.expired = expired(limits, running, last_record);
  }
  guest->destroy();
  const auto boot = outcome.timings.find("boot");
  outcome.timings["run"] = seconds() - (boot == outcome.timings.end() ? 0.0 : boot->second);
  look();
  log.end_line();

  evidence.end_record = stream.ended();
  evidence.damage = stream.damage();
  evidence.missing = stream.missing();
  evidence.panic = log.panic();
  evidence.oops = log.oops();
  outcome.verdict = guest_verdict(evidence);
  return outcome;
}

}  // namespace brokenpipe
