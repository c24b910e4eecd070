#pragma once

#include <functional>
#include <string>

#include "orchestrator/summary/report_data.h"
#include "results/run_result.h"

/// The picture of the states of TCP: what the next write gets in each.
namespace brokenpipe {

/// Where the page of a scenario is, seen from the page on which the picture stands; empty for a
/// picture without links.
using ScenarioHref = std::function<std::string(const std::string& scenario)>;

/// The TCP state diagram (RFC 9293, figure 5) as SVG: in each state what the next write gets, as
/// the connection stands and after a RST. Of the reference alone, or, with `kernel`, of a kernel
/// with what the reference answers wherever the two differ, or what was predicted wherever that is
/// another answer than the kernel's. Every other value is an observation of a scenario, which the
/// value links to; where there is none the picture says so.
///
/// One element `svg` without an XML declaration, to stand in a page or in a file by itself. It
/// follows the reader's choice of light or dark, and a page's own by `data-theme` on the root.
/// `kernel` needs a result and a diff against `reference`.
std::string state_diagram(const RunResult& reference, const KernelReport* kernel,
                          const ScenarioHref& href);

}  // namespace brokenpipe
