// A running QEMU as the kernel sees it, for tests of what it may do.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace brokenpipe::testing {

/// The processes that `ancestor` has started, and those that these have.
std::vector<pid_t> descendants(pid_t ancestor);

/// That of them which is QEMU, not what surrounds it; 0 where there is none.
pid_t qemu_below(pid_t ancestor);

/// proc(5), /proc/PID/status: `Uid` -> `999 999 999 999`.
std::map<std::string, std::string> status_of(pid_t process);

/// Which of its namespaces are not this process's: `mnt`, `net`, ...
std::set<std::string> own_namespaces(pid_t process);

/// Its limits, as /proc/PID/limits calls them: `Max file size` -> the soft one.
std::map<std::string, std::string> limits_of(pid_t process);

/// The names in a folder as the process sees it.
std::set<std::string> listing(pid_t process, const std::filesystem::path& folder);

/// Fails the test unless the process has no right that an ordinary one has not: neither root nor
/// with any capability, now or ever, behind QEMU's own filter of system calls.
void expect_no_rights(pid_t process);

/// Fails the test unless it sees no process, network or file but its own; what of the guest it sees
/// is `guest`.
void expect_own_world(pid_t process, const std::set<std::string>& guest);

}  // namespace brokenpipe::testing
