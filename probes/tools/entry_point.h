#pragma once

#include <functional>
#include <string>
#include <vector>

#include "probes/frame/trace.h"
#include "probes/tools/net.h"

/// Every way into the kernel by which a process writes to a socket.
namespace probe {

struct EntryPoint {
  /// Part of scenario ids: `pwritev2-nowait`.
  std::string name;
  /// In a sentence: "What does ... get on a socket that".
  std::string words;
  /// Where Linux 3.16 takes it to the socket.
  std::vector<std::string> grounds;
  std::vector<std::string> needs = {};
  /// Takes MSG_* flags, so there is a variant with MSG_NOSIGNAL.
  bool takes_flags = false;
  /// As Scenario::last.
  bool last = false;
  /// To be done to a fresh socket, if anything.
  Prepare prepare = {};
  /// Sets up what the call needs beside the socket, makes the call as a step of the trace, and
  /// looks at what it may have left outside of the socket. `flags`: MSG_NOSIGNAL or 0.
  std::function<void(Trace& trace, int socket, int flags)> call;
};

const std::vector<EntryPoint>& entry_points();

}  // namespace probe
