#pragma once

#include "orchestrator/summary/report_data.h"

/// A run made up for the tests of reports and of what reads them.
namespace brokenpipe {

/// A run in which everything happens that a report can tell: kernels as the reference, explained,
/// unexplained, flaky, panicked, unbootable and not on offer, and one whose version does not tell;
/// scenarios of every verdict and every standing; a waiver that holds and one that has ended.
ReportData sample_run();

/// Its reference, written from sources.
RunResult sample_reference();

/// Its changes.
Changes sample_changes();

/// Its waivers, on the day of the run.
WaiversOn sample_waivers();

}  // namespace brokenpipe
