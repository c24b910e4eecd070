#pragma once

#include <functional>

/// Seeing to it that no guest outlives the program.
namespace brokenpipe {

/// Runs `run` in a child process and sees to it that nothing which the child started outlives it.
///
/// libvirt daemonizes QEMU, which is why a killed orchestrator leaves its guests running and why a
/// slow init makes each stop last seconds (libvirt waits until the zombie is reaped). So there are
/// two processes above the one that works: this one, which the user sees and signals, and between
/// them a subreaper in a session of its own, which inherits every QEMU, reaps it at once, and when
/// the worker is gone, however it went, ends what is left. It stands apart so that SIGKILL to the
/// process group (`timeout -s KILL`, a CI job that is cancelled) does not end it too; should it be
/// killed itself, this process does its work.
///
/// SIGINT, SIGTERM and SIGHUP are passed on to the worker, which has their default actions until it
/// asks for others; a signal to the whole process group may reach it more than once.
///
/// In the worker returns (or throws) what `run` does; in the process that called, the worker's exit
/// code, or 128 and the signal that killed it. Call it before threads are started. Throws Error
/// where the system has no process to spare.
int supervise(const std::function<int()>& run);

}  // namespace brokenpipe
