#include "probes/frame/kernel_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "probes/base/must.h"

namespace probe {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The function in `... func+0x12/0x34 ...`, without what a compiler appends (`.isra.0`).
std::string function_in(std::string_view text) {
  const size_t plus = text.find("+0x");
  if (plus == std::string_view::npos) return {};
  size_t begin = plus;
  while (begin > 0 && (is_word(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  const std::string_view name = text.substr(begin, plus - begin);
  return std::string(name.substr(0, name.find('.')));
}

// `net/socket.c` of `/build/linux/net/socket.c:890!`: whatever folder it was built in.
std::string file_in(std::string_view text) {
  static constexpr std::array<std::string_view, 12> top_folders{
      "arch/", "block/", "crypto/", "drivers/", "fs/", "include/",
      "init/", "ipc/",   "kernel/", "lib/",     "mm/", "net/"};
  const size_t colon =
      text.find(".c:") == std::string_view::npos ? text.find(".h:") : text.find(".c:");
  if (colon == std::string_view::npos) return {};
  size_t begin = colon;
  while (begin > 0 && text[begin - 1] != ' ') --begin;
  const std::string_view path = text.substr(begin, colon + 2 - begin);
  if (path.front() != '/' && path.front() != '.') return std::string(path);
  size_t first = path.size();
  for (const std::string_view folder : top_folders) {
    const size_t at = path.find("/" + std::string(folder));
    if (at != std::string_view::npos) first = std::min(first, at + 1);
  }
  return std::string(first == path.size() ? path : path.substr(first));
}

std::string in(std::string kind, const std::string& place) {
  return place.empty() ? kind : std::move(kind) + " in " + place;
}

// `BUG: scheduling while atomic` of `BUG: scheduling while atomic: init/12/0x2`: kind and finding,
// before anything that varies: a number, an address, a process.
std::string constant_words(std::string_view text) {
  const size_t kind = text.find(": ");
  if (kind != std::string_view::npos) text = text.substr(0, text.find(": ", kind + 2));
  text = text.substr(0, text.find(" in process "));
  text = text.substr(0, text.find_first_of("0123456789<([,'#"));
  while (!text.empty() && has(" :-=.!]", text.substr(text.size() - 1))) text.remove_suffix(1);
  return std::string(text);
}

// What stands in a call trace above the function that did it.
bool is_of_the_warning(std::string_view function) {
  static constexpr std::array<std::string_view, 12> names{
      "dump_stack",    "show_stack", "report_bug",    "handle_bug", "fixup_bug", "do_trap",
      "do_error_trap", "invalid_op", "do_invalid_op", "exc_",       "asm_exc_",  "error_entry"};
  while (function.starts_with("_")) function.remove_prefix(1);
  return function.starts_with("refcount_") || function.starts_with("warn") ||
         std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return function.starts_with(name); });
}

/// Reads the log line by line, for some reports take several.
class Reports {
 public:
  void read(std::string_view text);
  std::vector<std::string> all();

 private:
  void begin(std::string_view text);
  void of_process_that_dies(std::string_view header);
  void end(const std::string& place);

  std::vector<std::string> all_;

  // The report whose place a later line names, if there is one.
  enum class PlacedBy { nothing, rip, call_trace };
  PlacedBy awaited_ = PlacedBy::nothing;
  std::string kind_;
  bool in_call_trace_ = false;
};

void Reports::read(std::string_view text) {
  const size_t indented = text.find_first_not_of(' ');
  if (indented == std::string_view::npos) return;
  text.remove_prefix(indented);
  if (awaited_ == PlacedBy::nothing) return begin(text);
  if (text.starts_with("---[ end")) return end({});
  const std::string function = function_in(text);
  if (awaited_ == PlacedBy::rip) {
    // `RIP: 0010:func+0x1/0x2`, in older kernels `RIP  [<ffffffff81>] func+0x1/0x2`.
    if (text.starts_with("RIP") && !function.empty()) end(function);
    return;
  }
  if (text.starts_with("Call ")) in_call_trace_ = true;
  // In older kernels with its address: `[<ffffffff81>] func+0x1/0x2`. A `?` is before what was only
  // found on the stack.
  const bool only_found = text.starts_with("? ") || has(text, "] ? ");
  if (in_call_trace_ && !function.empty() && !only_found && !is_of_the_warning(function))
    end(function);
}

void Reports::begin(std::string_view text) {
  const auto report = [&](std::string words) { all_.push_back(std::move(words)); };
  const auto after = [&](std::string_view prefix) { return text.substr(prefix.size()); };

  if (has(text, "soft lockup")) {
    report("soft lockup");
  } else if (has(text, "hard LOCKUP")) {
    report("hard lockup");
  } else if (has(text, "INFO: rcu") && has(text, "stall")) {
    report("RCU stall");
  } else if (text.starts_with("INFO: task ") && has(text, " blocked") &&
             has(text, " for more than ")) {
    report("hung task");
  } else if (text.starts_with("WARNING: ")) {
    const std::string function = function_in(text);
    // All of them stand in the same few functions: who called those is the place.
    if (function.starts_with("refcount_")) {
      kind_ = "WARNING: refcount_t";
      awaited_ = PlacedBy::call_trace;
    } else {
      report(function.empty() ? constant_words(text) : in("WARNING", function));
    }
  } else if (text.starts_with("[ INFO: ") || text.starts_with("[ BUG: ")) {
    // An older lockdep puts a frame around it (kernel/locking/lockdep.c of 3.16).
    report(constant_words("WARNING: " + std::string(text.substr(text.find(": ") + 2))));
  } else if (text.starts_with("kernel BUG at ")) {
    report(in("BUG", file_in(text)));
  } else if (text.starts_with("Kernel BUG at ")) {
    // Without CONFIG_DEBUG_BUGVERBOSE (lib/bug.c: report_bug).
    report(in("BUG", function_in(text)));
  } else if (text.starts_with("BUG: KASAN: ") || text.starts_with("BUG: KCSAN: ") ||
             text.starts_with("BUG: KMSAN: ") || text.starts_with("BUG: KFENCE: ")) {
    const std::string_view finding = after("BUG: ");
    report(in(std::string(finding.substr(0, finding.find(" in "))), function_in(finding)));
  } else if (text.starts_with("UBSAN: ")) {
    report(in(std::string(text.substr(0, text.find(" in "))), file_in(text)));
  } else if (text.starts_with("BUG: unable to handle") ||
             text.starts_with("BUG: kernel NULL pointer")) {
    kind_ = "Oops: page fault";
    awaited_ = PlacedBy::rip;
  } else if (text.starts_with("BUG ") && has(text, "): ")) {
    // `BUG kmalloc-64 (Not tainted): Poison overwritten` (mm/slub.c: slab_bug).
    const std::string_view cache = after("BUG ");
    report(in("SLUB: " + constant_words(text.substr(text.find("): ") + 3)),
              std::string(cache.substr(0, cache.find(' ')))));
  } else if (text.starts_with("BUG") ||
             text.starts_with("INFO: trying to register non-static key")) {
    report(constant_words(text));
  } else if (has(text, " [#")) {
    of_process_that_dies(text);
  }
}

// `general protection fault: 0000 [#1] SMP`, in newer kernels with `Oops: ` before it
// (arch/x86/kernel/dumpstack.c: __die_header).
void Reports::of_process_that_dies(std::string_view header) {
  while (header.starts_with("Oops: ")) header.remove_prefix(std::string_view("Oops: ").size());
  const std::string_view kind = header.substr(0, header.find_first_of(":,"));
  const bool of_bug = kind == "invalid opcode" && !all_.empty() && all_.back().starts_with("BUG");
  if (of_bug) return;
  kind_ = "Oops: " + std::string(kind);
  awaited_ = PlacedBy::rip;
}

void Reports::end(const std::string& place) {
  all_.push_back(in(std::move(kind_), place));
  kind_.clear();
  awaited_ = PlacedBy::nothing;
  in_call_trace_ = false;
}

std::vector<std::string> Reports::all() {
  if (awaited_ != PlacedBy::nothing) end({});
  return std::move(all_);
}

}  // namespace

std::vector<std::string> kernel_reports(const std::vector<std::string>& lines) {
  Reports reports;
  for (const std::string& line : lines) reports.read(line);
  return reports.all();
}

bool ran_out_of_memory(const std::vector<std::string>& lines) {
  // `Kill process` in older kernels, `Killed process` in newer ones.
  return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("Out of memory: Kill") ||
           line.starts_with("Memory cgroup out of memory: Kill");
  });
}

std::string kernel_line(const std::string& record) {
  const unsigned long priority = std::strtoul(record.c_str(), nullptr, 10);
  const size_t text = record.find(';');
  // The facility is above the three bits of the level; the kernel's is 0 (syslog(3)).
  if (priority >= 8 || text == std::string::npos) return {};
  return record.substr(text + 1, record.find('\n', text) - text - 1);
}

KernelLog::KernelLog()
    : log_(must("open(/dev/kmsg)", open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC))),
      clear_once_(open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC)) {
  must("lseek(/dev/kmsg)", lseek(log_, 0, SEEK_END));
  clear_once();
}

// Where that fails, the next of a kind is not told.
void KernelLog::clear_once() {
  if (clear_once_ < 0) return;
  [[maybe_unused]] const ssize_t done = write(clear_once_, "1", 1);
}

KernelLog::News KernelLog::news() {
  std::vector<std::string> lines;
  std::array<char, 8192> record{};  // a record is CONSOLE_EXT_LOG_MAX at most
  for (;;) {
    const ssize_t length = read(log_, record.data(), record.size());
    if (length < 0 && (errno == EINTR || errno == EPIPE)) continue;  // EPIPE: overtaken; goes on
    if (length <= 0) break;
    std::string line = kernel_line(std::string(record.data(), static_cast<size_t>(length)));
    if (!line.empty()) lines.push_back(std::move(line));
  }
  News news{.reports = kernel_reports(lines), .out_of_memory = ran_out_of_memory(lines)};
  if (!news.reports.empty()) clear_once();
  return news;
}

}  // namespace probe
