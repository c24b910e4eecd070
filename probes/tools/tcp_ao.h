#pragma once

/// TCP's authentication option, as far as scenarios need it: Linux has it since 6.7.
namespace probe {

/// Gives a TCP socket a key for loopback by which it and its peer sign their segments (TCP-AO,
/// RFC 5925; TCP_AO_ADD_KEY with HMAC-SHA-1). 0, or -1 and errno.
int authenticate_loopback(int fd);

}  // namespace probe
