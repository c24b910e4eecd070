#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/site/site.h"
#include "orchestrator/summary/prediction_text.h"
#include "orchestrator/summary/report_data.h"

/// What all pages are made from.
namespace brokenpipe {

/// A kernel, by its result in the matrix.
struct SiteKernel {
  KernelReport report;            ///< its newest result, held against the reference; both are there
  bool archived = false;          ///< the result is in no run: its kernel is on no mirror any more
  std::string run;                ///< the run that has it; empty where archived
  std::string started;            ///< that run's beginning
  std::filesystem::path console;  ///< its guest's log; may be absent
  PlannedKernel latest;           ///< how the kernel fared in the newest run that planned it

  const std::string& id() const { return report.plan.id; }
  const RunResult& result() const { return *report.result; }
  const Diff& diff() const { return *report.diff; }
  const ScenarioVerdict* verdict(const std::string& scenario) const;
};

struct SiteModel {
  std::vector<ScenarioInfo> scenarios;  ///< sorted; also those that only results know
  std::map<std::string, Story> stories;
  RunResult reference;
  Changes changes;
  WaiversOn waivers;
  std::vector<SiteKernel> kernels;    ///< by version
  std::vector<PlannedKernel> absent;  ///< kernels of which no run has a result

  /// A kernel of the matrix, or a change, by its id; null where it is not there.
  const SiteKernel* kernel(const std::string& id) const;
  const Change* change(const std::string& id) const;
  const Waiver* waiver(const std::string& id) const;
};

/// The point release for people: `6.12.117`; the release where it has no number in front.
std::string version_text(const KernelIdentity& kernel);

/// `6.12`; nothing where it has no number in front.
std::string series_text(const KernelIdentity& kernel);

/// `tcp` of `tcp/late-accept`.
std::string family_of(const std::string& scenario);

/// Where the page of a scenario or a kernel lies below the site's folder. Whatever the id, it is
/// a path below that folder, and no two ids have one.
std::string scenario_page(const std::string& scenario);
std::string kernel_page(const std::string& kernel);
std::string pictures_page(const std::string& kernel);
std::string badge_file(const std::string& kernel);
/// The page that compares two kernels of the matrix.
std::string pair_page(const std::string& kernel, const std::string& other);

/// The way from a page back to the site's folder: empty, `../`, `../../`.
std::string root_of(const std::string& page);

/// Of the runs, which result of each kernel stands in the matrix: the newest of those that were
/// asked for every scenario; only where there is none, the newest at all. Archived results stand
/// beside them; one of a kernel that a run has is left out.
class NewestResults {
 public:
  void add(const RunDirectory& run, const std::vector<RunResult>& results);
  /// By version. Throws UsageError where there is none.
  SiteModel model(const SiteInput& input) &&;

 private:
  std::vector<SiteKernel> kernels_;
  std::vector<PlannedKernel> planned_;
};

}  // namespace brokenpipe
