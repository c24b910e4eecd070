#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "probes/base/child.h"
#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/features/asking.h"
#include "probes/frame/feature.h"

/// File systems whose other end is a pipe or a socket.
namespace probe {
namespace {

// Where it is there, a mount without source and options is refused for another reason.
Missing file_system_missing(const char* module, const char* type) {
  if (mount("", "/", type, 0, "") == 0) return {};
  if (errno == EPERM) return unless_done(("mount(" + std::string(type) + ")").c_str(), -1);
  return errno == ENODEV ? module_missing(module, "mount: ") : Missing();
}

Missing nine_p_missing() {
  return file_system_missing("9p", "9p");
}

const RegisterFeature nine_p_feature{{.name = "9p",
                                      .missing = nine_p_missing,
                                      .modules = {{"9p"}, {"9pnet_fd"}},
                                      .kconfig = {"9P_FS", "NET_9P_FD|NET_9P"}}};

Missing autofs_missing() {
  return file_system_missing("autofs4", "autofs");
}

const RegisterFeature autofs_feature{{.name = "autofs",
                                      .missing = autofs_missing,
                                      .modules = {{"autofs4"}},
                                      .kconfig = {"AUTOFS_FS|AUTOFS4_FS"}}};

Missing fuse_missing() {
  const Fd fd(open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (fd < 0) return unless_done("open(/dev/fuse)", fd);
  return file_system_missing("fuse", "fuse");
}

const RegisterFeature fuse_feature{
    {.name = "fuse", .missing = fuse_missing, .modules = {{"fuse"}}, .kconfig = {"FUSE_FS"}}};

Missing nfs4_missing() {
  return file_system_missing("nfsv4", "nfs4");
}

// NFS takes a guest 20 to 40 s of its clock, and five to ten of the host's.
const RegisterFeature nfs4_feature{{.name = "nfs4",
                                    .missing = nfs4_missing,
                                    .modules = {{"nfsv4", Guests::plain}},
                                    .kconfig = {"NFS_V4"}}};

// What is built in and has no parameter stands nowhere below /sys/module; its functions have names.
bool is_built_in(const std::string& functions) {
  std::ifstream symbols("/proc/kallsyms");
  for (std::string line; std::getline(symbols, line);) {
    // `ffffffff81a2b3c0 t gss_krb5_verify_mic_v2`, and for a module `[rpcsec_gss_krb5]` after it.
    const size_t name = line.rfind(' ');
    if (name != std::string::npos && line.compare(name + 1, functions.size(), functions) == 0) {
      return true;
    }
  }
  return false;
}

Missing nfs4_krb5_missing() {
  // First, for it takes no time: the kernel's names are some hundred thousand lines.
  if (Missing missing = nfs4_missing(); !missing.why.empty()) return missing;
  // Nothing but a whole mount makes the kernel ask for the module, so it is asked for here; a guest
  // has no modprobe, and has what it has.
  Child([] {
    execlp("modprobe", "modprobe", "-q", "rpcsec_gss_krb5", nullptr);
    return 127;
  }).wait();
  if (access("/sys/module/rpcsec_gss_krb5", F_OK) == 0 || is_built_in("gss_krb5_")) {
    return {};
  }
  errno = ENOENT;
  return module_missing("rpcsec_gss_krb5", "");
}

const RegisterFeature nfs4_krb5_feature{
    {.name = "nfs4_krb5",
     .missing = nfs4_krb5_missing,
     .modules = {{"nfsv4", Guests::plain}, {"rpcsec_gss_krb5", Guests::plain}},
     .kconfig = {"NFS_V4", "RPCSEC_GSS_KRB5"}}};

}  // namespace
}  // namespace probe
