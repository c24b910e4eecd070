// A running QEMU as the kernel sees it.
#include "tests/support/qemu_process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace brokenpipe::testing {
namespace fs = std::filesystem;
namespace {

fs::path proc(pid_t process, const char* file) {
  return fmt::format("/proc/{}/{}", process, file);
}

pid_t parent_of(pid_t process) {
  const auto status = status_of(process);
  const auto parent = status.find("PPid");
  return parent == status.end() ? 0 : std::stoi(parent->second);
}

std::string words_of(const std::string& text) {
  std::istringstream in(text);
  std::string all;
  for (std::string word; in >> word;) all += (all.empty() ? "" : " ") + word;
  return all;
}

void expect_nothing_but(const std::set<std::string>& seen, const std::set<std::string>& allowed,
                        const std::string& where) {
  EXPECT_THAT(seen, ::testing::Not(::testing::IsEmpty())) << where;
  for (const std::string& name : seen) EXPECT_TRUE(allowed.contains(name)) << where << name;
}

}  // namespace

std::vector<pid_t> descendants(pid_t ancestor) {
  std::map<pid_t, pid_t> parents;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t process = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
    if (error == std::errc() && end == name.data() + name.size())
      parents[process] = parent_of(process);
  }
  std::vector<pid_t> found;
  for (const auto& [process, parent] : parents) {
    pid_t above = parent;
    while (above != 0 && above != ancestor) {
      const auto next = parents.find(above);
      above = next == parents.end() ? 0 : next->second;
    }
    if (above == ancestor) found.push_back(process);
  }
  return found;
}

pid_t qemu_below(pid_t ancestor) {
  for (const pid_t process : descendants(ancestor)) {
    std::error_code gone;
    if (fs::read_symlink(proc(process, "exe"), gone).filename() == "qemu-system-x86_64")
      return process;
  }
  return 0;
}

std::map<std::string, std::string> status_of(pid_t process) {
  std::map<std::string, std::string> status;
  std::ifstream file(proc(process, "status"));
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos)
      status[line.substr(0, colon)] = words_of(line.substr(colon + 1));
  }
  return status;
}

std::set<std::string> own_namespaces(pid_t process) {
  std::set<std::string> own;
  for (const auto& entry : fs::directory_iterator(proc(process, "ns"))) {
    const fs::path ours = fs::path("/proc/self/ns") / entry.path().filename();
    if (fs::read_symlink(entry.path()) != fs::read_symlink(ours))
      own.insert(entry.path().filename());
  }
  return own;
}

std::map<std::string, std::string> limits_of(pid_t process) {
  constexpr std::size_t name_ends = 26;  // fs/proc/base.c: proc_pid_limits
  std::map<std::string, std::string> limits;
  std::ifstream file(proc(process, "limits"));
  for (std::string line; std::getline(file, line);) {
    std::istringstream values(line.substr(std::min(name_ends, line.size())));
    std::string soft;
    values >> soft;
    limits[words_of(line.substr(0, name_ends))] = soft;
  }
  return limits;
}

std::set<std::string> listing(pid_t process, const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(proc(process, "root") / folder.relative_path()))
    names.insert(entry.path().filename());
  return names;
}

void expect_no_rights(pid_t process) {
  const auto status = status_of(process);
  ASSERT_TRUE(status.contains("Uid")) << "it has ended";
  for (const char* id : {"Uid", "Gid"}) {
    std::istringstream all(status.at(id));
    for (std::string one; all >> one;) EXPECT_NE(one, "0") << id;
  }
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_EQ(status.at(set), "0000000000000000") << set;
  EXPECT_EQ(status.at("NoNewPrivs"), "1");
  EXPECT_EQ(status.at("Seccomp"), "2");
  const auto limits = limits_of(process);
  EXPECT_EQ(limits.at("Max file size"), "1073741824");
  EXPECT_EQ(limits.at("Max core file size"), "0");
}

void expect_own_world(pid_t process, const std::set<std::string>& guest) {
  EXPECT_THAT(own_namespaces(process),
              ::testing::IsSupersetOf({"mnt", "net", "pid", "ipc", "uts"}));
  expect_nothing_but(listing(process, "/"), {"dev", "etc", "guest", "lib", "lib64", "usr"}, "/");
  expect_nothing_but(listing(process, "/usr"), {"bin", "lib", "share"}, "/usr/");
  expect_nothing_but(listing(process, "/usr/bin"), {"qemu-system-x86_64", "setpriv"}, "/usr/bin/");
  expect_nothing_but(listing(process, "/usr/lib"), {"ipxe", "x86_64-linux-gnu"}, "/usr/lib/");
  expect_nothing_but(listing(process, "/usr/share"), {"qemu", "seabios"}, "/usr/share/");
  expect_nothing_but(listing(process, "/lib"), {"x86_64-linux-gnu"}, "/lib/");
  expect_nothing_but(listing(process, "/etc"), {"ld.so.cache"}, "/etc/");
  expect_nothing_but(listing(process, "/dev"), {"null", "urandom"}, "/dev/");
  EXPECT_EQ(listing(process, "/guest"), guest);
}

}  // namespace brokenpipe::testing
