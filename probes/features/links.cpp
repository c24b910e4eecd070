#include <fcntl.h>
#include <linux/atm_tcp.h>
#include <linux/atmarp.h>
#include <linux/atmlec.h>
#include <linux/atmmpc.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/features/asking.h"
#include "probes/frame/feature.h"

/// Amateur radio, ATM and Bluetooth: families that come with a kind of link.
namespace probe {
namespace {

// A module whose part of ATM a socket becomes by an ioctl(2).
Missing atm_control_missing(const char* module, unsigned long request, long argument = 0) {
  const Fd fd(socket(AF_ATMPVC, SOCK_DGRAM, 0));
  if (fd >= 0 && ioctl(fd, request, argument) >= 0) return {};
  return module_missing(module, "");
}

Missing atm_missing() {
  constexpr long any_number = -1;
  return atm_control_missing("atmtcp", SIOCSIFATMTCP, any_number);
}

const RegisterFeature atm_feature{
    {.name = "atm", .missing = atm_missing, .modules = {{"atmtcp"}}, .kconfig = {"ATM_TCP"}}};

Missing atm_lane_missing() {
  Missing lane = atm_control_missing("lec", ATMLEC_CTRL);
  return lane.why.empty() ? atm_control_missing("clip", ATMARPD_CTRL) : lane;
}

const RegisterFeature atm_lane_feature{{.name = "atm_lane",
                                        .missing = atm_lane_missing,
                                        .modules = {{"clip"}, {"lec"}},
                                        .kconfig = {"ATM_CLIP", "ATM_LANE"}}};

Missing atm_mpoa_missing() {
  Missing mpoa = atm_control_missing("mpoa", ATMMPC_CTRL);
  return mpoa.why.empty() ? atm_control_missing("clip", ATMARPD_CTRL) : mpoa;
}

const RegisterFeature atm_mpoa_feature{{.name = "atm_mpoa",
                                        .missing = atm_mpoa_missing,
                                        .modules = {{"clip"}, {"mpoa"}},
                                        .kconfig = {"ATM_CLIP", "ATM_MPOA"}}};

Missing ax25_missing() {
  return protocol_missing("ax25", AF_AX25, SOCK_SEQPACKET, 0);
}

// tun serves AX.25 alone, which cloud kernels do not have.
const RegisterFeature ax25_feature{{.name = "ax25",
                                    .missing = ax25_missing,
                                    .modules = {{"bpqether"}, {"tun", Guests::plain}},
                                    .kconfig = {"AX25", "BPQETHER", "TUN"}}};

Missing netrom_missing() {
  return protocol_missing("netrom", AF_NETROM, SOCK_SEQPACKET, 0);
}

const RegisterFeature netrom_feature{
    {.name = "netrom", .missing = netrom_missing, .modules = {{"netrom"}}, .kconfig = {"NETROM"}}};

Missing rfcomm_missing() {
  constexpr int btproto_rfcomm = 3;  // include/net/bluetooth/bluetooth.h
  return protocol_missing("rfcomm", AF_BLUETOOTH, SOCK_STREAM, btproto_rfcomm);
}

const RegisterFeature rfcomm_feature{{.name = "rfcomm",
                                      .missing = rfcomm_missing,
                                      .modules = {{"rfcomm"}},
                                      .kconfig = {"BT_RFCOMM"}}};

Missing rose_missing() {
  return protocol_missing("rose", AF_ROSE, SOCK_SEQPACKET, 0);
}

const RegisterFeature rose_feature{
    {.name = "rose", .missing = rose_missing, .modules = {{"rose"}}, .kconfig = {"ROSE"}}};

Missing vhci_missing() {
  const Fd fd(open("/dev/vhci", O_RDWR | O_CLOEXEC));
  return fd >= 0 ? Missing() : module_missing("hci_vhci", "open: ");
}

const RegisterFeature vhci_feature{{.name = "vhci",
                                    .missing = vhci_missing,
                                    .modules = {{"hci_vhci"}},
                                    .kconfig = {"BT_HCIVHCI"}}};

}  // namespace
}  // namespace probe
