// One guest, from its start to its end.
#include "orchestrator/guest/guest_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "orchestrator/guest/console_log.h"
#include "orchestrator/guest/growing_file.h"
#include "results/base/error.h"
#include "results/base/folder.h"
#include "results/base/text.h"

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

/// A kernel that has panicked says no more. A record that comes later than this after its panic is
/// of a kernel that has not, and a guest that neither says more nor stops is given up after that:
/// with panic=-1 it stops at once (kernel/panic.c).
constexpr Milliseconds last_words{200};
constexpr Milliseconds panic_to_stop{5000};

/// Below this a guest is not started, and what one has said that did not finish is not believed:
/// QEMU drops what it cannot write.
constexpr std::uintmax_t least_room = std::uintmax_t{1} << 20U;

std::string where(const GuestEvidence& evidence) {
  if (evidence.last_scenario.empty()) return "before its first scenario";
  return (evidence.scenario_is_over ? "after scenario " : "in scenario ") + evidence.last_scenario;
}

Expired expired(const GuestLimits& limits, Milliseconds running,
                std::optional<Milliseconds> last_record) {
  if (running >= limits.hard) return Expired::hard;
  if (!last_record) return running >= limits.boot ? Expired::boot : Expired::none;
  return running - *last_record >= limits.no_progress ? Expired::no_progress : Expired::none;
}

}  // namespace

GuestVerdict guest_verdict(const GuestEvidence& evidence) {
  const auto damaged = [&] { return "the records are damaged: " + in_words(evidence.damage); };
  const bool has_damage = evidence.damage.places > 0;
  if (evidence.end_record && !has_damage && evidence.too_much.empty()) {
    if (evidence.oops.empty()) return {GuestEnding::finished, {}};
    return {GuestEnding::oops, "the kernel went on after: " + evidence.oops};
  }
  if (!evidence.too_much.empty())
    return {GuestEnding::truncated, fmt::format("{} {}{}", evidence.too_much, where(evidence),
                                                has_damage ? "; " + damaged() : std::string())};
  if (evidence.end_record) return {GuestEnding::truncated, damaged()};
  if (evidence.interrupted) return {GuestEnding::interrupted, "interrupted " + where(evidence)};
  if (!evidence.panic.empty())
    return {GuestEnding::panic, fmt::format("{}: {}", where(evidence), evidence.panic)};
  if (evidence.stopped && has_damage)
    return {GuestEnding::truncated, fmt::format("{}; then {}", damaged(), evidence.missing)};
  if (evidence.stopped)
    return {GuestEnding::died,
            fmt::format("the machine stopped {}; {}", where(evidence), evidence.missing)};
  const std::string also = has_damage ? "; " + damaged() : std::string();
  if (evidence.expired == Expired::boot)
    return {GuestEnding::boot_timeout, "no record within the boot limit" + also};
  return {GuestEnding::no_progress,
          fmt::format("{} {}{}",
                      evidence.expired == Expired::hard ? "not done within the hard limit,"
                                                        : "no record within the limit,",
                      where(evidence), also)};
}

namespace {

/// What is seen of a guest while it runs.
class Watch {
 public:
  /// `called`: when somebody asked for the guest; it runs now.
  Watch(const BootSpec& spec, const std::string& nonce, const GuestLimits& limits,
        const GuestListener& listener, const std::function<TimePoint()>& now, TimePoint called)
      : limits_(limits),
        listener_(listener),
        now_(now),
        called_(called),
        looked_(now()),
        folder_(spec.records.parent_path()),
        stream_(nonce, limits.records),
        console_(spec.console),
        records_(spec.records) {}

  /// Whether there is more to wait for.
  bool goes_on() const {
    return !evidence_.stopped && !stream_.ended() && stream_.too_much().empty() &&
           !evidence_.interrupted && !has_panicked_ && evidence_.expired == Expired::none;
  }

  void wait(Guest& guest, const std::stop_token& stop) {
    evidence_.stopped = guest.wait_stopped(look_interval);
    pass_time();
    look();
    evidence_.interrupted = stop.stop_requested();
    evidence_.expired = expired(limits_, running_, last_record_);
    has_panicked_ = panicked_ && running_ - *panicked_ >= panic_to_stop;
  }

  void end(Guest& guest) {
    try {
      guest.destroy();
    } catch (const Error& error) {
      // What it has said is not worth less for that; its destructor tries again.
      outcome_.warnings.push_back(one_line(error.what()));
    }
    const auto boot = outcome_.timings.find("boot");
    outcome_.timings["run"] = seconds() - (boot == outcome_.timings.end() ? 0.0 : boot->second);
    while (!look() && stream_.too_much().empty()) {
    }
    log_.end_line();
  }

  /// After the end. Throws Error where it cannot be told what the guest did.
  GuestOutcome outcome();

 private:
  double seconds() const { return std::chrono::duration<double>(now_() - called_).count(); }

  void pass_time() {
    const auto time = now_();
    running_ += std::min(std::chrono::duration_cast<Milliseconds>(time - looked_), longest_look);
    looked_ = time;
    // Not each time, for a file system may be far away.
    constexpr unsigned seldom = 25;
    if (looks_++ % seldom == 0) least_room_seen_ = std::min(least_room_seen_, room_in(folder_));
  }

  /// Whether that was all.
  bool look() {
    const bool is_log_read = console_.read_new([this](std::string_view text) { hear(text); });
    console_.give_back_beyond(limits_.console);
    if (!panicked_ && !log_.panic().empty()) panicked_ = running_;
    const bool are_records_read = records_.read_new([this](std::string_view bytes) {
      for (GuestRecord& record : stream_.feed(bytes)) take(std::move(record));
    });
    return is_log_read && are_records_read;
  }

  void hear(std::string_view text) {
    log_.feed(text);
    const std::uint64_t before = console_.bytes() - text.size();
    if (before < limits_.console) listener_.console(text.substr(0, limits_.console - before));
  }

  void take(GuestRecord&& record) {
    outcome_.timings.try_emplace("boot", seconds());
    last_record_ = running_;
    if (panicked_ && running_ - *panicked_ >= last_words) {
      outcome_.warnings.push_back("no panic, for records came after it: " + log_.panic());
      log_.withdraw_panic();
      panicked_.reset();
    }
    if (const auto* begin = std::get_if<BeginRecord>(&record)) {
      evidence_.last_scenario = begin->scenario;
      evidence_.scenario_is_over = false;
    } else if (const auto* seen = std::get_if<Observation>(&record)) {
      evidence_.scenario_is_over = seen->scenario == evidence_.last_scenario;
    }
    ++outcome_.records;
    listener_.record(std::move(record));
  }

  const GuestLimits& limits_;
  const GuestListener& listener_;
  const std::function<TimePoint()>& now_;
  TimePoint called_;
  TimePoint looked_;
  Milliseconds running_{};
  unsigned looks_ = 0;
  std::filesystem::path folder_;
  std::uintmax_t least_room_seen_ = std::numeric_limits<std::uintmax_t>::max();
  RecordStream stream_;
  ConsoleLog log_;
  GrowingFile console_;
  GrowingFile records_;
  std::optional<Milliseconds> last_record_;
  std::optional<Milliseconds> panicked_;  ///< when the log said so
  bool has_panicked_ = false;             ///< and it has not been heard of since
  GuestEvidence evidence_;
  GuestOutcome outcome_;
};

GuestOutcome Watch::outcome() {
  evidence_.end_record = stream_.ended();
  evidence_.damage = stream_.damage();
  evidence_.too_much = stream_.too_much();
  evidence_.missing = stream_.missing();
  evidence_.panic = log_.panic();
  evidence_.oops = log_.oops();
  outcome_.verdict = guest_verdict(evidence_);
  const GuestEnding ending = outcome_.verdict.ending;
  least_room_seen_ = std::min(least_room_seen_, room_in(folder_));
  if (!vouches_for_all(ending) && ending != GuestEnding::interrupted &&
      least_room_seen_ < least_room)
    throw no_room(folder_, least_room_seen_);
  if (console_.bytes() > limits_.console)
    outcome_.warnings.push_back(
        fmt::format("of the {} bytes of its log {} are kept", console_.bytes(), limits_.console));
  return std::move(outcome_);
}

}  // namespace

GuestOutcome run_guest(Hypervisor& hypervisor, const BootSpec& spec, const std::string& nonce,
                       const GuestLimits& limits, const std::stop_token& stop,
                       const GuestListener& listener, const std::function<TimePoint()>& now) {
  for (const auto& file : {spec.console, spec.records}) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  const auto folder = spec.records.parent_path();
  if (const auto room = room_in(folder); room < least_room) throw no_room(folder, room);
  const auto called = now();
  const auto guest = hypervisor.start(spec);
  // What the hypervisor took to start it is not held against the kernel.
  Watch watch(spec, nonce, limits, listener, now, called);
  while (watch.goes_on()) watch.wait(*guest, stop);
  watch.end(*guest);
  return watch.outcome();
}

}  // namespace brokenpipe
