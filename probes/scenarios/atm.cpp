#include <linux/atm.h>
#include <linux/atm_tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

#include "probes/child.h"
#include "probes/must.h"
#include "probes/net.h"
#include "probes/scenario.h"

// ATM over an interface in software, whose cells a process carries (drivers/atm/atmtcp.c). When the
// interface goes, its circuits have EPIPE pending and say so to nobody who sends: send asks for the
// circuit's state, gives EPIPE and raises SIGPIPE whatever its flags (net/atm/common.c:
// vcc_sendmsg).
namespace probe {
namespace {

Fd atm_socket() {
  return Fd(must("socket(AF_ATMPVC)", socket(AF_ATMPVC, SOCK_DGRAM, 0)));
}

// The driver of an interface: whoever wants to open a circuit gets it.
int grant_circuits(int control) {
  for (;;) {
    std::array<char, 4096> request{};
    const ssize_t length = recv(control, request.data(), request.size(), 0);
    must("recv", length);
    must("send", send(control, request.data(), static_cast<size_t>(length), 0));
  }
}

void interface_gone(Trace& trace) {
  Fd control = atm_socket();
  constexpr unsigned long any_number = -1UL;
  const int interface = must("ioctl(SIOCSIFATMTCP)", ioctl(control, SIOCSIFATMTCP, any_number));
  Child driver([&] { return grant_circuits(control); });
  control.close();

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
  circuit.sap_addr.vci = 100;
  must("connect", connect(fd, reinterpret_cast<const sockaddr*>(&circuit), sizeof circuit));

  driver.kill(SIGKILL);
  driver.wait();
  trace.poll(fd);
  trace.send(fd);
  trace.send(fd, 1, MSG_NOSIGNAL);
  trace.recv(fd);
  trace.so_error(fd);
}
const Register interface_gone_entry{{
    .id = "atm/atm-interface-gone",
    .asks = "What does an ATM circuit tell its owner when its interface is gone?",
    .grounds = {"net/atm/common.c:atm_dev_release_vccs", "net/atm/common.c:vcc_sendmsg"},
    .needs = {"atm"},
    .run = interface_gone,
}};

}  // namespace
}  // namespace probe
