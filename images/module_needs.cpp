#include "images/module_needs.h"

#include <algorithm>
#include <map>
#include <set>

namespace brokenpipe {
namespace {

// Only what a kernel would otherwise fetch by modprobe(8), which a guest does not have: what a
// module depends on comes with it.
const std::map<std::string, std::vector<std::string>> modules_by_need{
    {"9p", {"9p", "9pnet_fd"}},
    {"atm", {"atmtcp"}},
    {"atm_lane", {"clip", "lec"}},
    {"atm_mpoa", {"clip", "mpoa"}},
    {"autofs", {"autofs4"}},
    {"ax25", {"bpqether", "tun"}},
    {"dccp", {"dccp_ipv4"}},
    {"fuse", {"fuse"}},
    {"ipv6", {"ipv6"}},
    {"kcm", {"kcm"}},
    // The cipher by its parts: tls asks for gcm(aes) by that name.
    {"ktls", {"aes_generic", "ctr", "ghash_generic", "gcm", "tls"}},
    {"netrom", {"netrom"}},
    {"nfs4", {"nfsv4"}},
    {"nfs4_krb5", {"nfsv4", "rpcsec_gss_krb5"}},
    {"packet", {"af_packet"}},
    {"rfcomm", {"rfcomm"}},
    {"rose", {"rose"}},
    {"sctp", {"sctp"}},
    {"smc", {"smc"}},
    {"sock_destroy", {"tcp_diag"}},
    {"tipc", {"tipc"}},
    {"vhci", {"hci_vhci"}},
    {"vsock", {"vsock_loopback"}},
};

// NFS takes a guest 20 to 40 s of its clock, and five to ten of the host's; tun serves AX.25 alone,
// which cloud kernels do not have.
const std::set<std::string> not_for_cloud_kernels{"nfsv4", "rpcsec_gss_krb5", "tun"};

}  // namespace

std::vector<std::string> modules_for(const std::vector<std::string>& needs) {
  std::vector<std::string> modules;
  for (const auto& [need, names] : modules_by_need) {
    if (std::find(needs.begin(), needs.end(), need) == needs.end()) continue;
    modules.insert(modules.end(), names.begin(), names.end());
  }
  return modules;
}

std::vector<std::string> worth_loading(std::vector<std::string> modules,
                                       const std::string& release) {
  if (release.find("-cloud-") != std::string::npos) {
    std::erase_if(modules,
                  [](const std::string& module) { return not_for_cloud_kernels.contains(module); });
  }
  return modules;
}

}  // namespace brokenpipe
