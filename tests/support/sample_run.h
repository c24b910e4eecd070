#pragma once

#include "orchestrator/summary/report_data.h"

/// A run made up for the tests of reports and of what reads them.
namespace brokenpipe {

/// A run in which everything happens that a report can tell: kernels as the reference, explained,
/// unexplained, flaky, panicked, unbootable and not on offer; scenarios of every verdict; a change
/// that explains nothing.
ReportData sample_run();

/// Its reference, written from sources.
RunResult sample_reference();

/// Its changes.
Changes sample_changes();

}  // namespace brokenpipe
