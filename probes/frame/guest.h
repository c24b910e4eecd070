#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

/// Being /init of a guest: the first process of a machine that exists for one run of the probe.
/// The initramfs has, beside the probe:
///
///     /brokenpipe/arguments    the probe's arguments, one a line
///     /modules/NN-NAME.ko      kernel modules, loaded in the order of NN
namespace probe {

/// Whether we were booted, rather than called.
bool is_guest();

/// The modules that would not load, and the errno of init_module(2).
using FailedModules = std::map<std::string, std::string>;

/// Loads the modules in a folder, in the order of their names (`03-tcp_diag.ko`). That one fails is
/// not fatal: the scenarios that need it will say so.
FailedModules load_modules(const std::string& folder);

/// What is to be run in a guest: the probe's arguments, and what would not load; the exit status is
/// told on the console. Records are to be written to stdout.
using GuestMain =
    std::function<int(const std::vector<std::string>& arguments, const FailedModules& failed)>;

/// Makes a usable machine of a freshly booted kernel, runs `run` in a child with stdout on the
/// second serial port and stderr on the console, and ends the machine when that child is gone,
/// however it went.
[[noreturn]] void be_guest(const GuestMain& run);

}  // namespace probe
