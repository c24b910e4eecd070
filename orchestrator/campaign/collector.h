#pragma once

#include "images/kernel_store.h"
#include "orchestrator/campaign/kernel_run.h"
#include "orchestrator/guest/guest_record.h"
#include "results/run_result.h"

/// A probe's records become a result.
namespace brokenpipe {

/// Puts records into a result and tells of them. Refers to all that it is made of.
class Collector {
 public:
  Collector(RunResult& result, const GuestOrder& order, const StoredKernel& kernel,
            const KernelRunEvents& events)
      : result_(result), order_(order), kernel_(kernel), events_(events) {}

  /// Records that belong together (RecordOrder), one after the other.
  void take(GuestRecord&& record);

 private:
  void keep(ProbeRecord&& probe);
  void keep(Observation&& seen);
  void explain(Observation& seen) const;

  RunResult& result_;
  const GuestOrder& order_;
  const StoredKernel& kernel_;
  const KernelRunEvents& events_;
};

}  // namespace brokenpipe
