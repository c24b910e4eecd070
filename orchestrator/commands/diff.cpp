#include "results/diff.h"

#include <fmt/format.h>

#include <memory>

#include "orchestrator/commands/commands.h"
#include "orchestrator/commands/report_data.h"
#include "orchestrator/progress.h"
#include "results/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string a;
  std::string b;
  std::string format = "text";
  std::string against;
};

// A result file, or RUN:KERNEL for a kernel of a run, or a run with a single kernel.
RunResult result_named(const std::string& name) {
  if (fs::is_regular_file(name)) return read_run_result(name);
  const size_t colon = name.rfind(':');
  const RunDirectory run = open_run(name.substr(0, colon));
  if (colon == std::string::npos && run.run().kernels.size() != 1) {
    throw UsageError(fmt::format("{} holds {} kernels: say which one, as in {}:{}", name,
                                 run.run().kernels.size(), name, run.run().kernels.front().id));
  }
  const std::string kernel =
      colon == std::string::npos ? run.run().kernels.front().id : name.substr(colon + 1);
  if (auto result = run.result(kernel)) return *std::move(result);
  throw UsageError(fmt::format("the run {} has no result of {}", name.substr(0, colon), kernel));
}

ReportData compared(const Options& options) {
  const RunResult reference = read_reference(options.against);
  if (!options.b.empty()) {
    return report_data(result_named(options.b), result_named(options.a), known_changes());
  }
  if (fs::is_regular_file(options.a) || options.a.find(':') != std::string::npos) {
    return report_data(result_named(options.a), reference, known_changes());
  }
  return report_data(open_run(options.a), reference, known_changes());
}

int print_diff(const Options& options) {
  const ReportData data = compared(options);
  fmt::print("{}", report_named(options.format).render(data, {.colour = wants_color(stdout)}));
  return static_cast<int>(exit_code(data));
}

}  // namespace

void add_diff_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "diff", "Compare a result with the reference, or two results with each other");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("A", options->a,
                   "A result file, a run, or RUN:KERNEL. Alone: against the reference")
      ->required();
  command->add_option("B", options->b, "Held against A");
  command->add_option("--format", options->format, "As of `report`")->capture_default_str();
  command->add_option("--against", options->against,
                      "A reference of your own instead of Linux 3.16");
  command->callback([&chosen, options] { chosen = [options] { return print_diff(*options); }; });
}

}  // namespace brokenpipe
