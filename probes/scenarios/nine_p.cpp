#include <sys/mount.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>

#include "probes/base/child.h"
#include "probes/base/fd.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/mount.h"

namespace probe {
namespace {

const Story story{
    "9P2000 gives errors as words, and the kernel has a list of what they mean "
    "(net/9p/error.c:errmap): a server that says \"Broken pipe\" makes any call on its files fail "
    "with EPIPE. No signal goes with it."};

// Answers the first request, whatever it is, with an Rerror of these words.
int refuse(int fd, std::string_view words) {
  constexpr size_t tag_at = 5;  // after the length, four bytes, and the type
  constexpr char rerror = 107;
  std::array<char, 256> request{};
  must("recv", recv(fd, request.data(), request.size(), 0));
  const auto size = static_cast<char>(9 + words.size());
  std::string answer{size, 0, 0, 0, rerror, request.at(tag_at), request.at(tag_at + 1)};
  answer += {static_cast<char>(words.size()), 0};
  answer += words;
  must("send", send(fd, answer.data(), answer.size(), 0));
  return 0;
}

void broken_pipe(Trace& trace) {
  std::array<int, 2> ends{};
  must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()));
  const Fd client(ends[0]);
  const Fd server(ends[1]);
  const Child serving([&] { return refuse(server, "Broken pipe"); });
  const TemporaryFolder folder;
  const std::string end = std::to_string(client);
  const std::string options = "trans=fd,rfdno=" + end + ",wfdno=" + end + ",version=9p2000";
  trace.call("mount", "9p",
             [&] { return mount("nobody", folder.path().c_str(), "9p", 0, options.c_str()); });
}
const Register broken_pipe_entry{{
    .id = "9p/9p-server-says-broken-pipe",
    .asks = "What does a caller get when a 9P server says \"Broken pipe\"?",
    .grounds = {"net/9p/error.c:errmap", "net/9p/client.c:p9_check_errors"},
    .needs = {"9p"},
    .run = broken_pipe,
}};

}  // namespace
}  // namespace probe
