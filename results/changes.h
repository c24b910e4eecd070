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
};

/// One change of the kernel.
struct Change {
  std::string id;
  std::string says;  ///< one sentence: what changed for the caller
  KernelVersion mainline;
  std::vector<KernelVersion> stable;
  std::optional<KernelVersion> until;
  std::string commit;   ///< empty where no public text that names it was found
  std::string subject;  ///< the commit's first line, or what is known of it, in brackets
  std::string source;   ///< where the commit was looked up, or what shows the versions
  std::vector<Move> moves;
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

/// Throws Error with the file and the place where it is wrong.
Changes read_changes(const std::filesystem::path& file);

}  // namespace brokenpipe
