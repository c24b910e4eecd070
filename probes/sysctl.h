#pragma once

#include "probes/scenario.h"

namespace probe {

/// Sets sysctls as the calling process's network namespace has them. Unsupported where one cannot
/// be set: the kernel lacks it, or lacks it in this namespace, or we lack the right.
void set_sysctls(const Sysctls& wanted);

/// Remembers the values that these sysctls have, and puts them back when it goes out of scope.
class SysctlsPutBack {
 public:
  explicit SysctlsPutBack(const Sysctls& touched);
  SysctlsPutBack(const SysctlsPutBack&) = delete;
  SysctlsPutBack& operator=(const SysctlsPutBack&) = delete;
  ~SysctlsPutBack();

 private:
  Sysctls before_;
};

}  // namespace probe
