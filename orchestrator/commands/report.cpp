#include "orchestrator/reports/report.h"

#include <fmt/format.h>

#include <memory>

#include "orchestrator/commands/command.h"
#include "orchestrator/commands/inputs.h"
#include "results/base/file.h"
#include "results/base/terminal.h"

/// `brokenpipe report`: tells a run in any of the formats.
namespace brokenpipe {
namespace {

struct Options {
  std::string run;
  std::string format = "text";
  std::string output;
  std::string against;
  bool strict = false;
};

int write_report(const Options& options) {
  const Report format = report_named(options.format);
  ReportData data = report_data(open_run(options.run), read_reference(options.against),
                                known_changes(), known_waivers());
  data.strict = options.strict;
  const bool to_stdout = options.output.empty();
  const std::string text = format.render(data, {.colour = to_stdout && wants_color(stdout)});
  if (to_stdout) {
    fmt::print("{}", text);
  } else {
    write_file(options.output, text);
  }
  return static_cast<int>(exit_code(data));
}

Action set_up(CLI::App& command) {
  std::string formats;
  for (const Report& report : reports()) {
    formats += fmt::format("\n{:<9} {}", report.name, report.description);
  }
  const auto options = std::make_shared<Options>();
  command.add_option("RUN", options->run, "A run's folder or id")->required();
  command.add_option("--format", options->format, "One of:" + formats)->capture_default_str();
  command.add_option("-o,--output", options->output, "A file instead of standard output");
  command.add_option("--against", options->against,
                     "A reference of your own instead of Linux 3.16");
  add_strict(command, options->strict);
  command.footer(comparing_exit_codes);
  return [options] { return write_report(*options); };
}

const RegisterCommand report_command{
    {"report", "A run's results in another format", Purpose::tell, set_up}};

}  // namespace
}  // namespace brokenpipe
