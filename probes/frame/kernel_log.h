#pragma once

#include <string>
#include <vector>

#include "probes/base/fd.h"

/// What the kernel itself says while a scenario runs: its warnings, bugs and sanitizers, read from
/// /dev/kmsg (Documentation/ABI/testing/dev-kmsg).
namespace probe {

/// The reports in some lines of the kernel's log, in their order: kind and place without address,
/// number and time, so that the same report is the same words on every kernel: `WARNING in
/// tcp_send_loss_probe`, `BUG in net/socket.c`, `KASAN: slab-use-after-free in unix_release`,
/// `RCU stall`.
std::vector<std::string> kernel_reports(const std::vector<std::string>& lines);

/// Whether one of them says that a process was killed for want of memory
/// (mm/oom_kill.c:oom_kill_process): then what a scenario saw is the machine's fault.
bool ran_out_of_memory(const std::vector<std::string>& lines);

/// The text of a record of /dev/kmsg (`4,339,5140900,-;text`); empty where it is not the kernel's
/// own, for user space may write there too (kernel/printk/printk.c: devkmsg_write).
std::string kernel_line(const std::string& record);

/// The log from now on. Only for a machine that is ours alone: elsewhere it is everybody's.
class KernelLog {
 public:
  struct News {
    std::vector<std::string> reports;
    bool out_of_memory = false;
  };

  /// Broken if the log cannot be read: then nobody can say that the kernel was silent.
  KernelLog();

  /// What has come since the last call. What is told once only (WARN_ONCE) is told again after it,
  /// where debugfs is mounted and the kernel can (4.15; kernel/panic.c: clear_warn_once_set).
  News news();

 private:
  void clear_once();

  Fd log_;
  Fd clear_once_;
};

}  // namespace probe
