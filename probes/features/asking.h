#pragma once

#include <initializer_list>
#include <string>

#include "probes/frame/feature.h"

/// The ways to ask a kernel for a feature that several features share.
namespace probe {

/// The call and what errno says of it, unless it succeeded. `proofs`: the errnos by which this call
/// says that the kernel lacks what was asked for, and nothing else.
Missing unless_done(const char* call, long returned, std::initializer_list<int> proofs = {});

/// A module that distributions build by itself, with the call that it was asked for and errno.
/// Whether the kernel lacks it or the machine has only not got the file, an errno does not tell.
Missing module_missing(const std::string& module, const std::string& call);

/// A protocol with such a module, by socket(2).
Missing protocol_missing(const char* module, int family, int type, int protocol);

}  // namespace probe
