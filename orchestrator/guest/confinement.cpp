// The walls around QEMU: finding out which can be had, and the script that puts them up.
#include "orchestrator/guest/confinement.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"
#include "results/base/process_limit.h"
#include "results/base/run_command.h"
#include "results/base/sha256.h"
#include "results/base/text.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

constexpr const char* qemu_name = "qemu-system-x86_64";
/// libvirt's driver, run by root, does not start without it (virQEMUDriverConfigNew).
constexpr const char* account_name = "libvirt-qemu";

/// With namespaces: QEMU's words, in which the guest's files have names of the sandbox's own,
/// behind those of the two programs that make it. libvirt's secret is a file too.
/// - A pid file is libvirt's, which ends the process of that number: it must be everybody's number.
///   That QEMU, as libvirt would run it, may override permissions, and so open /dev/kvm: libvirt
///   compares that with what root can (virQEMUCapsIsValid), and asks for ever where they differ.
/// - The parent of bubblewrap is the process that looks after the guests (supervise()); without it
///   the guest ends.
constexpr const char* in_namespaces = R"(
folder= kernel= initrd= key= kvm= before=
for word; do
  shift
  case $before in
    -kernel) kernel=$word word=/guest/kernel ;;
    -initrd) initrd=$word word=/guest/initrd ;;
    -pidfile) folder=${word%/*} ;;
    -accel | -machine) case $word in *kvm*) kvm=1 ;; esac ;;
    -object) case $word in *'"id":"masterKey0"'*)
      key=${word##*'"file":"'} key=${key%%'"'*}
      word='{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/guest/key"}' ;; esac ;;
  esac
  set -- "$@" "$word"
  before=$word
done
set -- "$qemu" "$@"

if [ -n "$uid" ]; then
  rights=-all
  [ -z "$folder" ] || rights=-all,+dac_override
  set -- "$setpriv" --reuid="$uid" --regid="$gid" "$groups" --no-new-privs \
    --bounding-set="$rights" --inh-caps="$rights" --ambient-caps="$rights" -- "$@"
  set -- --remount-ro / -- "$@"
  [ -z "$folder" ] || set -- --cap-add CAP_DAC_OVERRIDE "$@"
  set -- --cap-add CAP_SETUID --cap-add CAP_SETGID --cap-add CAP_SETPCAP \
    --ro-bind "$setpriv" "$setpriv" "$@"
  [ -z "$key" ] || chown "$uid" "$key"
else
  set -- --unshare-user $nest --remount-ro / -- "$@"
fi
[ -z "$kernel" ] || set -- --ro-bind "$kernel" /guest/kernel "$@"
[ -z "$initrd" ] || set -- --ro-bind "$initrd" /guest/initrd "$@"
[ -z "$key" ] || set -- --ro-bind "$key" /guest/key "$@"
[ -z "$kvm" ] || set -- --dev-bind-try /dev/kvm /dev/kvm "$@"
if [ -n "$folder" ]; then
  set -- --bind "$folder" "$folder" "$@"
else
  set -- --unshare-pid --die-with-parent "$@"
fi
)";

/// With an account alone: libvirt's secret, which lies where only root gets, is copied into the
/// guest's own folder.
constexpr const char* in_an_account = R"(
guest= rights=-all before=
for word; do
  case $before in
    -initrd) guest=${word%/*} ;;
    -pidfile) rights=-all,+dac_override ;;
  esac
  before=$word
done
[ -z "$guest" ] || [ ! -e "$HOME/master-key.aes" ] ||
  install -m 0400 -o "$uid" "$HOME/master-key.aes" "$guest/key"
for word; do
  shift
  case $word in *'"id":"masterKey0"'*)
    word='{"qom-type":"secret","id":"masterKey0","format":"raw","file":"'$guest'/key"}' ;;
  esac
  set -- "$@" "$word"
done
exec "$setpriv" --reuid="$uid" --regid="$gid" "$groups" --no-new-privs \
  --bounding-set="$rights" --inh-caps="$rights" --ambient-caps="$rights" -- "$qemu" "$@"
)";

/// bubblewrap's words for a folder that everybody may enter, and for those above it: its own are
/// for their maker alone.
void add_folder(std::vector<std::string>& words, const fs::path& folder) {
  fs::path path;
  for (const fs::path& part : folder) {
    path /= part;
    if (path != "/") words.insert(words.end(), {"--perms", "0755", "--dir", path.string()});
  }
}

/// What every sandbox has: QEMU with its libraries and firmware, where QEMU looks for them.
std::vector<std::string> sandbox(const WallPlan& plan) {
  std::vector<std::string> words{plan.bubblewrap.string(),
                                 "--unshare-ipc",
                                 "--unshare-net",
                                 "--unshare-uts",
                                 "--unshare-cgroup-try",
                                 "--cap-drop",
                                 "ALL",
                                 "--clearenv",
                                 "--chdir",
                                 "/"};
  const fs::path installed = plan.qemu.parent_path().parent_path();
  std::vector<fs::path> shared{"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
                               "/usr/lib/ipxe", "/etc/ld.so.cache"};
  for (const char* own : {"share/qemu", "share/seabios"}) shared.push_back(installed / own);
  if (installed != "/usr") shared.push_back(installed / "lib");
  for (const fs::path& path : {fs::path("/usr/bin"), fs::path("/guest"), fs::path("/dev")})
    add_folder(words, path);
  for (const fs::path& path : shared) {
    add_folder(words, path.parent_path());
    words.insert(words.end(), {"--ro-bind-try", path.string(), path.string()});
  }
  words.insert(words.end(), {"--ro-bind-try", "/lib64", "/lib64"});
  add_folder(words, plan.qemu.parent_path());
  words.insert(words.end(), {"--ro-bind", plan.qemu.string(), plan.qemu.string()});
  for (const char* device : {"/dev/null", "/dev/urandom"})
    words.insert(words.end(), {"--dev-bind", device, device});
  return words;
}

/// Those of the PATH, but not our own.
fs::path find_program(const char* name, const fs::path& not_below) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    fs::path program = fs::path(rest.substr(0, end)) / name;
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (program.is_absolute() && program.parent_path().parent_path() != not_below &&
        access(program.c_str(), X_OK) == 0)
      return program;
  }
  return {};
}

std::optional<QemuAccount> account_of_qemu() {
  const passwd* found = getpwnam(account_name);
  if (found == nullptr) return std::nullopt;
  QemuAccount account{found->pw_name, found->pw_uid, found->pw_gid, std::nullopt};
  struct stat device {};
  if (stat("/dev/kvm", &device) == 0 && device.st_gid != 0 && (device.st_mode & 0060) == 0060)
    account.kvm_group = device.st_gid;
  return account;
}

/// Whether this root is another user outside of its user namespace (user_namespaces(7)).
bool in_a_user_namespace() {
  std::ifstream map("/proc/self/uid_map");
  unsigned long long inside = 0;
  unsigned long long outside = 0;
  unsigned long long count = 0;
  map >> inside >> outside >> count;
  return count != 4294967295ULL;
}

/// The ways of putting up walls, most walls first.
std::vector<WallPlan> ways(const WallPlan& means) {
  std::vector<WallPlan> all;
  const auto add = [&](Walls walls, const std::optional<QemuAccount>& account) {
    all.push_back(means);
    all.back().walls = walls;
    all.back().account = account;
  };
  if (geteuid() == 0) {
    if (const auto account = account_of_qemu()) {
      add(Walls::namespaces, account);
      add(Walls::account, account);
    }
    if (!in_a_user_namespace()) return all;
  }
  add(Walls::namespaces, std::nullopt);
  add(Walls::namespaces, std::nullopt);
  all.back().may_nest = true;
  add(Walls::none, std::nullopt);
  return all;
}

/// What QEMU's walls say when it is tried behind them; nothing where all is well.
std::optional<std::string> complaint(const fs::path& emulator) {
  try {
    const CommandResult tried = run_command({emulator.string(), "-version"});
    if (tried.exit_status == 0) return std::nullopt;
    return one_line(tried.err.substr(0, longest_words));
  } catch (const Error& error) {
    return one_line(error.what());
  }
}

/// Why QEMU does not come up this way; nothing where it does. Throws Error where that says nothing
/// of the way, for lack of processes: walls are not left out because of a busy hour.
std::optional<std::string> why_not(const WallPlan& plan, const fs::path& emulator) {
  if (plan.walls == Walls::namespaces && plan.bubblewrap.empty())
    return "bubblewrap is not installed (apt install bubblewrap)";
  if (plan.account && plan.setpriv.empty())
    return "setpriv is not installed (apt install util-linux)";
  auto why = complaint(emulator);
  if (!why) return why;
  if (const std::string limit = why_no_process(); !limit.empty())
    throw Error("putting walls around QEMU", limit, process_limit_remedy);
  return why;
}

/// By what is in it, so that no process ever sees it change.
fs::path written(const fs::path& folder, const std::string& script) {
  constexpr std::size_t digits = 16;
  fs::path file = folder / sha256(script).substr(0, digits) / qemu_name;
  if (access(file.c_str(), X_OK) == 0 && read_file(file) == script) return file;
  make_directories(file.parent_path());
  write_file(file, script);
  fs::permissions(file, fs::perms::owner_exec, fs::perm_options::add);
  return file;
}

std::string state_of(const fs::path& program) {
  struct stat status {};
  if (stat(program.c_str(), &status) != 0) return {};
  return fmt::format("{} bytes, changed {}.{:09}", status.st_size, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

}  // namespace

std::string emulator_script(const WallPlan& plan) {
  constexpr unsigned long long block = 512;  // ulimit of POSIX counts in these
  std::string script = fmt::format(
      "#!/bin/sh\n"
      "# Written by brokenpipe, run by libvirt as its QEMU: puts walls around it.\n"
      "# {}\n"
      "set -eu\n"
      "ulimit -c 0\n"
      "ulimit -f {}\n"
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
      "qemu={}\n",
      plan.of_qemu, largest_qemu_file / block, shell_word(plan.qemu.string()));
  script += fmt::format("setpriv={}\n", shell_word(plan.setpriv.string()));
  if (plan.account) {
    script +=
        fmt::format("uid={} gid={} groups={}\n", plan.account->uid, plan.account->gid,
                    plan.account->kvm_group ? fmt::format("--groups={}", *plan.account->kvm_group)
                                            : "--clear-groups");
  } else {
    script += fmt::format("uid= nest={}\n", plan.may_nest ? "" : "--disable-userns");
  }
  if (plan.walls == Walls::none) return script + "exec \"$qemu\" \"$@\"\n";
  if (plan.walls == Walls::account) return script + in_an_account;
  script += in_namespaces;
  script += "exec";
  for (const std::string& word : sandbox(plan)) script += " " + shell_word(word);
  return script + " \"$@\"\n";
}

Confinement confine_qemu(const fs::path& folder) {
  WallPlan means;
  means.qemu = find_program(qemu_name, folder);
  if (means.qemu.empty()) return {};
  means.of_qemu = state_of(means.qemu);
  means.bubblewrap = find_program("bwrap", folder);
  means.setpriv = find_program("setpriv", folder);
  std::string why;
  for (WallPlan& plan : ways(means)) {
    fs::path emulator = written(folder, emulator_script(plan));
    const auto problem = why_not(plan, emulator);
    if (!problem && plan.walls == Walls::namespaces) why.clear();
    if (!problem) return {std::move(plan), std::move(emulator), std::move(why)};
    why = *problem;
    // QEMU as it is: no program of ours can be run there, such as on a file system without them.
    if (plan.walls == Walls::none) return {std::move(plan), {}, std::move(why)};
  }
  // Of root alone from here on. libvirt says it where its account is missing.
  if (!account_of_qemu()) return {};
  throw Error("putting walls around QEMU", why,
              "As root QEMU is run by another account or not at all: mend that, or run this as an "
              "ordinary user.");
}

void hand_over(const BootSpec& spec, const Confinement& confinement) {
  if (!confinement.plan.account) return;
  const fs::path folder = spec.initrd.parent_path();
  const auto add = [](const fs::path& path, fs::perms what) {
    std::error_code ignored;  // QEMU will say what it cannot read
    fs::permissions(path, what, fs::perm_options::add, ignored);
  };
  if (confinement.plan.walls == Walls::account)
    add(folder, fs::perms::group_exec | fs::perms::others_exec);
  add(spec.initrd, fs::perms::others_read);
  if (spec.kernel.parent_path() == folder) add(spec.kernel, fs::perms::others_read);
}

std::string in_words(const Confinement& confinement) {
  if (confinement.plan.qemu.empty())
    return fmt::format("not: there is no {} in the PATH", qemu_name);
  const auto& account = confinement.plan.account;
  const std::string who = account ? "as " + account->name : "as you";
  switch (confinement.plan.walls) {
    case Walls::namespaces:
      return who + ", without capabilities, in namespaces of its own that hold its files alone";
    case Walls::account:
      return fmt::format("{}, without capabilities, but in this machine's namespaces: {}", who,
                         confinement.why_not_more);
    case Walls::none:
      break;
  }
  return fmt::format("{}, with all that you may do but for its seccomp filter: {}", who,
                     confinement.why_not_more);
}

}  // namespace brokenpipe
