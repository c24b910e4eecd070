#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/faults/fault.h"
#include "tests/faults/process.h"

/// Where a fault happens: folders of its own, and the command that works in them.
namespace brokenpipe::testing {

/// The kernel that every fault is tried on.
inline constexpr const char* faulty_kernel = "debian-6.1";

class Bench {
 public:
  Bench();
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  Bench(Bench&&) = delete;
  Bench& operator=(Bench&&) = delete;

  std::filesystem::path folder() const { return folder_; }
  std::filesystem::path tmp() const { return folder_ / "tmp"; }
  std::filesystem::path out() const { return folder_ / "out"; }
  std::filesystem::path cache() const { return folder_ / "cache"; }

  /// From now on the user's cache is one of the test's own, with that one kernel in its store.
  void use_own_cache() const;
  /// All of it is another user's from now on, who can run the command.
  void give_to(unsigned user) const;
  /// A variable more for what is started from now on: `HOME=/nowhere`.
  void set(const std::string& variable) const { environment_.push_back(variable); }

  /// The words of `run` with the hostile guest in a mode and the harmless kernel beside it.
  std::vector<std::string> run_words(const std::string& mode,
                                     const std::vector<std::string>& more = {}) const;
  /// Starts the command in this bench, below a program that runs it in the end, if one is given
  /// (`setpriv --reuid 1`).
  std::unique_ptr<Process> start(const std::vector<std::string>& words,
                                 const std::vector<std::string>& below = {}) const;
  /// The same to its end, and what has come of it.
  Outcome finish(Process& process) const;
  Outcome run(const std::vector<std::string>& words) const { return finish(*start(words)); }
  /// So many at once, to their ends: what came of the last, with a complaint for each that failed.
  Outcome run_at_once(std::size_t count, const std::vector<std::string>& words) const;

  /// The folder of the last run; empty where there is none.
  std::filesystem::path last_run() const;
  /// The virtual machine, or -1: waits for one.
  pid_t guest() const;
  /// Files and processes that are still there though nothing runs any more, a line each.
  std::vector<std::string> left_behind() const;

 private:
  bool is_ours(const ProcessWords& process) const;
  std::vector<ProcessWords> our_own() const;

  std::filesystem::path folder_;
  std::filesystem::path runtime_;  ///< sockets want a short path
  mutable std::vector<std::string> environment_;
};

/// Of a command: the process that the user sees, the one that looks after its guests, and the one
/// that works.
std::vector<pid_t> our_processes(const Process& process);

/// A JSON file that a run has left.
nlohmann::json json_of(const std::filesystem::path& file);

}  // namespace brokenpipe::testing
