#include <fcntl.h>
#include <unistd.h>
#include <cstdlib>

#include <string>

#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"

namespace probe {
namespace {

const Story story{
    "Terminals. Linux 3.16 hangs up a pseudo-terminal when its master closes "
    "(drivers/tty/pty.c:pty_close, drivers/tty/tty_io.c:__tty_hangup): the slave's file operations "
    "become those of a dead terminal, which know EIO and end of file, and no EPIPE "
    "(drivers/tty/tty_io.c:hung_up_tty_write, :hung_up_tty_read, :hung_up_tty_poll)."};

void master_closed(Trace& trace) {
  Fd master(must("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY)));
  must("unlockpt", unlockpt(master));
  const char* const name = ptsname(master);
  if (name == nullptr) throw Broken("ptsname: " + errno_name(errno));
  const Fd slave(must("open the slave", open(name, O_RDWR | O_NOCTTY)));
  master.close();
  trace.poll(slave);
  trace.write(slave);
  trace.read(slave);
}
const Register master_closed_entry{{
    .id = "tty/pty-master-closed",
    .asks = "Is a terminal whose other side has closed a broken pipe?",
    .grounds = {"drivers/tty/tty_io.c:hung_up_tty_write", "drivers/tty/tty_io.c:hung_up_tty_read",
                "drivers/tty/tty_io.c:hung_up_tty_poll"},
    .needs = {"pty"},
    .run = master_closed,
}};

}  // namespace
}  // namespace probe
