#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "probes/base/child.h"
#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/features/asking.h"
#include "probes/frame/feature.h"

/// File systems whose other end is a pipe or a socket.
namespace probe {
namespace {

// Where it is there, a mount without source and options is refused for another reason.
std::string file_system_missing(const char* module, const char* type) {
  if (mount("", "/", type, 0, "") == 0) return {};
  if (errno == EPERM) return std::string("mount(") + type + "): " + errno_name(EPERM);
  if (errno != ENODEV) return {};
  return std::string("module ") + module + " not available: mount: " + errno_name(errno);
}

std::string nine_p_missing() {
  return file_system_missing("9p", "9p");
}

const RegisterFeature nine_p_feature{{.name = "9p",
                                      .missing = nine_p_missing,
                                      .modules = {{"9p"}, {"9pnet_fd"}},
                                      .kconfig = {"9P_FS", "NET_9P_FD|NET_9P"}}};

std::string autofs_missing() {
  return file_system_missing("autofs4", "autofs");
}

const RegisterFeature autofs_feature{{.name = "autofs",
                                      .missing = autofs_missing,
                                      .modules = {{"autofs4"}},
                                      .kconfig = {"AUTOFS_FS|AUTOFS4_FS"}}};

std::string fuse_missing() {
  const Fd fd(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (fd < 0) return unless_done("open(/dev/fuse)", fd);
  return file_system_missing("fuse", "fuse");
}

const RegisterFeature fuse_feature{
    {.name = "fuse", .missing = fuse_missing, .modules = {{"fuse"}}, .kconfig = {"FUSE_FS"}}};

std::string nfs4_missing() {
  const std::string missing = file_system_missing("nfsv4", "nfs4");
  return missing.empty() ? missing
                         : missing + " (a cloud kernel's guest goes without: it loads too slowly)";
}

// NFS takes a guest 20 to 40 s of its clock, and five to ten of the host's.
const RegisterFeature nfs4_feature{{.name = "nfs4",
                                    .missing = nfs4_missing,
                                    .modules = {{"nfsv4", Guests::plain}},
                                    .kconfig = {"NFS_V4"}}};

std::string nfs4_krb5_missing() {
  // Nothing but a whole mount makes the kernel ask for the module, so it is asked for here; a guest
  // has no modprobe, and has what it has.
  Child([] {
    execlp("modprobe", "modprobe", "-q", "rpcsec_gss_krb5", nullptr);
    return 127;
  }).wait();
  if (access("/sys/module/rpcsec_gss_krb5", F_OK) == 0) return nfs4_missing();
  return "module rpcsec_gss_krb5 not available: " + errno_name(errno);
}

const RegisterFeature nfs4_krb5_feature{
    {.name = "nfs4_krb5",
     .missing = nfs4_krb5_missing,
     .modules = {{"nfsv4", Guests::plain}, {"rpcsec_gss_krb5", Guests::plain}},
     .kconfig = {"NFS_V4", "RPCSEC_GSS_KRB5"}}};

}  // namespace
}  // namespace probe
