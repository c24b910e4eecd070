#pragma once

#include "probes/base/fd.h"

/// bpf(2), as far as scenarios need it: Linux has it since 3.18.
namespace probe {

/// Loads a program that returns `verdict` whatever it is given; `type` is BPF_PROG_TYPE_*.
/// Negative, with errno, if it is refused.
Fd load_bpf_program(unsigned type, int verdict);

/// A map of one TCP socket, which it makes send through a BPF program that lets everything pass
/// (net/ipv4/tcp_bpf.c:tcp_bpf_sendmsg). Negative, with errno, if one of the steps is refused;
/// valid as long as it is open.
Fd send_through_sockmap(int tcp_socket);

/// A map of two TCP sockets: what `from` receives, a kernel thread sends on `to` instead
/// (net/core/skmsg.c:sk_psock_backlog). Negative, with errno, if one of the steps is refused;
/// valid as long as it is open.
Fd redirect_by_sockmap(int from, int to);

}  // namespace probe
