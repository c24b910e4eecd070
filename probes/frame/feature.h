#pragma once

#include <string>
#include <vector>

/// What a scenario may need of the kernel that runs it. Features are asked for by using them, never
/// inferred from a version: distributions back-port, and leave out. A feature is one entry below
/// probes/features/, beside the function that asks for it; no list elsewhere names it, and the host
/// learns of it by `--list`.
namespace probe {

/// Which guests are to load a module: `plain` leaves out those of Debian's cloud kernels, which a
/// matrix boots by the dozen, where it takes longer to load than its scenarios take to run.
enum class Guests { all, plain };

struct Module {
  std::string name;
  Guests loaded_in = Guests::all;
};

/// Why the running kernel, or our rights, do not have a feature; no words if they do.
struct Missing {
  std::string why = {};
  /// The errno that means just that the kernel lacks it; empty where a module or a right may be
  /// what is missing, for then nobody has asked the kernel.
  std::string proof = {};
};

struct Feature {
  std::string name;
  Missing (*missing)();
  /// By which a distribution's kernel has it where it is not built in. Only what a kernel would
  /// otherwise fetch by modprobe(8), which a guest does not have: what a module depends on comes
  /// with it.
  std::vector<Module> modules = {};
  /// Symbols of the kernel's configuration, without CONFIG_, that must all be set; `A|B`: one of
  /// them, for a symbol that was renamed. Empty where no symbol decides.
  std::vector<std::string> kconfig = {};
};

/// All that a scenario's `needs` may name, sorted by name.
const std::vector<Feature>& features();

/// Put at namespace scope below the function that asks.
struct RegisterFeature {
  explicit RegisterFeature(Feature feature);
};

/// Unsupported with the reason, unless the feature is there. Broken for a name that features()
/// does not have.
void require_feature(const std::string& name);

}  // namespace probe
