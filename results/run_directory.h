#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/run_result.h"

/// The folder of one run: <out>/<run-id>/{run.json, <kernel-id>.json, <kernel-id>.console.txt}.
namespace brokenpipe {

/// How far a kernel of the run has come.
enum class KernelState {
  planned,      ///< not tried yet, or the run ended before it was
  done,         ///< its guest got to the end; its result is there
  failed,       ///< it could not be run to the end; what it said before is there
  not_offered,  ///< no mirror has it: no fault of anybody
};

std::string_view to_string(KernelState state);

struct PlannedKernel {
  std::string id;
  KernelState state = KernelState::planned;
  std::string reason;  ///< of `failed` and `not_offered`

  bool operator==(const PlannedKernel&) const = default;
};

/// What run.json holds (results/schema/run.json).
struct RunRecord {
  static constexpr int schema = 1;
  std::string id;                         ///< the folder's name
  std::string started;                    ///< ISO 8601, UTC: `2026-11-22T16:10:05Z`
  std::vector<std::string> command_line;  ///< as it was typed, the program's name included
  std::string qemu;                       ///< its version; empty where no guest was booted
  std::string libvirt;                    ///< as `qemu`
  std::string uname;                      ///< of the machine that ran the guests
  std::vector<PlannedKernel> kernels;
  bool finished = false;  ///< every planned kernel was tried

  bool operator==(const RunRecord&) const = default;
};

nlohmann::ordered_json to_json(const PlannedKernel& kernel);
nlohmann::ordered_json to_json(const RunRecord& run);

/// A run's folder; run.json is rewritten whole at every change, so that an interrupted run can be
/// read and taken up again. Not for two threads at once.
class RunDirectory {
 public:
  /// Makes `out`/`run.id`; where that is taken, the run's id becomes `run.id`-2, -3 and so on.
  /// Throws Error where it cannot be made, UsageError where a kernel's id cannot name a file or is
  /// there twice.
  static RunDirectory create(const std::filesystem::path& out, RunRecord run);
  /// Opens a run's folder. Throws Error where it is none.
  static RunDirectory open(const std::filesystem::path& folder);
  /// Whether there is a run.json in it.
  static bool is_one(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }
  const RunRecord& run() const { return run_; }
  std::filesystem::path result_file(const std::string& kernel_id) const;
  std::filesystem::path console_file(const std::string& kernel_id) const;

  /// Writes a kernel's result; its state becomes `done` where the guest got to the end, `failed`
  /// with the guest's ending and reason where not. `result.kernel.id` must be planned. Throws Error
  /// where it cannot be written, or what was written could not be read again; then there is none.
  void keep(const RunResult& result);
  /// A kernel for which there is no result.
  void mark(const std::string& kernel_id, KernelState state, const std::string& reason);
  /// What the guests of this run are booted with: versions, as their makers count them.
  void booted_with(const std::string& qemu, const std::string& libvirt);
  /// Every planned kernel was tried.
  void finish();
  /// For who goes on with the run: a kernel whose result is damaged, or gone though it was done, is
  /// planned again, and the damaged file is put aside as `<kernel-id>.json.damaged`. Says of each
  /// what was wrong.
  std::vector<std::string> plan_damaged_again();

  /// A kernel's result, or nothing where it has none. Throws Error with file and place where it is
  /// damaged, or another kernel's.
  std::optional<RunResult> result(const std::string& kernel_id) const;

 private:
  RunDirectory(std::filesystem::path path, RunRecord run);
  PlannedKernel& planned(const std::string& kernel_id);
  void save() const;

  std::filesystem::path path_;
  RunRecord run_;
};

}  // namespace brokenpipe
