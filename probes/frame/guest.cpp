#include "probes/frame/guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include "probes/base/child.h"
#include "probes/base/fd.h"
#include "probes/base/file.h"
#include "probes/base/must.h"
#include "probes/base/tcp_state.h"

namespace probe {
namespace {

const char* const arguments_file = "/brokenpipe/arguments";

void mount_at(const char* type, const char* where) {
  mkdir(where, 0755);
  // EBUSY: the kernel has mounted it itself (CONFIG_DEVTMPFS_MOUNT).
  if (mount(type, where, type, 0, nullptr) < 0 && errno != EBUSY) {
    throw Broken(std::string("mount ") + type + " at " + where + ": " + errno_name(errno));
  }
}

void use_device(const char* path, int flags, std::initializer_list<int> as) {
  const Fd device(must(path, open(path, flags | O_NOCTTY | O_CLOEXEC)));
  for (const int fd : as) must("dup2", dup2(device, fd));
}

// No echo, no newline translation, no flow control: what is written is what the host reads.
void make_raw(int tty) {
  termios settings{};
  must("tcgetattr", tcgetattr(tty, &settings));
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL;
  must("cfsetspeed", cfsetspeed(&settings, B115200));
  must("tcsetattr", tcsetattr(tty, TCSANOW, &settings));
}

std::vector<std::string> lines_of(const std::string& path) {
  const auto text = read_file(path);
  if (!text) throw Broken("reading " + path + ": " + errno_name(errno));
  std::vector<std::string> lines;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    lines.push_back(text->substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Sorted; empty where there is no such folder.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (!directory) return names;
  while (const dirent* entry = readdir(directory.get())) {
    std::string name = static_cast<const char*>(entry->d_name);
    if (!name.starts_with(".")) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// `tcp_diag` of `03-tcp_diag.ko`.
std::string module_name(const std::string& file) {
  const size_t dash = file.find('-');
  const size_t begin = dash == std::string::npos ? 0 : dash + 1;
  return file.substr(begin, file.rfind('.') - begin);
}

// Where packets have kept an interrupt busy for long, as on a busy host they do, the rest of them
// is left to ksoftirqd (kernel/softirq.c:__do_softirq), which waits for its turn like any process:
// a call of many segments would be done before the RST that its first one draws is looked at. Here
// it need not wait, and packets are handled when they come, as on a machine that has the time.
void let_packets_go_first() {
  for (const std::string& process : names_in("/proc")) {
    const std::string name = read_file("/proc/" + process + "/comm").value_or("");
    if (!name.starts_with("ksoftirqd/")) continue;
    const sched_param lowest{.sched_priority = 1};
    must("sched_setscheduler", sched_setscheduler(std::stoi(process), SCHED_FIFO, &lowest));
  }
}

int run_in_child(const GuestMain& run, const FailedModules& modules_failed) {
  try {
    use_device("/dev/ttyS1", O_RDWR, {STDOUT_FILENO});
    make_raw(STDOUT_FILENO);
    const int status = run(lines_of(arguments_file), modules_failed);
    must("tcdrain", tcdrain(STDOUT_FILENO));
    return status;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "in the guest: %s\n", failure.what());
    return EXIT_FAILURE;
  }
}

void run_machine(const GuestMain& run) {
  mount_at("devtmpfs", "/dev");
  use_device("/dev/console", O_RDWR, {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  mount_at("devpts", "/dev/pts");
  mount_at("proc", "/proc");
  mount_at("sysfs", "/sys");
  mount_at("tmpfs", "/tmp");
  // For clear_warn_once (kernel_log.h); a kernel may lack it.
  mount("debugfs", "/sys/kernel/debug", "debugfs", 0, nullptr);
  bring_loopback_up();
  let_packets_go_first();
  const FailedModules failed = load_modules("/modules");

  const pid_t child = must("fork", fork());
  if (child == 0) _exit(run_in_child(run, failed));
  // Orphans of scenarios become ours, and are reaped in passing.
  int status = 0;
  while (waitpid(-1, &status, 0) != child) {
  }
  if (status != 0) std::fprintf(stderr, "probe: %s\n", status_words(status).c_str());
}

}  // namespace

FailedModules load_modules(const std::string& folder) {
  FailedModules failed;
  for (const std::string& name : names_in(folder)) {
    std::string path = folder;
    const auto image = read_file(path.append("/").append(name));
    // Not finit_module(2), which Linux has since 3.8 only.
    if (!image ||
        (syscall(SYS_init_module, image->data(), image->size(), "") < 0 && errno != EEXIST)) {
      const std::string error = errno_name(errno);
      std::fprintf(stderr, "module %s does not load: %s\n", name.c_str(), error.c_str());
      failed[module_name(name)] = error;
    }
  }
  return failed;
}

bool is_guest() {
  return getpid() == 1 && access(arguments_file, F_OK) == 0;
}

void be_guest(const GuestMain& run) {
  try {
    run_machine(run);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "as /init: %s\n", failure.what());
  }
  sync();
  reboot(RB_AUTOBOOT);
  // The kernel panics when its first process ends, and the host would read that as its own fault.
  for (;;) pause();
}

}  // namespace probe
