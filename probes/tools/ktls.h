#pragma once

/// TLS in the kernel, as far as scenarios need it: Linux has it since 4.13.
namespace probe {

/// Makes an established TCP socket encrypt what it sends (TCP_ULP "tls", TLS_TX with AES-128-GCM).
/// Null, or the call that the kernel refused, with errno.
const char* start_ktls(int fd);

}  // namespace probe
