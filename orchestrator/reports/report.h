#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/summary/report_data.h"

/// The formats that tell what a run has shown. A format is one file in this folder, named as it is,
/// with a function and, below it, a `const Registered`; nothing else lists them.
namespace brokenpipe {

struct ReportOptions {
  bool colour = false;  ///< for a terminal; heeded by `text` alone
};

struct Report {
  std::string_view name;         ///< as in --format
  std::string_view description;  ///< for --help: half a sentence
  std::string (*render)(const ReportData& data, const ReportOptions& options);
};

/// Adds a format; a namespace-scope object of each format's file.
class Registered {
 public:
  explicit Registered(const Report& report);
};

/// All formats, sorted by name.
std::vector<Report> reports();

/// The format of that name; throws UsageError, with the names there are, where there is none.
Report report_named(std::string_view name);

}  // namespace brokenpipe
