#include <fcntl.h>
#include <linux/auto_fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/mount.h"
#include "probes/tools/net.h"
#include "probes/tools/pipe.h"

namespace probe {
namespace {

const Story story{
    "autofs asks its daemon by a pipe, and it writes to that in the process that looked up a name. "
    "Where the daemon is gone the kernel takes back the SIGPIPE which that process has no part in, "
    "gives up the daemon and tells everybody ENOENT (fs/autofs4/waitq.c:autofs4_write, "
    ":autofs4_catatonic_mode)."};

// Somebody who is not us: the daemon's own look-ups ask nobody. It is to hold no end of the pipe,
// and so comes before it.
Child daemon_process() {
  return Child([] { return pause(); });
}

std::string served_by(const Child& daemon, const Pipe& pipe) {
  return "fd=" + std::to_string(pipe.writer) + ",pgrp=" + std::to_string(daemon.pid()) +
         ",minproto=5,maxproto=5,indirect";
}

void daemon_gone(Trace& trace) {
  const Child daemon = daemon_process();
  Pipe pipe = make_pipe();
  const Mount autofs("autofs", served_by(daemon, pipe));
  pipe.reader.close();
  const std::string name = autofs.path() + "/name";
  for (int i = 0; i < 2; ++i) {
    trace.call("open", "a name to be mounted", [&] { return open(name.c_str(), O_RDONLY); });
  }
}
const Register daemon_gone_entry{{
    .id = "autofs/autofs-daemon-gone",
    .asks = "Does a process that looks up a name in an autofs whose daemon is gone get SIGPIPE?",
    .grounds = {"fs/autofs4/waitq.c:autofs4_write", "fs/pipe.c:pipe_write",
                "fs/autofs4/waitq.c:autofs4_catatonic_mode"},
    .needs = {"autofs"},
    .run = daemon_gone,
}};

// include/uapi/linux/auto_dev-ioctl.h, which is no C++: struct autofs_dev_ioctl with what
// AUTOFS_DEV_IOCTL_SETPIPEFD takes, at the version that 3.16 has.
struct SetPipe {
  uint32_t version_major = 1;
  uint32_t version_minor = 0;
  uint32_t size = sizeof(SetPipe);
  int32_t mount_point = -1;
  alignas(uint64_t) int32_t pipe = -1;
};
constexpr unsigned long autofs_dev_ioctl_setpipefd = _IOWR(0x93, 0x78, SetPipe);

void setpipefd(Trace& trace) {
  const Child daemon = daemon_process();
  const Pipe pipe = make_pipe();
  const Mount autofs("autofs", served_by(daemon, pipe));
  const Fd root(must("open", open(autofs.path().c_str(), O_RDONLY | O_DIRECTORY)));
  must("ioctl(AUTOFS_IOC_CATATONIC)", ioctl(root, AUTOFS_IOC_CATATONIC, 0));
  const Fd device(must("open(/dev/autofs)", open("/dev/autofs", O_RDWR | O_CLOEXEC)));
  const Fd no_pipe = tcp_socket();
  SetPipe request;
  request.mount_point = root;
  request.pipe = no_pipe;
  trace.call("ioctl", "AUTOFS_DEV_IOCTL_SETPIPEFD, a socket",
             [&] { return ioctl(device, autofs_dev_ioctl_setpipefd, &request); });
}
const Register setpipefd_entry{{
    .id = "autofs/autofs-setpipefd-no-pipe",
    .asks = "What does an autofs daemon get that hands over something that is no pipe?",
    .grounds = {"fs/autofs4/dev-ioctl.c:autofs_dev_ioctl_setpipefd"},
    .needs = {"autofs"},
    .run = setpipefd,
}};

}  // namespace
}  // namespace probe
