#pragma once

#include <string>

#include "orchestrator/guest/hypervisor.h"

/// What to boot, in libvirt's words; who boots it is orchestrator/guest/virt.h.
namespace brokenpipe {

/// The libvirt domain that is `spec`: a `pc` machine with one CPU, two serial ports into files and
/// nothing else. Under the warp clock all that reaches the guest (instruction count, RTC, random
/// seed) is fixed, so that two runs of one spec are the same run.
///
/// Pure; a path or command line with any character in it is escaped. Throws UsageError for the warp
/// clock under KVM, which cannot count instructions.
std::string domain_xml(const BootSpec& spec);

}  // namespace brokenpipe
