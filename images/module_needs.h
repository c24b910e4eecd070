#pragma once

#include <string>
#include <vector>

namespace brokenpipe {

/// The names of the modules by which a distribution's kernel meets these needs of scenarios
/// (probes/feature.h), for resolve_modules(): what a kernel has built in or lacks is left out
/// there. A need that no module meets adds nothing.
std::vector<std::string> modules_for(const std::vector<std::string>& needs);

}  // namespace brokenpipe
