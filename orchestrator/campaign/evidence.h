#pragma once

#include <map>
#include <string>
#include <vector>

#include "images/stored_kernel.h"
#include "results/run_result.h"
#include "results/scenario_list.h"

/// Why a kernel was not asked: what shows that it lacks a feature, or else why nobody knows.
namespace brokenpipe {

/// Whether a guest of this kernel goes without the modules that cloud kernels are spared.
bool is_cloud(const StoredKernel& kernel);

/// The features that a kernel is built without, and what of its configuration shows it:
/// `CONFIG_AX25 is not set`. None where its configuration is not here; a symbol that is set shows
/// nothing, for a module may be out of reach.
std::map<std::string, std::string> built_without(const std::vector<FeatureInfo>& features,
                                                 const StoredKernel& kernel);

/// Why the modules of a feature are not in a guest, for people; empty where they are, or are built
/// in, or nothing is known. `guest` has its modules and those that failed.
std::string why_not_loaded(const FeatureInfo& feature, const StoredKernel& kernel,
                           const GuestRun& guest);

}  // namespace brokenpipe
