#pragma once

/// Closing a socket that another process holds.
namespace probe {

/// SOCK_DESTROY of a TCP socket over IPv4, found by its addresses as `ss -K` does: what an
/// administrator can do to anybody's connection since Linux 4.5. 0, or -1 and errno.
int sock_destroy(int fd);

}  // namespace probe
