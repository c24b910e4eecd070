#include <linux/atm.h>
#include <linux/atm_tcp.h>
#include <linux/atmarp.h>
#include <linux/atmlec.h>
#include <linux/atmmpc.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "ATM without an adapter. Circuits that lose what they run on have EPIPE pending "
    "(net/atm/common.c:vcc_release_async), but who sends on one that was in use is not asked about "
    "that: it is EPIPE with SIGPIPE, every time and whatever the flags "
    "(net/atm/common.c:vcc_sendmsg).",
    {("An interface in software is there as long as its driver's socket (drivers/atm/atmtcp.c). A "
      "circuit over it gets its numbers, and so comes into use, by an answer of the driver that "
      "present kernels take from nobody (drivers/atm/atmtcp.c:atmtcp_c_pre_send). Ours has none."),
     ("The socket of an ATMARP daemon is a circuit in use (net/atm/clip.c:atm_init_atmarp), and "
      "can be made one of an emulated LAN or of MPOA, which goes with their daemon (net/atm/lec.c, "
      "mpc.c).")}};

Fd atm_socket() {
  return Fd(must("socket(AF_ATMPVC)", socket(AF_ATMPVC, SOCK_DGRAM, 0)));
}

void interface_gone(Trace& trace) {
  Fd driver = atm_socket();
  constexpr unsigned long any_number = -1UL;
  const int interface = must("ioctl(SIOCSIFATMTCP)", ioctl(driver, SIOCSIFATMTCP, any_number));

  const Fd fd = atm_socket();
  atm_qos quality{};
  quality.aal = ATM_AAL5;
  quality.txtp.traffic_class = ATM_UBR;
  quality.txtp.max_sdu = 1000;
  quality.rxtp = quality.txtp;
  must("setsockopt(SO_ATMQOS)", setsockopt(fd, SOL_ATM, SO_ATMQOS, &quality, sizeof quality));
  sockaddr_atmpvc circuit{};
  circuit.sap_family = AF_ATMPVC;
  circuit.sap_addr.itf = static_cast<short>(interface);
  circuit.sap_addr.vpi = ATM_VPI_UNSPEC;
  circuit.sap_addr.vci = ATM_VCI_UNSPEC;
  must("bind", bind(fd, reinterpret_cast<const sockaddr*>(&circuit), sizeof circuit));

  driver.close();
  trace.poll(fd);
  trace.send(fd);
  trace.recv(fd);
  trace.so_error(fd);
}
const Register interface_gone_entry{{
    .id = "atm/atm-interface-gone",
    .asks = "What does an ATM circuit tell its owner when its interface is gone?",
    .grounds = {"net/atm/common.c:atm_dev_release_vccs"},
    .needs = {"atm"},
    .own_machine = true,
    .run = interface_gone,
}};

// A circuit in use.
Fd circuit_in_use() {
  Fd fd = atm_socket();
  must("ioctl(ATMARPD_CTRL)", ioctl(fd, ATMARPD_CTRL, 0));
  return fd;
}

void look_at_closed(Trace& trace, int fd) {
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd, 1, MSG_NOSIGNAL);
  trace.recv(fd);
  trace.so_error(fd);
}

constexpr const char* vcc_sendmsg = "net/atm/common.c:vcc_sendmsg";

void lane_circuit_closed(Trace& trace) {
  Fd lan = atm_socket();
  const int number = must("ioctl(ATMLEC_CTRL)", ioctl(lan, ATMLEC_CTRL, 0));
  const Fd fd = circuit_in_use();
  atmlec_ioc circuit{};
  circuit.dev_num = number;
  must("ioctl(ATMLEC_DATA)", ioctl(fd, ATMLEC_DATA, &circuit));
  lan.close();
  look_at_closed(trace, fd);
}
const Register lane_circuit_closed_entry{{
    .id = "atm/atm-lane-circuit-closed",
    .asks = "What does an ATM circuit of an emulated LAN get when the LAN's daemon is gone?",
    .grounds = {"net/atm/lec.c:lec_arp_clear_vccs", vcc_sendmsg},
    .needs = {"atm_lane"},
    .own_machine = true,
    .run = lane_circuit_closed,
}};

void must_tell(int client, k_message& message, unsigned short type) {
  message.type = type;
  must("send", send(client, &message, sizeof message, 0));
}

void mpoa_circuit_closed(Trace& trace) {
  Fd client = atm_socket();
  const int number = must("ioctl(ATMMPC_CTRL)", ioctl(client, ATMMPC_CTRL, 0));
  // An address is asked for, and resolved: then it can have a circuit of its own.
  atmmpc_ioc circuit{};
  circuit.dev_num = number;
  circuit.ipaddr = htonl(INADDR_LOOPBACK);
  circuit.type = MPC_SOCKET_INGRESS;
  k_message message{};
  message.content.in_info.in_dst_ip = circuit.ipaddr;
  must_tell(client, message, MPOA_TRIGGER_RCVD);
  must_tell(client, message, MPOA_RES_REPLY_RCVD);
  const Fd fd = circuit_in_use();
  must("ioctl(ATMMPC_DATA)", ioctl(fd, ATMMPC_DATA, &circuit));
  client.close();
  look_at_closed(trace, fd);
}
const Register mpoa_circuit_closed_entry{{
    .id = "atm/atm-mpoa-circuit-closed",
    .asks = "What does an ATM circuit of MPOA get when its daemon is gone?",
    .grounds = {"net/atm/mpoa_caches.c:in_cache_remove_entry", vcc_sendmsg},
    .needs = {"atm_mpoa"},
    .own_machine = true,
    .last = true,  // it leaves a timer behind that runs every second
    .run = mpoa_circuit_closed,
}};

}  // namespace
}  // namespace probe
