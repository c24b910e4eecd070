#pragma once

#include <compare>
#include <string>
#include <vector>

#include "orchestrator/summary/report_data.h"

/// What a night has shown, and how it is told: only what the last night did not have.
namespace brokenpipe {

/// An answer that is not the predicted one.
struct Unexplained {
  std::string kernel;
  std::string scenario;
  std::string place;     ///< a step's id, or `ending`
  std::string expected;  ///< what was predicted
  std::string got;

  auto operator<=>(const Unexplained&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// An answer that a kernel did not give in its last night that was told, be it the predicted one.
struct ChangedAnswer {
  std::string kernel;
  std::string scenario;
  std::string place;
  std::string before;
  std::string now;
  std::vector<std::string> changes;  ///< ids of those that explain it
};

/// What became of one kernel this night.
struct KernelNight {
  enum class Came {
    ran,
    as_before,          ///< same kernel, same probe: the last night's answers stand
    last_night_stands,  ///< the mirror does not offer it any more, nor has the store it
    never,              ///< nobody offers it, and there is no night of it
    could_not,          ///< failed, inconclusive or not tried
  };
  std::string id;
  Came came = Came::could_not;
  std::string package;   ///< the kernel's, as in its result
  std::string was;       ///< its last night's package, where that was another
  bool on_offer = true;  ///< by the mirror, now
  std::string why;       ///< of `could_not` and `never`
};

struct NightReport {
  ReportData data;
  std::vector<KernelNight> kernels;
  std::vector<Unexplained> appeared;  ///< sorted, as the next two
  std::vector<Unexplained> fixed;     ///< unexplained until the last night, and no more
  std::vector<Unexplained> standing;  ///< unexplained since before this night
  std::vector<ChangedAnswer> changed;
  bool published = false;
  bool interrupted = false;  ///< then nothing was compared or published
};

/// `incomplete` where a kernel could not be judged, or something was not asked and is not waived;
/// `differs` where there is a new unexplained difference, one is fixed, or any answer has changed.
ExitCode exit_code(const NightReport& night);

/// The night in one line.
std::string summary_line(const NightReport& night);

/// The night for a job's page: what is new, then the whole run as by the report `markdown`.
std::string summary_markdown(const NightReport& night);

}  // namespace brokenpipe
