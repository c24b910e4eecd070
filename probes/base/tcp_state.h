#pragma once

#include <string>

struct tcp_info;  // of <netinet/tcp.h>, which does not go together with <linux/tcp.h>

/// What may be looked at of a connection without touching it, and the loopback that it runs over.
namespace probe {

/// Brings `lo` up, as a fresh network namespace or a booting guest needs it.
void bring_loopback_up();

/// TCP_INFO of a socket; Broken if it has none.
tcp_info tcp_info_of(int fd);

/// tcpi_state, by the kernel's name without TCP_: `CLOSE_WAIT` (include/net/tcp_states.h).
std::string tcp_state(int fd);
std::string tcp_state_name(int state);

}  // namespace probe
