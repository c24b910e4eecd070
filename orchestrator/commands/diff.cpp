#include "results/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <variant>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "orchestrator/reports/report.h"
#include "results/base/error.h"
#include "results/base/terminal.h"

/// `brokenpipe diff`: results, runs and kernels of runs, held against the reference or each other.
namespace brokenpipe {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string a;
  std::string b;
  std::string c;
  std::string format = "text";
  std::string against;
  bool strict = false;
};

// What stands on one side of a comparison: one kernel's result, or a run of several.
using Side = std::variant<RunResult, RunDirectory>;

RunResult result_of(const RunDirectory& run, const std::string& name, const std::string& kernel) {
  if (auto result = run.result(kernel)) return *std::move(result);
  std::vector<std::string> ids;
  for (const PlannedKernel& planned : run.run().kernels) ids.push_back(planned.id);
  throw UsageError(fmt::format("the run {} has no result of {}; it was of: {}", name, kernel,
                               fmt::join(ids, ", ")));
}

// A result file, RUN:KERNEL for a kernel of a run, or a run.
Side side_named(const std::string& name) {
  if (fs::is_regular_file(name)) return read_run_result(name);
  const size_t colon = name.rfind(':');
  if (colon == std::string::npos || fs::is_directory(name)) return open_run(name);
  const std::string run = name.substr(0, colon);
  return result_of(open_run(run), run, name.substr(colon + 1));
}

bool is_matrix(const RunDirectory& run) {
  return run.run().kernels.size() != 1;
}

// A run of one kernel is as good as that kernel's result.
Side narrowed(Side side, const std::string& name) {
  const auto* run = std::get_if<RunDirectory>(&side);
  if (run == nullptr || is_matrix(*run)) return side;
  return result_of(*run, name, run->run().kernels.front().id);
}

// `diff RUN KERNEL` asks for less than two kernels and for more than a run.
void refuse_kernel_for_run(const std::string& name_of_a, const std::string& name_of_b) {
  const std::optional<RunDirectory> run = find_run(name_of_a);
  if (!run || fs::exists(name_of_b) || find_run(name_of_b) || !run->result(name_of_b)) return;
  throw UsageError(fmt::format(
      "{0} is a kernel of that run, and no run: `brokenpipe diff {1}:{0}` holds it against the "
      "reference, `brokenpipe diff {1} {0} OTHER` holds another kernel of the run against it",
      name_of_b, name_of_a));
}

ReportData both_sides(const std::string& name_of_a, const std::string& name_of_b) {
  const Changes changes = known_changes();
  const WaiversOn waivers = known_waivers();
  Side a = side_named(name_of_a);
  Side b = side_named(name_of_b);
  const auto* run_a = std::get_if<RunDirectory>(&a);
  const auto* run_b = std::get_if<RunDirectory>(&b);
  // Kernel by kernel, even where one of the two runs happens to be of one.
  if (run_a != nullptr && run_b != nullptr && (is_matrix(*run_a) || is_matrix(*run_b)))
    return compare(*run_a, *run_b, changes, waivers);
  a = narrowed(std::move(a), name_of_a);
  b = narrowed(std::move(b), name_of_b);
  if (const auto* result = std::get_if<RunResult>(&a)) {
    return std::visit([&](const auto& other) { return compare(*result, other, changes, waivers); },
                      b);
  }
  const auto& result = std::get<RunResult>(b);
  return compare(result_of(std::get<RunDirectory>(a), name_of_a, result.kernel.id), result, changes,
                 waivers);
}

ReportData compared(const Options& options) {
  if (!options.c.empty())
    return both_sides(options.a + ":" + options.b, options.a + ":" + options.c);
  if (!options.b.empty()) {
    refuse_kernel_for_run(options.a, options.b);
    return both_sides(options.a, options.b);
  }
  const RunResult reference = read_reference(options.against);
  const Changes changes = known_changes();
  const WaiversOn waivers = known_waivers();
  return std::visit(
      [&](const auto& side) { return report_data(side, reference, changes, waivers); },
      side_named(options.a));
}

int print_diff(const Options& options) {
  ReportData data = compared(options);
  data.strict = options.strict;
  fmt::print("{}", report_named(options.format).render(data, {.colour = wants_color(stdout)}));
  return static_cast<int>(exit_code(data));
}

Action set_up(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command
      .add_option("A", options->a,
                  "A result file, a run, or RUN:KERNEL. Alone: against the reference")
      ->required();
  CLI::Option* b = command.add_option(
      "B", options->b,
      "Held against A, two runs kernel by kernel: what is the same, has changed, appeared (only B "
      "has "
      "what it needs) or disappeared (only A has). With C: a kernel of the run A");
  command.add_option("C", options->c, "A kernel of the run A, held against its kernel B");
  command.add_option("--format", options->format, "As of `report`")->capture_default_str();
  command
      .add_option("--against", options->against, "A reference of your own instead of Linux 3.16")
      ->excludes(b);
  add_strict(command, options->strict);
  command.footer(comparing_exit_codes);
  return [options] { return print_diff(*options); };
}

const RegisterCommand diff_command{
    {"diff", "Compare a result with the reference, or two results or runs with each other",
     Purpose::tell, set_up}};

}  // namespace
}  // namespace brokenpipe
