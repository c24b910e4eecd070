#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/reports/tables.h"
#include "results/base/file.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"

/// `brokenpipe tables`: writes the generated tables of the documentation.
namespace brokenpipe {
namespace {

Action set_up(CLI::App& command) {
  const auto folder = std::make_shared<std::filesystem::path>();
  command.add_option("FOLDER", *folder, "Where semantics.md and coverage.md go")->required();
  return [folder] {
    const ScenarioList list = list_scenarios(probe_binary());
    const Sites sites = read_sites(shipped("reference/sites.json"));
    std::filesystem::create_directories(*folder);
    write_file(*folder / "semantics.md",
               semantics_table(list, read_reference({}), known_changes()));
    write_file(*folder / "coverage.md", coverage_table(list, sites));
    for (const std::string& complaint : coverage_complaints(list, sites))
      safe_print(stderr, "{}\n", complaint);
    return exit_done;
  };
}

const RegisterCommand tables_command{
    {"tables", "Write what is asked, answered and covered as tables for people (Markdown)",
     Purpose::tell, set_up}};

}  // namespace
}  // namespace brokenpipe
