#pragma once

#include <string>
#include <vector>

namespace brokenpipe {

/// The names of the modules by which a distribution's kernel meets these needs of scenarios
/// (probes/feature.h), for resolve_modules(): what a kernel has built in or lacks is left out
/// there. A need that no module meets adds nothing.
std::vector<std::string> modules_for(const std::vector<std::string>& needs);

/// Those of these modules that a guest with a kernel of this release is to load. Debian's cloud
/// kernels, which a matrix boots by the dozen, go without the few that take a guest longer to load
/// than its scenarios take to run; the plain kernels have them.
std::vector<std::string> worth_loading(std::vector<std::string> modules,
                                       const std::string& release);

}  // namespace brokenpipe
