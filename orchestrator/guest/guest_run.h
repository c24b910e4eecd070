#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/guest/guest_record.h"
#include "orchestrator/guest/hypervisor.h"
#include "orchestrator/guest/record_stream.h"
#include "results/run_result.h"

/// One guest, from its start to its end, and how it ended.
namespace brokenpipe {

/// How long a guest may take, in wall time (time for which the host slept does not count), and how
/// much it may say.
struct GuestLimits {
  std::chrono::milliseconds boot = std::chrono::seconds(60);         ///< until its first record
  std::chrono::milliseconds no_progress = std::chrono::seconds(60);  ///< from record to record
  std::chrono::milliseconds hard = std::chrono::minutes(15);         ///< all in all
  /// Bytes of records; a guest that says more is ended. A run of all scenarios has 0.4 MB.
  std::size_t records = std::size_t{16} << 20U;
  /// Bytes of its log that are kept; what comes after them is dropped.
  std::size_t console = std::size_t{16} << 20U;
};

/// What the caller wants to hear of while the guest runs; called in the thread of run_guest().
struct GuestListener {
  std::function<void(GuestRecord&&)> record = [](GuestRecord&&) {};
  std::function<void(std::string_view)> console = [](std::string_view) {};
};

/// All that is known of a guest when it has ended, and that decides how it did.
struct GuestEvidence {
  enum class Expired { none, boot, no_progress, hard };

  bool end_record = false;    ///< the probe said that it is done
  Damage damage = {};         ///< of the record stream (RecordStream), as the next two
  std::string too_much = {};  ///< why no more was read of it
  std::string missing = {};
  bool interrupted = false;
  std::string panic = {};  ///< the line of the console that says so
  std::string oops = {};   ///< the same of an oops or BUG that the kernel survived
  bool stopped = false;    ///< by itself
  Expired expired = Expired::none;
  std::string last_scenario = {};  ///< the last that was begun
  bool scenario_is_over = false;   ///< and its observation has come
};

struct GuestVerdict {
  GuestEnding ending = GuestEnding::died;
  std::string reason;  ///< a sentence for people; empty where the guest finished
};

/// The rules of the endings. What stands in the kernel's log decides only between endings of a
/// guest that did not finish, or adds `oops` to one that did.
GuestVerdict guest_verdict(const GuestEvidence& evidence);

struct GuestOutcome {
  GuestVerdict verdict;
  std::size_t records = 0;                ///< that arrived whole, also where it did not finish
  std::map<std::string, double> timings;  ///< seconds: boot (to the first record), run (after)
  std::vector<std::string> warnings;      ///< what else there is to say of it, a sentence each
};

/// Runs one guest to its end and returns how it ended: whatever the kernel does is a value. The
/// guest is ended as soon as its end record has come, its kernel has panicked, a limit has passed
/// or `stop` was requested. Files of an earlier run at `spec.console` and `spec.records` are
/// replaced; of the first no more is kept than `limits.console`. `nonce` is the one that the guest
/// writes into its frames. `now` is for tests. Throws Error where the hypervisor refuses, the files
/// cannot be read, or there is no room left for them: then it is not known what the guest has said.
GuestOutcome run_guest(Hypervisor& hypervisor, const BootSpec& spec, const std::string& nonce,
                       const GuestLimits& limits, const std::stop_token& stop,
                       const GuestListener& listener = {},
                       const std::function<std::chrono::steady_clock::time_point()>& now =
                           std::chrono::steady_clock::now);

}  // namespace brokenpipe
