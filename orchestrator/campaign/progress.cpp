#include "orchestrator/campaign/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "results/base/safe_format.h"

namespace brokenpipe {

Progress::Progress(std::FILE* out, bool live, std::vector<std::string> kernels)
    : out_(out), live_(live) {
  for (std::string& kernel : kernels) {
    width_ = std::max(width_, terminal_text(kernel).size());
    rows_.push_back({std::move(kernel)});
  }
}

Progress::~Progress() {
  if (live_) paint(true);
}

void Progress::event(const std::string& kernel, const std::string& what) {
  const std::lock_guard lock(mutex_);
  row(kernel).what = what;
  if (live_) {
    paint(true);
  } else {
    safe_print(out_, "{:<{}}  {}\n", kernel, width_, what);
    std::fflush(out_);
  }
}

void Progress::scenarios(const std::string& kernel, size_t done, size_t of,
                         const std::string& current) {
  const std::lock_guard lock(mutex_);
  row(kernel).what = fmt::format("{:>4}/{} {}", done, of, current);
  if (live_) paint(false);
}

void Progress::note(const std::string& line) {
  const std::lock_guard lock(mutex_);
  // Above the table, which moves down a line.
  if (painted_ > 0) fmt::print(out_, "\033[{}A\033[J", painted_);
  painted_ = 0;
  safe_print(out_, "{}\n", line);
  if (live_) paint(true);
  std::fflush(out_);
}

Progress::Row& Progress::row(const std::string& kernel) {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Row& candidate) { return candidate.kernel == kernel; });
  if (found != rows_.end()) return *found;
  width_ = std::max(width_, terminal_text(kernel).size());
  return rows_.emplace_back(Row{kernel});
}

void Progress::paint(bool now) {
  constexpr std::chrono::milliseconds at_most_every{100};
  const auto time = std::chrono::steady_clock::now();
  if (!now && time - last_painted_ < at_most_every) return;
  last_painted_ = time;
  std::string text;
  if (painted_ > 0) text = fmt::format("\033[{}A", painted_);
  // A row that wrapped would count as two when the table is painted over.
  constexpr size_t columns = 79;
  for (const Row& each : rows_) {
    const std::string line = safe_format("{:<{}}  {}", each.kernel, width_, each.what);
    text += fmt::format("{}\033[K\n", fitting(line, columns));
  }
  painted_ = rows_.size();
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

}  // namespace brokenpipe
