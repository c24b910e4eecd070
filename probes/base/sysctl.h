#pragma once

#include <map>
#include <string>

/// The kernel's settings: read, set, and put back.
namespace probe {

/// sysctl name as in sysctl(8) (`net.ipv4.tcp_fin_timeout`) and its value.
using Sysctls = std::map<std::string, std::string>;

/// Sets sysctls as the calling process's network namespace has them. Unsupported where one cannot
/// be set: the kernel lacks it, or lacks it in this namespace, or we lack the right.
void set_sysctls(const Sysctls& wanted);

/// The value of one that is a number. Unsupported where the kernel lacks it, or lacks it in this
/// namespace.
long read_sysctl(const std::string& name);

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
