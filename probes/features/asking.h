#pragma once

#include <string>

/// The ways to ask a kernel for a feature that several features share. Each returns why the kernel,
/// or our rights, do not have it; nothing where they do.
namespace probe {

/// The call and what errno says of it, unless it succeeded.
std::string unless_done(const char* call, long returned);

/// A protocol that distributions build as a module of its own, by socket(2).
std::string protocol_missing(const char* module, int family, int type, int protocol);

}  // namespace probe
