#pragma once

#include <compare>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "results/run_result.h"

/// results/changes.json: the differences from the reference that are understood. Its schema,
/// results/schema/changes.json, says how an entry is written and when it explains.
namespace brokenpipe {

struct KernelVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  auto operator<=>(const KernelVersion&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// The version in front of a text such as `6.1`, `6.12.107+deb12-cloud-amd64` or `7.3-rc7`; a
/// release candidate counts as its release. Nothing where there is none.
std::optional<KernelVersion> parse_version(const std::string& text);

/// The point release of a kernel. Debian names its releases by ABI (`6.1.0-47-cloud-amd64`), and
/// says the point release in uname's version and in the package's.
std::optional<KernelVersion> version_of(const KernelIdentity& kernel);

/// What a change did at one step of some scenarios.
struct Move {
  std::vector<std::string> scenarios;  ///< globs
  std::string step;                    ///< a step's id, or `ending`
  nlohmann::json before;               ///< exactly what is seen without it; null: no such step
  nlohmann::json after;                ///< exactly what is seen with it
  /// Where one of the two is null, how a reader is told of the step that the other one is of.
  std::string call = {};
  std::string args = {};
};

/// What a kernel first answers to a scenario that those before it cannot be asked.
struct Introduction {
  Observation answer;  ///< each step with its basis: derived from the source, or recorded
  /// The kernel that the answer was recorded on, the oldest in reach; nothing where it is derived.
  std::optional<KernelVersion> recorded_on;
};

/// One change of the kernel.
struct Change {
  std::string id;
  std::string says;  ///< one sentence: what changed for the caller
  KernelVersion mainline;
  std::vector<KernelVersion> stable;
  std::optional<KernelVersion> until;
  std::vector<KernelVersion> until_stable;  ///< where it ended in older series, by back-port
  std::string commit;                       ///< empty where no public text that names it was found
  std::string subject;  ///< the commit's first line, or what is known of it, in brackets
  std::string source;   ///< where the commit was looked up, or what shows the versions
  std::vector<Move> moves;
  std::vector<Introduction> introduces;
  std::vector<std::string> removes;  ///< globs of scenarios that cannot be asked any more
};

struct Changes {
  static constexpr int schema = 1;
  std::vector<Change> changes;
};

/// The commit as people quote it, by twelve digits; says so where it was not found.
std::string commit_of(const Change& change);

/// Whether a kernel of this version has the change: from `mainline` on or by back-port, and not
/// from `until` on.
bool in_effect(const Change& change, const KernelVersion& version);

/// A place on the way from one kernel's version to another's, back along the first one's series
/// to where that left the mainline, along the mainline, and up the other's series. Compares in the
/// order in which one comes by.
struct WayPoint {
  int part = 0;
  int way = 0;  ///< along the part, in no unit

  auto operator<=>(const WayPoint&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// Where a change that one of two kernels has and the other has not came or went: at its mainline
/// release, at the back-port to the series of the kernel that has it, or where it ended.
WayPoint way_point(const Change& change, const KernelVersion& from, const KernelVersion& to);

/// Throws Error with the file and the place where it is wrong.
Changes read_changes(const std::filesystem::path& file);

}  // namespace brokenpipe
