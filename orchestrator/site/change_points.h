#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/site/model.h"

/// Since when a step of a scenario is answered as it is, and by which changes of the kernel.
namespace brokenpipe {

/// A change that leads from one span to the next.
struct Cause {
  std::string change;    ///< its id
  bool lacking = false;  ///< it is the span before that has it: this one's kernels do not
};

/// What a place of a scenario has been from one kernel on.
struct Span {
  std::string value;  ///< `-1 EPIPE +SIGPIPE`; `n/a`; `not made`
  /// The release that brought it: `3.16`; `6.18`; `6.1.167`, a back-port. Empty where no release
  /// is known that did.
  std::string since;
  /// The series of the first kernel that gave it, where mainline released others between that and
  /// the kernel before: it came with one of them.
  std::string until;
  std::vector<std::string> kernels;  ///< those that were run and gave it, without the reference
  std::vector<Cause> causes;         ///< in the order in which they lead to it
  bool reference = false;            ///< it is the reference's own
  /// Those of the kernels of which something else was predicted.
  std::vector<std::string> unexplained;
};

/// A place whose value is not the same everywhere.
struct ChangePoints {
  std::string place;
  std::string head;
  std::vector<Span> spans;  ///< by version, the reference's first; two or more
};

/// `4.11 (≤ 5.10)`: since when, and the first series in which that was seen; empty where an
/// answer came back for want of a change that the kernels before had as a back-port.
std::string since_text(const Span& span);

/// The kernels of a span by their point releases: `5.10.262`; `6.1.192, 6.12.117`;
/// `6.16.12 to 7.0.13`; of the last span, `7.1.13 on`.
std::string releases_text(const SiteModel& model, const ChangePoints& points, std::size_t span);

/// A kernel that gave no answer (not asked, inconclusive) neither begins nor ends a span.
std::vector<ChangePoints> change_points(const SiteModel& model, const std::string& scenario);

/// The changes that show in a scenario, by id: held against the reference, or between a kernel and
/// the one before. With the kernels that answer as they do because of it.
std::map<std::string, std::set<std::string>> changes_shown(const SiteModel& model,
                                                           const std::string& scenario);

}  // namespace brokenpipe
