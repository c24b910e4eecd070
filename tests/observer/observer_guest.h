#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "images/initramfs.h"
#include "results/scenario_list.h"

/// Guests that run another program than the probe, or the probe as an ordinary one.
namespace brokenpipe::testing {

/// What a guest of the tests runs: a program other than the probe, carried into it with all that
/// it needs.
struct GuestProgram {
  std::vector<std::string> words;  ///< the program's path in the guest, and its arguments
  std::vector<CarriedFile> files;
  std::vector<FeatureModule> modules = {};  ///< of the kernel, that it wants loaded
};

struct ProgramOutcome {
  std::string status;  ///< `exited 0`, `killed by SIGSEGV`
  std::string output;  ///< what it wrote to its standard output
  std::string trace;   ///< what it left in the file `trace` of its folder
};

/// Boots a kernel of the catalogue, from the user's store, with observer_init.cpp as its /init.
/// Throws Error where the guest does not get to its end. Call supervise() first
/// (orchestrator/guest/supervisor.h).
ProgramOutcome run_in_guest(const std::string& kernel, const GuestProgram& program);

/// A probe as an ordinary program in a guest, to be asked these scenarios.
GuestProgram probe_program(const std::string& probe, const std::vector<ScenarioInfo>& scenarios);

/// The `observation` records of a probe's output, by scenario.
std::map<std::string, nlohmann::json> observations_in(const std::string& output);

/// What the probe answers on a kernel, in a guest of the same making.
std::map<std::string, nlohmann::json> ask_probe(const std::string& kernel,
                                                const std::vector<std::string>& globs);

/// A program of this machine at its own path, with the shared libraries that the dynamic loader
/// finds for it.
std::vector<CarriedFile> with_libraries(const std::string& program);

/// Ids of the catalogue's default matrix, oldest first.
std::vector<std::string> default_kernels();

}  // namespace brokenpipe::testing
