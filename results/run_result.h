#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

/// The result of one kernel's run, and its JSON form (results/schema/run_result.json).
///
/// Everything below is plain data. `Observation` is what the probe saw and never varies between
/// two runs of one kernel; everything else says how it was obtained.
namespace brokenpipe {

/// How a scenario ended: probes/scenario.h has the same words.
enum class ScenarioEnding { completed, broken, unsupported, timed_out, killed };

/// How a guest ended. Only `finished` vouches for the whole set of observations; `oops` finished
/// too, on a kernel that tainted itself on the way.
enum class GuestEnding {
  finished,
  boot_timeout,
  no_progress,
  panic,
  oops,
  truncated,
  died,
  interrupted,
};

/// Where a reference step comes from: a run of the reference kernel itself, the catalogue of
/// measured answers, or the kernel's source (then `lines` says which lines).
enum class Basis { recorded, measured, derived };

/// One call under test and all that it did.
struct Step {
  std::string id;    ///< unique in its scenario: `send#2`, `peer.poll#1`
  std::string call;  ///< the system call, or what was looked at: `send`, `getsockopt(SO_ERROR)`
  std::string args;  ///< as a reader wants them: `1, MSG_NOSIGNAL`
  /// What was seen: `returned`, `errno`, `signals`, `revents`, `state`, `so_error`, `status`,
  /// `blocked`, `completion`, `elapsed`. Compared whole, key by key.
  nlohmann::json seen = nlohmann::json::object();
  std::optional<Basis> basis;  ///< in a reference only
  std::string lines;           ///< in a reference: the source lines of a derived step
};

struct Observation {
  std::string scenario;
  ScenarioEnding ending = ScenarioEnding::broken;
  std::string reason;                  ///< why it is not `completed`; prose, never compared
  std::string signal;                  ///< of `killed`: the signal's name
  std::vector<std::string> shortened;  ///< kernel timeouts shortened under the real clock
  std::vector<Step> steps;
  std::optional<Basis> basis;  ///< in a reference, of the ending itself
  std::string lines;
  /// With --repeat: the observations of the repeats that disagreed with this one.
  std::vector<Observation> disagreeing;
};

/// Which kernel answered. `release` and `version` are the guest's own words (uname(2)).
struct KernelIdentity {
  std::string id;
  std::string release;
  std::string version;
  std::string machine;
  std::string package;  ///< name=version of the package, or the path of a local file
  std::string sha256;   ///< of the kernel image that was booted, before unpacking
};

struct GuestRun {
  GuestEnding ending = GuestEnding::died;
  std::string reason;
  std::string accelerator;  ///< tcg or kvm; empty for `host`
  std::string clock;        ///< warp or real
  std::string qemu;
  std::string libvirt;
  std::string boot_image;  ///< the rung of the boot ladder that came up
  std::string cmdline;
  std::map<std::string, double> timings;  ///< seconds of wall time: boot, run
};

struct ProbeIdentity {
  std::string version;
  std::string sha256;
};

struct RunResult {
  static constexpr int schema = 1;
  KernelIdentity kernel;
  GuestRun guest;
  ProbeIdentity probe;
  std::vector<Observation> observations;  ///< sorted by scenario
};

}  // namespace brokenpipe
