#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/site/site.h"
#include "results/base/paths.h"
#include "results/base/safe_format.h"

/// `brokenpipe publish`: writes the site.
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
  input.waivers = known_waivers();
  input.archive = read_archive(shipped("archive"));
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
  safe_print(stdout, "{}\n", (options.out / "index.html").string());
  return exit_done;
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("RUN", options->runs, "Runs' folders or ids")->required();
  command.add_option("--out", options->out, "The site's folder; an older site there is replaced")
      ->required();
  command.add_option("--against", options->against,
                     "A reference of your own instead of Linux 3.16");
  return [options] { return publish_runs(*options); };
}

const RegisterCommand publish_command{
    {"publish", "Write runs as a site of plain files", Purpose::tell, set_up}};

}  // namespace
}  // namespace brokenpipe
