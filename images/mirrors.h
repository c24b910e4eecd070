#pragma once

#include <string>

/// Where packages come from: the addresses of Debian's archive.
namespace brokenpipe {

struct Mirrors {
  std::string main;
  std::string security;

  /// The one that holds a suite.
  const std::string& of(const std::string& suite) const;
};

/// Those that the machine's apt has lists of. Throws Error where they name no archive of Debian's.
Mirrors machine_mirrors();

/// A mirror of the user's choice, and the security archive that goes with it. Throws UsageError
/// where it is no address, and Error where it is a folder that is not there.
Mirrors named_mirrors(const std::string& mirror);

}  // namespace brokenpipe
