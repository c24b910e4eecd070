#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>

#include "probes/base/fd.h"
#include "probes/base/tcp_state.h"

/// Set-up for scenarios over TCP: everything here works or ends the scenario as `broken`.
namespace probe {

/// Which loopback: 127.0.0.1, ::1, or ::ffff:127.0.0.1 on AF_INET6 sockets.
enum class Over { ipv4, ipv6, v4_mapped };

/// A bound address with its length, as system calls want it.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address loopback(Over over, uint16_t port = 0);
/// Of an address in dotted decimal.
Address ipv4_address(const char* text, uint16_t port = 0);
Address local_address(int fd);
Address peer_address(int fd);

/// Done to a fresh socket before it connects or listens.
using Prepare = std::function<void(int fd)>;

/// A Prepare: 8 KiB for sending and for receiving, which fill soon and do not grow.
void small_buffers(int fd);

/// A TCP socket, neither bound nor connected.
Fd tcp_socket(Over over = Over::ipv4);

struct Listener {
  Fd fd;
  Address address;
};
Listener tcp_listener(Over over = Over::ipv4, int backlog = 16, const Prepare& prepare = {});

/// A listener that drops whatever is sent to it, so that its clients stay in SYN_SENT. Once it is
/// closed, the next SYN is answered by a RST.
Listener silent_listener();

/// A loopback address at which nobody listens, and nobody will as long as `reserved` is open.
struct ClosedPort {
  Fd reserved;
  Address address;
};
ClosedPort closed_port(Over over = Over::ipv4);

/// A non-blocking socket that has begun to connect; what was sent for it by then has been answered.
Fd connecting_socket(const Address& to);

/// Two ends of one connection, both ESTABLISHED. `a`, the end under test, connected; `b` was
/// accepted.
struct Pair {
  Fd a;
  Fd b;
};
Pair tcp_pair(Over over = Over::ipv4, const Prepare& prepare = {});

/// The same over IPv4 for a protocol other than TCP: SOCK_STREAM and IPPROTO_SCTP, say.
Fd inet_socket(int type, int protocol);
Listener inet_listener(int type, int protocol, const Prepare& prepare = {});
Pair inet_pair(int type, int protocol, const Prepare& prepare = {});

/// SO_LINGER {1, 0} and close: the peer gets a RST (net/ipv4/tcp.c:tcp_close).
void abortive_close(Fd& fd);

/// Returns when everything this process has sent over loopback so far, and what it provoked, has
/// been received and answered: a few datagrams to itself, each of which queues behind all that
/// came before (net/core/dev.c:process_backlog is first in, first out on one CPU, and the runner
/// pins a scenario to one). Timers, that of a delayed ACK among them, are not waited for: where
/// a state hangs on one, await_state().
void settle();

/// Looks again and again until `reached`; Broken, saying what did not come, after some seconds.
void await(const std::string& what, const std::function<bool()>& reached);

/// Waits until poll(2) reports one of these events of a socket that a kernel thread serves, not the
/// interrupt of its packets; Broken after some seconds.
void await_events(int fd, short events);

/// Waits until the socket is in this state; Broken after some seconds.
void await_state(int fd, const std::string& state);

/// Closes a TCP socket so that nothing but a timewait bucket remains of it. It ends its side first:
/// an ACK of the FIN that comes while close(2) still owns the socket leaves the socket itself
/// behind, in FIN_WAIT_2 too (net/ipv4/tcp_input.c:tcp_rcv_state_process, sock_owned_by_user()).
void close_leaving_bucket(Fd& fd);

/// The state of an IPv4 connection's end by its addresses, for an end that no process holds any
/// more: `FIN_WAIT2`, and `gone` when the kernel has destroyed it (/proc/net/tcp).
std::string end_state(const Address& local, const Address& remote);

/// For how long an end that nobody holds stays in FIN_WAIT_2: net.ipv4.tcp_fin_timeout as it is.
std::chrono::seconds fin_timeout();

/// From now on nothing that is sent to this socket arrives, nor is it acknowledged; what it sends
/// itself leaves as ever.
void deafen(int fd);

/// Sends, without blocking, until the socket takes no more and stays so.
void fill(int fd);
/// The same by messages of one length, for a socket that keeps them apart.
void fill_with_messages(int fd, size_t length);
/// fill() for a TCP socket whose peer's buffer is to be full to the last octet too, so that the
/// window is 0 and no probe of it finds room.
void fill_closed_window(int fd);

/// Reads until the end of file; the number of bytes read.
long drain(int fd);

/// Sends `length` bytes at once; receives them however they come.
void must_send(int fd, size_t length, int flags = 0);
void must_recv(int fd, size_t length, int flags = 0);

/// shutdown(2); where it sends a FIN, waits until the peer has acknowledged it, which a delayed ACK
/// may do only after 40 ms.
void must_shutdown(int fd, int how);

/// Sets an int socket option.
void set_option(int fd, int level, int name, int value);

}  // namespace probe
