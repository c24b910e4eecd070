#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// What a kernel says of itself on its console.
namespace brokenpipe {

/// Looks in a kernel's log, line by line, for its own reports of having failed. What programs of
/// the guest write to the console stands in it too, so a report counts only where the kernel has
/// put its time in front: `[    1.234567] Kernel panic - not syncing`. Of a kernel that puts none
/// in front of anything (CONFIG_PRINTK_TIME) the bare words count. A program that writes a time
/// itself, or to /dev/kmsg, is not told from the kernel here.
class ConsoleLog {
 public:
  /// Takes the next bytes, split anywhere.
  void feed(std::string_view bytes);
  /// No more comes: the last line may lack its end.
  void end_line();

  /// The line that says so; empty where none does. Printable, and not long.
  const std::string& panic() const { return panic_; }
  /// The same of an oops or BUG that the kernel survived.
  const std::string& oops() const { return oops_; }

  /// It was no panic after all.
  void withdraw_panic() { panic_.clear(); }

 private:
  void read_report(std::string_view report);

  std::string line_;
  bool has_times_ = false;
  std::string panic_;
  std::string oops_;
};

}  // namespace brokenpipe
