#include "orchestrator/guest/embed_root.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "results/base/error.h"
#include "results/base/file.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

constexpr const char* doing = "making a working folder for libvirt";
constexpr const char* lock_name = "lock";

/// What libvirt puts below a root at most: lib/qemu/domain-NUMBER-TWENTY_CHARACTERS/monitor.sock,
/// and our own folder's name.
constexpr std::size_t longest_below_parent = 75;
constexpr std::size_t longest_socket_path = 107;

/// - stdio_handler: "logd", the default as root, wants the virtlogd daemon.
/// - the rest: no labels, namespaces or control groups on files and processes that are ours.
constexpr const char* qemu_conf =
    "stdio_handler = \"file\"\n"
    "dynamic_ownership = 0\n"
    "remember_owner = 0\n"
    "security_driver = \"none\"\n"
    "namespaces = []\n"
    "cgroup_controllers = []\n";

/// As root, libvirt would else probe QEMU as one user and check access to /dev/kvm as another,
/// disagree with itself, and probe again at every look-up (virQEMUCapsIsValid). What it runs as
/// root is no QEMU, but the program that becomes one with another account (confinement.h).
constexpr const char* qemu_conf_of_root =
    "user = \"root\"\n"
    "group = \"root\"\n";

Error failed(const fs::path& path, const std::string& why) {
  return {doing, fmt::format("{}: {}", path.string(), why),
          "Make that folder writable, or name another one in XDG_RUNTIME_DIR."};
}

/// A folder that is nobody's but ours: /tmp is everybody's.
void make_private_folder(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw failed(path, std::strerror(errno));
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) throw failed(path, std::strerror(errno));
  if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0)
    throw failed(path, "others own it or may write to it");
}

/// A folder for roots alone: what is in it and has no owner is removed. Runs and kernels are kept
/// in folders named `brokenpipe`, which lie here too where somebody has one folder for everything.
fs::path parent_of_roots() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && access(runtime, W_OK) == 0) {
    auto parent = fs::absolute(runtime) / "bp-guests";
    if (parent.string().size() + longest_below_parent <= longest_socket_path) return parent;
  }
  return fmt::format("/tmp/brokenpipe-{}", geteuid());
}

/// The lock of `folder`, or none where another process holds it and `flags` says not to wait.
UniqueFd lock(const fs::path& folder, int flags) {
  UniqueFd fd(open((folder / lock_name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw failed(folder / lock_name, std::strerror(errno));
  while (flock(fd.get(), flags) != 0) {
    if (errno == EWOULDBLOCK) return UniqueFd();
    if (errno != EINTR) throw failed(folder / lock_name, std::strerror(errno));
  }
  return fd;
}

std::string contents(const fs::path& file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Ends the guests whose owner was killed: libvirt writes their pid files in the root. The pid is
/// that of QEMU, or of the sandbox that ends with it (confinement.h), and has the root's path on
/// its command line or in its environment, without which it is another process's by now.
void end_guests(const fs::path& root) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root / "run/qemu", ignored)) {
    if (entry.path().extension() != ".pid") continue;
    const pid_t pid = std::atoi(contents(entry.path()).c_str());
    const auto names_root = [&](const char* file) {
      return contents(fmt::format("/proc/{}/{}", pid, file)).find(root.string()) !=
             std::string::npos;
    };
    if (pid > 1 && (names_root("cmdline") || names_root("environ"))) kill(pid, SIGKILL);
  }
}

void sweep(const fs::path& parent) {
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (!entry.is_directory() || !lock(entry.path(), LOCK_EX | LOCK_NB)) continue;
    end_guests(entry.path());
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
}

/// Copies what `to` does not have in the same state. What cannot be copied libvirt finds out again.
void copy_capabilities(const fs::path& from, const fs::path& to) {
  std::error_code ignored;
  fs::create_directories(to, ignored);
  for (const auto& entry : fs::directory_iterator(from, ignored)) {
    const auto target = to / entry.path().filename();
    const std::string capabilities = contents(entry.path());
    if (entry.path().extension() != ".xml" || capabilities.empty() ||
        capabilities == contents(target))
      continue;
    try {
      write_file(target, capabilities);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): as said above
    }
  }
}

fs::path capabilities_below(const fs::path& root) {
  return root / "cache/qemu/capabilities";
}

}  // namespace

EmbedRoot::EmbedRoot(const fs::path& cache) : cache_(cache / "libvirt-capabilities") {
  const auto parent = parent_of_roots();
  make_private_folder(parent);
  // Held until our own root is locked: a sweeper must not find it before.
  const auto parent_lock = lock(parent, LOCK_EX);
  sweep(parent);
  auto name = (parent / "XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw failed(name, std::strerror(errno));
  path_ = name;
  lock_ = lock(path_, LOCK_EX);
  fs::create_directories(path_ / "etc");
  std::ofstream conf(path_ / "etc/qemu.conf");
  conf << qemu_conf << (geteuid() == 0 ? qemu_conf_of_root : "");
  if (!conf.flush()) throw failed(path_ / "etc/qemu.conf", std::strerror(errno));
  copy_capabilities(cache_, capabilities_below(path_));
}

void sweep_embed_roots() {
  const auto parent = parent_of_roots();
  std::error_code none;
  if (!fs::is_directory(parent, none)) return;
  make_private_folder(parent);
  const auto parent_lock = lock(parent, LOCK_EX);
  sweep(parent);
}

EmbedRoot::~EmbedRoot() {
  copy_capabilities(capabilities_below(path_), cache_);
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace brokenpipe
