#pragma once

#include "probes/base/fd.h"
#include "probes/frame/trace.h"

/// Set-up for scenarios over pipes: everything here works or ends the scenario as `broken`.
namespace probe {

/// The two ends of a pipe(2).
struct Pipe {
  Fd reader;
  Fd writer;
};

/// `flags` as of pipe2(2).
Pipe make_pipe(int flags = 0);

/// A pipe with as many bytes in it.
Pipe pipe_holding(size_t length);

/// A pipe that takes not one byte more.
Pipe full_pipe(int flags = 0);

/// FIONREAD as a step: how many bytes are in the pipe.
void look_into(Trace& trace, const Pipe& pipe);

}  // namespace probe
