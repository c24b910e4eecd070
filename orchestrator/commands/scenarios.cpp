#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "orchestrator/commands/command.h"
#include "results/base/json_file.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"
#include "results/scenario_list.h"

/// `brokenpipe scenarios`: lists what is asked.
namespace brokenpipe {
namespace {

struct Options {
  std::vector<std::string> globs;
  bool json = false;
};

void print_json(const std::vector<ScenarioInfo>& scenarios) {
  auto list = nlohmann::ordered_json::array();
  for (const ScenarioInfo& scenario : scenarios) {
    list.push_back({{"id", scenario.id},
                    {"asks", scenario.asks},
                    {"grounds", scenario.grounds},
                    {"needs", scenario.needs}});
  }
  fmt::print("{}", json_text(list));
}

void print_text(const std::vector<ScenarioInfo>& scenarios) {
  for (const ScenarioInfo& scenario : scenarios) {
    safe_print(stdout, "{}\n    {}\n    {}\n", scenario.id, scenario.asks,
               fmt::format("{}", fmt::join(scenario.grounds, ", ")));
    if (!scenario.needs.empty())
      safe_print(stdout, "    needs {}\n", fmt::format("{}", fmt::join(scenario.needs, ", ")));
  }
  fmt::print("{} scenarios\n", scenarios.size());
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("GLOB", options->globs, "Only the scenarios whose id matches, e.g. 'tcp/*'");
  command.add_flag("--json", options->json, "For programs");
  return [options] {
    const auto selected = select_scenarios(list_scenarios(probe_binary()), options->globs);
    if (options->json) {
      print_json(selected);
    } else {
      print_text(selected);
    }
    return exit_done;
  };
}

const RegisterCommand scenarios_command{
    {"scenarios", "What the probe asks a kernel, and the source sites of 3.16 that answer",
     Purpose::look, set_up}};

}  // namespace
}  // namespace brokenpipe
