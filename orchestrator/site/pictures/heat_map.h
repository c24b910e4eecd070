#pragma once

#include <string>

#include "orchestrator/site/pictures/state_diagram.h"
#include "orchestrator/summary/report_data.h"
#include "results/run_result.h"

/// The picture of the ways to write: what each gets in every state.
namespace brokenpipe {

/// Every way to write to a socket (rows) in every state in which a write may fail (columns), from
/// the scenarios entry/STATE/ENTRY: what the first call gets. Of the reference alone, or of
/// `kernel` with its departures from the reference and from what was predicted marked; `kernel`
/// needs a result and a diff.
///
/// An HTML element `table` of class `heat-map`: a table is read aloud and copied as one. A cell's
/// class is the kind of its answer (`epipe-signal`, answer.h); its `data-departure` the name of its
/// mark, where it has one (`explained`, `unexplained`, `new`, `not-asked`...).
std::string heat_map(const RunResult& reference, const KernelReport* kernel,
                     const ScenarioHref& href);

/// CSS rules for the table; they name nothing else.
std::string heat_map_css();

}  // namespace brokenpipe
