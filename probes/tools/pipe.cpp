#include "probes/tools/pipe.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "probes/base/must.h"

namespace probe {

Pipe make_pipe(int flags) {
  std::array<int, 2> ends{};
  must("pipe2", pipe2(ends.data(), flags));
  return {Fd(ends[0]), Fd(ends[1])};
}

Pipe pipe_holding(size_t length) {
  Pipe pipe = make_pipe();
  const std::vector<char> bytes(length);
  must("write to a pipe", write(pipe.writer, bytes.data(), length));
  return pipe;
}

Pipe full_pipe(int flags) {
  Pipe pipe = make_pipe(flags);
  const auto capacity =
      static_cast<size_t>(must("fcntl(F_GETPIPE_SZ)", fcntl(pipe.writer, F_GETPIPE_SZ)));
  const std::vector<char> bytes(capacity);
  const ssize_t written = must("write to a pipe", write(pipe.writer, bytes.data(), capacity));
  if (static_cast<size_t>(written) != capacity) throw Broken("a pipe took less than its size");
  return pipe;
}

void look_into(Trace& trace, const Pipe& pipe) {
  const Trace::Step step = trace.begin("fionread", "ioctl", "FIONREAD");
  int left = 0;
  must("ioctl(FIONREAD)", ioctl(pipe.reader, FIONREAD, &left));
  trace.end(step, Json::object({{"value", left}}));
}

}  // namespace probe
