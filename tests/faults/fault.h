#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// What can befall a run, and how it must end then. Plain data: tests/faults/faults_test.cpp makes
/// each of them happen, and tests/faults/faults.md tells of them.
namespace brokenpipe::testing {

/// What a run has come to.
struct Outcome {
  int exit_code = -1;  ///< 128 and the signal's number where a signal ended it
  std::string out;
  std::string err;
  /// How the guest ended (guest.ending of its result); `none` where no result of it was kept.
  std::string word = "none";
  int observations = 0;  ///< in the guest's result
  bool log = false;      ///< the guest's console was kept
  /// How the other kernel of the same run, which comes to no harm, ended.
  std::string beside = "none";
  long megabytes = 0;  ///< the orchestrator's memory at its peak
  /// What was found wrong besides.
  std::vector<std::string> complaints;
};

/// An outcome in a file, from one program of the tests to the other.
void write_outcome(const std::filesystem::path& file, const Outcome& outcome);
Outcome read_outcome(const std::filesystem::path& file);

/// How a fault must end.
struct Expected {
  std::string word;
  int exit_code = 3;
  int observations = 0;
  bool log = true;
  /// All that must be read on stdout or stderr.
  std::vector<std::string> says = {};
  long megabytes = 150;  ///< at most
  /// What is kept where it is no guest's result; for the table.
  std::string kept = {};
};

class Bench;
struct Fault;
using Procedure = Outcome (*)(const Bench&, const Fault&);

/// Boots the hostile guest in `fault.mode` beside a kernel that comes to no harm.
Outcome run_hostile_guest(const Bench& bench, const Fault& fault);

struct Fault {
  std::string name;  ///< of the test
  std::string what;  ///< is done, for the table
  Expected expected;
  std::string mode = {};                    ///< of tests/faults/hostile_probe.cpp
  std::vector<std::string> arguments = {};  ///< of `run`, besides
  Procedure happen = run_hostile_guest;
};

/// What a guest says and does.
std::vector<Fault> guest_faults();
/// What becomes of our processes, and of the machine below them.
std::vector<Fault> process_faults();
/// What was in our files before.
std::vector<Fault> file_faults();

/// Makes it happen on a bench of its own; files and processes that it leaves are complaints.
Outcome happen(const Fault& fault);

/// All of them, in the table's order.
std::vector<Fault> all_faults();

/// What is not as it must be, a sentence each.
std::vector<std::string> complaints(const Fault& fault, const Outcome& outcome);

/// tests/faults/faults.md.
std::string fault_table(const std::vector<Fault>& faults);

}  // namespace brokenpipe::testing
