#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <vector>

/// What an object linked into a probe of the tests does before the probe begins, in a guest only.
/// All else is the real probe, so that the difference the orchestrator must see is this one.
namespace probe::testing {

/// An argument of a system call, counted from 0, and bits that are all it is looked at for.
struct Flag {
  unsigned argument;
  unsigned bits;
};

/// From now on a system call fails with `error` whatever the kernel would have said; with `only`,
/// where the argument has one of the bits. False where this is no guest.
inline bool fails_as_init(unsigned call, unsigned error, std::optional<Flag> only = {}) {
  if (getpid() != 1) return false;
  const auto to_the_end = static_cast<unsigned char>(only ? 3 : 1);
  std::vector<sock_filter> filter{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, to_the_end),
  };
  if (only) {
    // Flags are ints: the lower half of the argument, which comes first here.
    const auto argument = static_cast<unsigned>(offsetof(seccomp_data, args)) + 8 * only->argument;
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, only->bits, 0, 1));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = filter.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace probe::testing
