// The walls around QEMU, which runs what is under test and must be thought of as hostile.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "orchestrator/guest/hypervisor.h"

namespace brokenpipe {

/// How much stands between a QEMU that a guest has taken over and the machine, most first. QEMU's
/// own seccomp filter, no core files and a limit of the size of files come with each.
enum class Walls {
  /// No capability, none to be had, and namespaces of its own: no network, no other process, and of
  /// the files nothing but QEMU's, the guest's kernel and its initramfs, to be read. Started as
  /// root it is an account of its own besides.
  namespaces,
  /// Started as root, where namespaces cannot be had: an account without rights, no capabilities.
  account,
  /// Started by a user, where namespaces cannot be had: that user's rights.
  none
};

/// Who QEMU is where root starts it.
struct QemuAccount {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::optional<gid_t> kvm_group;  ///< the one that may open /dev/kvm
};

/// What the program in QEMU's place is made of. Pure data.
struct WallPlan {
  Walls walls = Walls::none;
  std::filesystem::path qemu;
  std::string of_qemu;                 ///< changes with QEMU; libvirt then asks it again
  std::filesystem::path bubblewrap;    ///< for `namespaces`
  std::filesystem::path setpriv;       ///< where there is an account
  std::optional<QemuAccount> account;  ///< none: whoever starts it
  /// Whether an ordinary user's QEMU could make further user namespaces. To forbid it /proc/sys
  /// must be writable, which it is not in a container or a unit of systemd's.
  bool may_nest = false;
};

/// What a guest's QEMU can make of one file at most: its console, its records, its log. Far above
/// what a guest may say (GuestLimits); a wall against QEMU itself.
inline constexpr unsigned long long largest_qemu_file = 1ULL << 30;

/// The shell script that libvirt runs as its QEMU: puts up the walls, then becomes QEMU. It knows
/// the two ways in which libvirt runs QEMU: with a guest, and, with `-pidfile` and no guest, to
/// learn what QEMU can do, where pids and a folder must be shared. Pure.
std::string emulator_script(const WallPlan& plan);

struct Confinement {
  WallPlan plan;
  /// A program by QEMU's name in a folder of its own. Empty where there is no QEMU.
  std::filesystem::path emulator;
  std::string why_not_more;  ///< why there are no namespaces, and what to do; empty where there are
};

/// Finds the most walls that this machine lets us put up, each way tried with QEMU itself, and
/// writes the program that does it below `folder`, which is kept: libvirt knows its QEMU by path
/// and time. Throws Error where the only way left is QEMU as root.
Confinement confine_qemu(const std::filesystem::path& folder);

/// Lets QEMU read what it boots where it is another account: the initramfs, and the kernel where it
/// lies beside it; elsewhere it is somebody else's to open.
void hand_over(const BootSpec& spec, const Confinement& confinement);

/// Who QEMU is and what it can reach, in a sentence for people.
std::string in_words(const Confinement& confinement);

}  // namespace brokenpipe
