#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "orchestrator/commands/commands.h"
#include "orchestrator/commands/report_data.h"
#include "orchestrator/paths.h"
#include "orchestrator/tables.h"
#include "results/file.h"

namespace brokenpipe {

void add_tables_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "tables", "Write what is asked, answered and covered as tables for people (Markdown)");
  const auto folder = std::make_shared<std::filesystem::path>();
  command->add_option("FOLDER", *folder, "Where semantics.md and coverage.md go")->required();
  command->callback([&chosen, folder] {
    chosen = [folder] {
      const ScenarioList list = list_scenarios(probe_binary());
      const Sites sites = read_sites(shipped("reference/sites.json"));
      std::filesystem::create_directories(*folder);
      write_file(*folder / "semantics.md",
                 semantics_table(list, read_reference({}), known_changes()));
      write_file(*folder / "coverage.md", coverage_table(list, sites));
      for (const std::string& complaint : coverage_complaints(list, sites))
        fmt::print(stderr, "{}\n", complaint);
      return exit_done;
    };
  });
}

}  // namespace brokenpipe
