#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "images/catalogue.h"
#include "results/base/run_command.h"
#include "tests/support/cli.h"

/// Runs of the built command with real guests, and what they left behind.
namespace brokenpipe::testing {

/// The project's own.
const Catalogue& catalogue();

/// The first and the last kernel of the default matrix.
const std::string& oldest();
const std::string& newest();

/// A probe of the tests: `kind` is that of its file in this folder.
std::string test_probe(const std::string& kind);

/// The folder that the command said its results lie in. Throws where it said none.
std::filesystem::path results_of(const CommandResult& run);

/// A kernel's result.
nlohmann::json result_of(const CommandResult& run, const std::string& kernel);

/// The run as results/schema/report.json has it.
nlohmann::json report_of(const Cli& cli, const CommandResult& run);

/// Every place at which a kernel's answer is not the predicted one: `tcp/reset#send#1`.
std::vector<std::string> unexplained(const nlohmann::json& report);

}  // namespace brokenpipe::testing
