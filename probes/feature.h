#pragma once

#include <string>
#include <vector>

/// What a scenario may need of the kernel that runs it. Features are asked for by using them,
/// never inferred from a version: distributions back-port, and leave out.
namespace probe {

struct Feature {
  std::string name;
  /// Why the running kernel, or our rights, do not have it; empty if they do.
  std::string (*missing)();
};

/// All that a scenario's `needs` may name.
const std::vector<Feature>& features();

/// Unsupported with the reason, unless the feature is there. Broken for a name that features()
/// does not have.
void require_feature(const std::string& name);

}  // namespace probe
