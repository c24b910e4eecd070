#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "probes/base/child.h"
#include "probes/base/must.h"
#include "probes/frame/scenario.h"
#include "probes/tools/mount.h"
#include "probes/tools/net.h"

namespace probe {
namespace {

const Story story{
    "The pipes by which the kernel's RPC clients ask daemons (rpc_pipefs). Nobody gets SIGPIPE of "
    "them:",
    {("Each belongs to a client; when that is gone, who has its pipe open gets EPIPE for whatever "
      "he tries, to read too (net/sunrpc/rpc_pipe.c:rpc_close_pipes)."),
     ("A call that waits for what a daemon has read, but not answered when it closes the pipe, "
      "fails with EPIPE (net/sunrpc/auth_gss/auth_gss.c:gss_pipe_release), of which NFS makes "
      "EIO.")}};

// RFC 5531: the record's mark, xid, message type...
using Call = std::array<uint32_t, 64>;

// Accepted, no verifier, success; what the procedure itself answers comes after it.
template <size_t words>
std::array<uint32_t, 7 + words> reply_to(const Call& call,
                                         const std::array<uint32_t, words>& body) {
  std::array<uint32_t, 7 + words> reply{};
  reply[0] = htonl(0x80000000U | (sizeof reply - sizeof reply[0]));
  reply[1] = call[1];
  reply[2] = htonl(1);
  for (size_t i = 0; i < words; ++i) reply[7 + i] = htonl(body[i]);
  return reply;
}

// The first call does nothing.
void answer_null(int client) {
  Call call{};
  must("recv", recv(client, call.data(), sizeof call, 0));
  const auto reply = reply_to<0>(call, {});
  must("send", send(client, reply.data(), sizeof reply, 0));
}

// An NFS server of which nobody gets more than the answer to the first call: a mount from it waits
// for ever.
int serve_null(int listener) {
  const Fd client(must("accept", accept(listener, nullptr, nullptr)));
  answer_null(client);
  return pause();
}

// To whatever has been asked, if anybody still listens: not this version of NFS (RFC
// 8881, 15.1.3.4), no tag, no results.
void refuse(int client) {
  Call call{};
  const ssize_t length = recv(client, call.data(), sizeof call, MSG_DONTWAIT);
  if (length < static_cast<ssize_t>(2 * sizeof call[0])) return;
  constexpr uint32_t minor_version_mismatch = 10021;
  const auto reply = reply_to<3>(call, {minor_version_mismatch, 0, 0});
  [[maybe_unused]] const ssize_t sent =
      send(client, reply.data(), sizeof reply, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int mount_from(const Address& server, const std::string& where) {
  sockaddr_in in{};
  std::memcpy(&in, server.data(), sizeof in);
  const std::string options =
      "vers=4.1,addr=127.0.0.1,clientaddr=127.0.0.1,proto=tcp,sec=sys,port=" +
      std::to_string(ntohs(in.sin_port));
  return mount("127.0.0.1:/", where.c_str(), "nfs4", 0, options.c_str());
}

// A pipe of the NFS client's, once it is there.
std::string client_pipe(const Mount& pipefs, const std::string& name) {
  const std::string clients = pipefs.path() + "/nfs";
  std::string pipe;
  await("the client's pipe " + name, [&] {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(clients.c_str()), closedir);
    if (!directory) return false;
    while (const dirent* entry = readdir(directory.get())) {
      if (!std::string_view(entry->d_name).starts_with("clnt")) continue;
      pipe = clients;
      pipe.append("/").append(entry->d_name).append("/").append(name);
      if (access(pipe.c_str(), F_OK) == 0) return true;
    }
    return false;
  });
  return pipe;
}

// Open, it tells the kernel that there is a daemon for Kerberos, to be waited for.
Fd announce_gssd(const Mount& pipefs) {
  const std::string pipe = pipefs.path() + "/gssd/clntXX/gssd";
  return Fd(must("open", open(pipe.c_str(), O_RDONLY)));
}

// A daemon for Kerberos that has no credentials: what it is asked, it denies
// (net/sunrpc/auth_gss/auth_gss.c:gss_pipe_downcall, gss_fill_context).
void deny_credentials(const std::string& gssd_pipe) {
  const Fd pipe(open(gssd_pipe.c_str(), O_RDWR | O_NONBLOCK));
  if (pipe < 0) return;
  pollfd polled{.fd = pipe, .events = POLLIN, .revents = 0};
  constexpr int until_it_asks = 10;
  must("poll", ::poll(&polled, 1, until_it_asks));
  if ((polled.revents & POLLIN) == 0) return;
  std::array<char, 1024> request{};
  struct {
    uint32_t uid = 0;
    uint32_t seconds = 0;
    uint32_t window = 0;  // none, so an error comes next
    int32_t error = -EACCES;
  } const denial;
  [[maybe_unused]] ssize_t done = read(pipe, request.data(), request.size());
  done = write(pipe, &denial, sizeof denial);
}

bool is_gone(int pipe) {
  pollfd polled{.fd = pipe, .events = 0, .revents = 0};
  must("poll", ::poll(&polled, 1, 0));
  return (polled.revents & POLLHUP) != 0;
}

void client_gone(Trace& trace) {
  const Mount pipefs("rpc_pipefs");
  const Fd gssd = announce_gssd(pipefs);
  const TemporaryFolder folder;
  const Listener listener = tcp_listener();
  Child client([&] { return mount_from(listener.address, folder.path()); });
  await_events(listener.fd, POLLIN);
  const Fd connection(must("accept", accept(listener.fd, nullptr, nullptr)));
  answer_null(connection);
  const std::string idmap = client_pipe(pipefs, "idmap");
  const Fd pipe(must("open", open(idmap.c_str(), O_RDWR)));
  trace.read(pipe);
  trace.write(pipe);
  client.kill(SIGKILL);
  client.wait();
  // What the mount had asked for by then outlives it where the kernel asks asynchronously (4.9:
  // fs/nfs/nfs4proc.c:_nfs4_proc_exchange_id), waits without limit, and keeps the client.
  const std::string gssd_pipe = idmap.substr(0, idmap.rfind('/')) + "/gssd";
  await("the end of the client", [&] {
    if (is_gone(pipe)) return true;
    refuse(connection);
    deny_credentials(gssd_pipe);
    return is_gone(pipe);
  });
  trace.poll(pipe);
  trace.read(pipe);
  trace.write(pipe);
  trace.call("ioctl", "FIONREAD", [&] {
    int length = 0;
    return ioctl(pipe, FIONREAD, &length);
  });
}
const Register client_gone_entry{{
    .id = "rpc-pipefs/rpc-pipefs-client-gone",
    .asks = "What does a daemon get of a pipe in rpc_pipefs whose RPC client is gone?",
    .grounds = {"net/sunrpc/rpc_pipe.c:rpc_close_pipes", "net/sunrpc/rpc_pipe.c:rpc_pipe_read",
                "net/sunrpc/rpc_pipe.c:rpc_pipe_write", "net/sunrpc/rpc_pipe.c:rpc_pipe_ioctl"},
    .needs = {"nfs4"},
    .own_network = true,
    .run = client_gone,
}};

// A daemon for Kerberos that dies of whatever it is asked, and is started again.
int die_of_requests(const Mount& pipefs) {
  const std::string path = client_pipe(pipefs, "gssd");
  for (;;) {
    const Fd pipe(must("open", open(path.c_str(), O_RDONLY)));
    await_events(pipe, POLLIN);
    std::array<char, 1024> request{};
    must("read", read(pipe, request.data(), request.size()));
  }
}

void gssd_gone(Trace& trace) {
  const Mount pipefs("rpc_pipefs");
  const Fd announced = announce_gssd(pipefs);
  const TemporaryFolder folder;
  const Listener listener = tcp_listener();
  const Child server([&] { return serve_null(listener.fd); });
  const Child gssd([&] { return die_of_requests(pipefs); });
  trace.call("mount", "nfs4", [&] { return mount_from(listener.address, folder.path()); });
}
const Register gssd_gone_entry{{
    .id = "rpc-pipefs/rpc-pipefs-gssd-gone",
    .asks = "What does a mount get whose daemon for Kerberos dies of the request?",
    .grounds = {"net/sunrpc/auth_gss/auth_gss.c:gss_pipe_release"},
    .needs = {"nfs4_krb5"},
    .own_network = true,
    .run = gssd_gone,
}};

}  // namespace
}  // namespace probe
