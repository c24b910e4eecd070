#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "results/run_result.h"

/// The boundary at which what a guest says becomes values. Whoever gets one of these need not fear
/// what is in it: the guest is the thing under test, and its bytes are hostile until they have come
/// through guest_record().
namespace brokenpipe {

/// A probe's first record: what it is and what it runs on.
struct ProbeRecord {
  std::string version;         ///< the probe's
  std::string release;         ///< uname(2), as the next two
  std::string kernel_version;  ///< `#1 SMP PREEMPT_DYNAMIC Debian ...`
  std::string machine;
  bool kernel_log = false;                            ///< GuestRun::kernel_log
  std::map<std::string, std::string> modules_failed;  ///< GuestRun::modules_failed
};

/// A scenario begins.
struct BeginRecord {
  std::string scenario;
};

/// The probe is done.
struct EndRecord {
  std::uint64_t observations = 0;  ///< how many it has sent
};

/// What another program than the probe says as /init (tests/observer); all its members are strings.
/// A campaign makes nothing of it.
struct OtherRecord {
  std::string kind;
  std::map<std::string, std::string> texts;
};

using GuestRecord = std::variant<ProbeRecord, BeginRecord, Observation, EndRecord, OtherRecord>;

/// Why a payload is no record: a sentence that is printable and short, whatever was in the payload.
struct RecordFault {
  std::string what;
};

/// No record comes near: the longest of all scenarios on all kernels has 2000 bytes.
inline constexpr std::size_t longest_record = std::size_t{1} << 20U;

/// The record in a payload. Held against its schema: kind, members and their types, how deep it is
/// and how long, that it is UTF-8, the range of numbers (results/base/json_parse.h), the shape of
/// ids, and what only this program may add to an observation.
std::variant<GuestRecord, RecordFault> guest_record(std::string_view payload);

/// Records in the order in which they came, held against each other.
class RecordOrder {
 public:
  /// What is wrong with a record after those before it; empty where nothing is. An observation of a
  /// scenario that has one, and a second word of who the probe is, are not to be taken: the first
  /// stands. The end is the end, whatever is wrong with it.
  std::string wrong_with(const GuestRecord& record);

  /// Whether the end record has come.
  bool ended() const { return ended_; }

 private:
  std::string wrong_with_end(const EndRecord& end) const;

  bool introduced_ = false;
  bool ended_ = false;
  std::uint64_t observations_ = 0;
  std::set<std::string> scenarios_;
};

/// Some of what others said, where a sentence quotes it: printable, and not longer than helps to
/// recognize it.
std::string excerpt(std::string_view text);

}  // namespace brokenpipe
