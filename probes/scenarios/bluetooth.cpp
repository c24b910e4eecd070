#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "Bluetooth, as far as it goes without a radio. RFCOMM looks at its shutdown flags before it "
    "asks whether it is connected (net/bluetooth/rfcomm/sock.c:rfcomm_sock_sendmsg). A socket for "
    "a controller is told by a pending EPIPE that the controller is gone "
    "(net/bluetooth/hci_sock.c:hci_sock_dev_event). Neither raises SIGPIPE."};

// include/net/bluetooth/bluetooth.h
constexpr int btproto_hci = 1;
constexpr int btproto_rfcomm = 3;

// include/net/bluetooth/hci_sock.h: of the channel HCI_CHANNEL_RAW.
struct ControllerAddress {
  sa_family_t family;
  uint16_t controller;
  uint16_t channel;
};

void rfcomm_shut_rdwr(Trace& trace) {
  const Fd fd(must("socket", socket(AF_BLUETOOTH, SOCK_STREAM, btproto_rfcomm)));
  trace.shutdown(fd, SHUT_RDWR);
  trace.poll(fd);
  trace.send(fd);
  trace.recv(fd);
}
const Register rfcomm_shut_rdwr_entry{{
    .id = "bluetooth/rfcomm-shut-rdwr",
    .asks = "What does send get on an RFCOMM socket that was never connected and is shut down?",
    .grounds = {"net/bluetooth/rfcomm/sock.c:rfcomm_sock_shutdown",
                "net/bluetooth/rfcomm/sock.c:rfcomm_sock_sendmsg"},
    .needs = {"rfcomm"},
    .run = rfcomm_shut_rdwr,
}};

// A controller in software, there as long as `device` is open (drivers/bluetooth/hci_vhci.c).
struct VirtualController {
  Fd device = Fd(must("open(/dev/vhci)", open("/dev/vhci", O_RDWR | O_CLOEXEC)));
  uint16_t index = create();

 private:
  uint16_t create() const {
    constexpr std::array<uint8_t, 2> create_primary{0xff, 0x00};
    must("write(/dev/vhci)", write(device, create_primary.data(), create_primary.size()));
    // The same two bytes and the index; a command to the controller may come before them.
    std::array<uint8_t, 260> answer{};
    do {
      must("read(/dev/vhci)", read(device, answer.data(), answer.size()));
    } while (answer[0] != create_primary[0]);
    return static_cast<uint16_t>(answer[2] | answer[3] << 8);
  }
};

void controller_gone(Trace& trace) {
  VirtualController controller;
  const Fd fd(must("socket", socket(AF_BLUETOOTH, SOCK_RAW, btproto_hci)));
  const ControllerAddress address{
      .family = AF_BLUETOOTH, .controller = controller.index, .channel = 0};
  must("bind", bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  controller.device.close();
  await_events(fd, POLLERR);
  trace.poll(fd);
  trace.send(fd, 4);
  trace.recv(fd, 100, MSG_DONTWAIT);
  trace.recv(fd, 100, MSG_DONTWAIT);
  trace.so_error(fd);
}
const Register controller_gone_entry{{
    .id = "bluetooth/hci-device-gone",
    .asks = "What does a socket for a Bluetooth controller find when the controller is gone?",
    .grounds = {"net/bluetooth/hci_sock.c:hci_sock_dev_event",
                "net/bluetooth/hci_sock.c:hci_sock_sendmsg"},
    .needs = {"vhci"},
    .own_machine = true,
    .run = controller_gone,
}};

}  // namespace
}  // namespace probe
