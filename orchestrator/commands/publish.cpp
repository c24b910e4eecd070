#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "orchestrator/commands/commands.h"
#include "orchestrator/commands/report_data.h"
#include "orchestrator/paths.h"
#include "orchestrator/site/site.h"

namespace brokenpipe {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::filesystem::path out;
  std::string against;
};

int publish_runs(const Options& options) {
  SiteInput input;
  input.scenarios = list_scenarios(probe_binary());
  input.reference = read_reference(options.against);
  input.changes = known_changes();
  input.assets = shipped("site");
  for (const std::string& name : options.runs) {
    RunDirectory run = open_run(name);
    const bool known =
        std::any_of(input.runs.begin(), input.runs.end(), [&](const RunDirectory& one) {
          return std::filesystem::equivalent(one.path(), run.path());
        });
    if (!known) input.runs.push_back(std::move(run));
  }
  std::stable_sort(input.runs.begin(), input.runs.end(),
                   [](const RunDirectory& one, const RunDirectory& other) {
                     return one.run().started < other.run().started;
                   });
  publish(input, options.out);
  fmt::print("{}\n", (options.out / "index.html").string());
  return exit_done;
}

}  // namespace

void add_publish_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("publish", "Write runs as a site of plain files");
  const auto options = std::make_shared<Options>();
  command->add_option("RUN", options->runs, "Runs' folders or ids")->required();
  command->add_option("--out", options->out, "The site's folder; an older site there is replaced")
      ->required();
  command->add_option("--against", options->against,
                      "A reference of your own instead of Linux 3.16");
  command->callback([&chosen, options] { chosen = [options] { return publish_runs(*options); }; });
}

}  // namespace brokenpipe
