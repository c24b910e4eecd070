#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

/// How a campaign goes, for people who wait for it.
namespace brokenpipe {

/// Tells people on stderr how a campaign goes: on a terminal a live table with a row a kernel,
/// elsewhere a line for every event. Safe to use from several threads.
class Progress {
 public:
  /// `live`: repaint a table (stderr is a terminal and nothing else writes to it).
  Progress(std::FILE* out, bool live, std::vector<std::string> kernels);
  /// Leaves the last table standing.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

  /// Something worth a line: `fetched`, `booting (pvh)`, `finished in 8.1 s`.
  void event(const std::string& kernel, const std::string& what);
  /// How far the scenarios are; only a live table shows it.
  void scenarios(const std::string& kernel, size_t done, size_t of, const std::string& current);
  /// A line that belongs to no kernel of the campaign.
  void note(const std::string& line);

 private:
  struct Row {
    std::string kernel;
    std::string what = "waiting";
  };

  Row& row(const std::string& kernel);
  void paint(bool now);

  std::FILE* out_;
  bool live_;
  std::vector<Row> rows_;
  size_t width_ = 0;
  size_t painted_ = 0;
  std::chrono::steady_clock::time_point last_painted_;
  std::mutex mutex_;
};

}  // namespace brokenpipe
