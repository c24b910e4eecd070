#include <nlohmann/json.hpp>

#include "results/base/file.h"
#include "tests/faults/bench.h"

/// Faults that happen, and what has come of them, kept in files.
namespace brokenpipe::testing {

using nlohmann::json;

Outcome happen(const Fault& fault) {
  const Bench bench;
  Outcome outcome;
  try {
    outcome = fault.happen(bench, fault);
  } catch (const std::exception& error) {
    outcome.complaints.push_back(std::string("the test itself failed: ") + error.what());
  }
  for (const std::string& left : bench.left_behind())
    outcome.complaints.push_back("left behind: " + left);
  return outcome;
}

void write_outcome(const std::filesystem::path& file, const Outcome& outcome) {
  const json members{{"exit_code", outcome.exit_code},
                     {"out", outcome.out},
                     {"err", outcome.err},
                     {"word", outcome.word},
                     {"observations", outcome.observations},
                     {"log", outcome.log},
                     {"beside", outcome.beside},
                     {"megabytes", outcome.megabytes},
                     {"complaints", outcome.complaints}};
  // What a guest made the command say need not be UTF-8.
  write_file(file, members.dump(1, ' ', false, json::error_handler_t::replace));
}

Outcome read_outcome(const std::filesystem::path& file) {
  const json members = json::parse(read_file(file));
  Outcome outcome;
  members.at("exit_code").get_to(outcome.exit_code);
  members.at("out").get_to(outcome.out);
  members.at("err").get_to(outcome.err);
  members.at("word").get_to(outcome.word);
  members.at("observations").get_to(outcome.observations);
  members.at("log").get_to(outcome.log);
  members.at("beside").get_to(outcome.beside);
  members.at("megabytes").get_to(outcome.megabytes);
  members.at("complaints").get_to(outcome.complaints);
  return outcome;
}

}  // namespace brokenpipe::testing
