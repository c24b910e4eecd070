#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "images/modules.h"

/// The initramfs that a guest boots with: the probe, its arguments and the modules.
namespace brokenpipe {

/// A file of this machine, executable by all, at a path of the guest's.
struct CarriedFile {
  std::filesystem::path from;
  std::string to;  ///< absolute: `/usr/bin/strace`
};

/// What goes into a guest.
struct InitramfsContents {
  std::filesystem::path probe;          ///< becomes /init
  std::vector<KernelModule> modules;    ///< in the order of loading
  std::vector<std::string> arguments;   ///< of the probe: /brokenpipe/arguments, a line each
  std::vector<CarriedFile> files = {};  ///< beside all that, for programs other than ours
};

/// A newc cpio archive, the same bytes for the same contents on every machine: no times, owners
/// or inode numbers of this one. /modules/NN-name.ko keep the order of loading. Throws Error where
/// a file cannot be read.
std::string initramfs(const InitramfsContents& contents);

}  // namespace brokenpipe
