#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "probes/base/child.h"
#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/features/asking.h"
#include "probes/frame/feature.h"
#include "probes/tools/net.h"

/// System calls, and what a process needs the right for.
namespace probe {
namespace {

Missing aio_missing() {
  aio_context_t context = 0;
  const long returned = syscall(SYS_io_setup, 1, &context);
  if (returned == 0) syscall(SYS_io_destroy, context);
  return unless_done("io_setup", returned, {ENOSYS});
}

const RegisterFeature aio_feature{{.name = "aio", .missing = aio_missing, .kconfig = {"AIO"}}};

Missing io_uring_missing() {
  io_uring_params params{};
  const Fd ring(static_cast<int>(syscall(SYS_io_uring_setup, 1, &params)));
  return unless_done("io_uring_setup", ring, {ENOSYS});
}

const RegisterFeature io_uring_feature{
    {.name = "io_uring", .missing = io_uring_missing, .kconfig = {"IO_URING"}}};

Missing net_admin_missing() {
  // An option that asks for CAP_NET_ADMIN and nothing else (net/core/sock.c:sock_setsockopt).
  const Fd fd = tcp_socket();
  const int on = 1;
  return unless_done("setsockopt(SO_RCVBUFFORCE)",
                     setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &on, sizeof on));
}

const RegisterFeature net_admin_feature{{.name = "net_admin", .missing = net_admin_missing}};

Missing net_raw_missing() {
  const Fd fd(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
  return unless_done("socket(SOCK_RAW)", fd);
}

const RegisterFeature net_raw_feature{{.name = "net_raw", .missing = net_raw_missing}};

Missing packet_missing() {
  const Fd fd(socket(AF_PACKET, SOCK_DGRAM, 0));
  return unless_done("socket(AF_PACKET)", fd);
}

const RegisterFeature packet_feature{{.name = "packet",
                                      .missing = packet_missing,
                                      .modules = {{"af_packet"}},
                                      .kconfig = {"PACKET"}}};

Missing pid_namespace_missing() {
  // In a child: the namespace would be that of all our later children.
  Child child([] { return unshare(CLONE_NEWPID) == 0 ? 0 : errno; });
  const int status = child.wait();
  if (status == 0) return {};
  errno = WEXITSTATUS(status);
  // Without CONFIG_PID_NS (include/linux/pid_namespace.h: copy_pid_ns).
  return unless_done("unshare(CLONE_NEWPID)", -1, {EINVAL});
}

const RegisterFeature pid_namespace_feature{
    {.name = "pid_namespace", .missing = pid_namespace_missing, .kconfig = {"PID_NS"}}};

Missing pty_missing() {
  const Fd fd(posix_openpt(O_RDWR | O_NOCTTY));
  return unless_done("posix_openpt", fd);
}

const RegisterFeature pty_feature{
    {.name = "pty", .missing = pty_missing, .kconfig = {"UNIX98_PTYS"}}};

}  // namespace
}  // namespace probe
