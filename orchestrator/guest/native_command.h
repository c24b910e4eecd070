#pragma once

#include <string>

/// QEMU's command line for people, as `run --dry-run` prints it.
namespace brokenpipe {

/// Makes of libvirt's idea of a QEMU command line (virConnectDomainXMLToNative) one that runs when
/// it is pasted into a shell: without the monitor, the paused start and the secret that only
/// libvirt can use, with files in place of descriptors that only libvirt has. What the guest sees
/// is unchanged. One argument group a line. `program` takes the place of the one that libvirt runs.
std::string runnable_command(const std::string& native, const std::string& program = {});

}  // namespace brokenpipe
