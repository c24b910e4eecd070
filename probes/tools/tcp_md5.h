#pragma once

/// TCP's signatures with MD5, as far as scenarios need them.
namespace probe {

/// Gives a TCP socket a key for loopback: what it sends there is signed, and what comes from there
/// has to be (TCP_MD5SIG, RFC 2385). 0, or -1 and errno.
int sign_loopback(int fd);

}  // namespace probe
