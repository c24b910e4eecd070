#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The result of one kernel's run, and its JSON form (results/schema/run_result.json).
///
/// Everything below is plain data. `Observation` is what the probe saw and never varies between
/// two runs of one kernel; everything else says how it was obtained.
namespace brokenpipe {

class JsonPlace;

/// How a scenario ended: probes/frame/scenario.h has the same words.
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

/// Where a reference step comes from: a run of the reference kernel itself, or the kernel's source
/// (then `lines` says which lines).
enum class Basis { recorded, derived };

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

  bool operator==(const Step&) const = default;
};

struct Observation {
  std::string scenario;
  ScenarioEnding ending = ScenarioEnding::broken;
  std::string reason;                  ///< why it is not `completed`; prose, never compared
  std::string signal;                  ///< of `killed`: the signal's name
  std::string feature;                 ///< of `unsupported`: what the kernel does not offer
  std::string proof;                   ///< of `unsupported`: the errno that says that it lacks it
  std::vector<std::string> shortened;  ///< kernel timeouts shortened under the real clock
  std::vector<Step> steps;
  std::optional<Basis> basis;  ///< in a reference, of the ending itself
  std::string lines;
  /// With --repeat: the observations of the repeats that disagreed with this one.
  std::vector<Observation> disagreeing;

  bool operator==(const Observation&) const = default;
};

/// Which kernel answered. `release` and `version` are the guest's own words (uname(2)).
struct KernelIdentity {
  std::string id;
  std::string release;
  std::string version;
  std::string machine;
  std::string package;  ///< name=version of the package, or the path of a local file
  std::string sha256;   ///< of the kernel image that was booted, before unpacking

  bool operator==(const KernelIdentity&) const = default;
};

struct GuestRun {
  GuestEnding ending = GuestEnding::died;
  std::string reason;       ///< why it is not `finished`; prose
  std::string accelerator;  ///< tcg or kvm; empty for `host`
  std::string clock;        ///< warp or real
  std::string qemu;
  std::string libvirt;
  std::string boot_image;  ///< the rung of the boot ladder that came up
  std::string cmdline;
  std::vector<std::string> modules;  ///< names of those that it carried, in the order of loading
  /// Seconds of wall time by what they went into (`boot`, `run`); their sum is what the guest
  /// took.
  std::map<std::string, double> timings;
  /// Modules that it carried and that would not load, and the errno: `tls`, `ENOMEM`.
  std::map<std::string, std::string> modules_failed = {};
  /// SHA-256 of what it booted with beside its kernel (probe, arguments, the contents of modules
  /// and files) and of the machine that it booted on. Empty for `host`.
  std::string initramfs = {};
  std::string domain = {};
  /// Whether the probe read the kernel's log between scenarios, so that a step `kernel` that is not
  /// there means that the kernel said nothing (probes/frame/kernel_log.h).
  bool kernel_log = false;

  bool operator==(const GuestRun&) const = default;
};

struct ProbeIdentity {
  std::string version;
  std::string sha256;
  /// The globs that the probe was given; none: it was asked for every scenario. A scenario that
  /// they do not select was never asked, and its absence means nothing.
  std::vector<std::string> selection;

  bool operator==(const ProbeIdentity&) const = default;
};

struct RunResult {
  static constexpr int schema = 1;
  KernelIdentity kernel;
  GuestRun guest;
  ProbeIdentity probe;
  std::vector<Observation> observations;  ///< sorted by scenario
  /// Features that the kernel is built without, and what shows it: `CONFIG_AX25 is not set`.
  std::map<std::string, std::string> lacks;
  /// A reference that was written from sources: nothing was run, `guest` and `probe` say nothing
  /// and are not in its file.
  bool from_sources = false;

  bool operator==(const RunResult&) const = default;
};

std::string_view to_string(ScenarioEnding ending);
std::string_view to_string(GuestEnding ending);
std::string_view to_string(Basis basis);

/// What was seen of a scenario; null where nothing. `result.observations` must be sorted, as they
/// are wherever they come from.
const Observation* observation_of(const RunResult& result, std::string_view scenario);

/// A step by its id; null where it was not made.
const Step* step_of(const Observation& observation, std::string_view id);

/// Whether the guest got to the end of what it was asked, so that a scenario without an
/// observation was left out on purpose.
bool vouches_for_all(GuestEnding ending);

/// A scenario's glob as the probe and all files understand it: fnmatch(3), and `*` matches slashes.
bool matches(std::string_view glob, std::string_view scenario);

/// The observation in a probe's `observation` record. Throws Error where it is none.
Observation observation_from_record(const nlohmann::json& record);

/// An observation as it stands in every file that holds one; in a `reference` each value says where
/// it comes from. Throws Error with file and place.
Observation read_observation(const JsonPlace& place, bool reference);

/// The JSON of a part of a result, as it stands in every file that holds one.
nlohmann::ordered_json to_json(const Step& step);
nlohmann::ordered_json to_json(const Observation& observation);
nlohmann::ordered_json to_json(const KernelIdentity& kernel);
nlohmann::ordered_json to_json(const GuestRun& guest);

/// The canonical file of a result: equal results give equal bytes, however their observations
/// are ordered. Ends with a newline.
std::string to_json_text(const RunResult& result);

/// Reads a run's result or a reference; the two have one shape. Observations come sorted. Throws
/// Error with the file and the place where it is truncated, of another schema or wrong.
RunResult read_run_result(const std::filesystem::path& file);

/// Writes the canonical file, whole (results/base/file.h).
void write_run_result(const std::filesystem::path& file, const RunResult& result);

/// A reference made of a run: every step and every ending gets the basis `recorded`. Throws Error
/// where the guest did not get to the end or a scenario has no conclusive ending, because a
/// reference must not keep what nobody saw.
RunResult reference_from_run(RunResult run);

}  // namespace brokenpipe
