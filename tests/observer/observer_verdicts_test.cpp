#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/base/error.h"
#include "results/base/folder.h"
#include "results/base/paths.h"
#include "results/base/run_command.h"
#include "tests/observer/observer_guest.h"
#include "tests/observer/selftest_sources.h"
#include "tests/observer/verdicts.h"

/// Test programs that others wrote about the same questions, run in guests: they and the probe
/// must agree.
namespace brokenpipe::testing {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

const json epipe{{"returned", -1}, {"errno", "EPIPE"}};

// The program in a guest, as /observed/NAME.
GuestProgram carried(const fs::path& program, const std::vector<std::string>& arguments) {
  const std::string in_guest = "/observed/" + program.filename().string();
  GuestProgram guest{{in_guest}, {{program, in_guest}}};
  guest.words.insert(guest.words.end(), arguments.begin(), arguments.end());
  return guest;
}

std::vector<std::string> scenarios_of(const std::vector<Claim>& claims) {
  std::vector<std::string> scenarios;
  scenarios.reserve(claims.size());
  for (const Claim& claim : claims) scenarios.push_back(claim.scenario);
  return scenarios;
}

void build(const std::vector<std::string>& words) {
  const CommandResult built = run_command(words);
  if (built.exit_status != 0) throw Error("building a test program of others", built.err);
}

// --- Go -----------------------------------------------------------------------------------------

// $GOROOT/src/os/pipe_test.go of golang-src. What Go's runtime makes of an EPIPE it makes of the
// kernel's: from a descriptor above 2 it returns it, from 1 and 2 it kills itself by SIGPIPE
// unless the program asked to be told (os/signal, "SIGPIPE").
const std::vector<Claim>& claims_of_go() {
  static const std::vector<Claim> claims{
      {"TestEPIPE", "pipe/pipe-no-reader", "write#1", epipe},
      {"TestStdPipe", "pipe/pipe-no-reader", "write#1", epipe},
      {"TestStdPipe", "sigpipe/sigpipe-siginfo-pipe", "write#1", epipe},
      {"TestStdPipe", "sigpipe/sigpipe-default", "waitpid#1", {{"status", "killed by SIGPIPE"}}},
  };
  return claims;
}

fs::path go_tests() {
  const fs::path folder = fs::path(BUILD_FOLDER) / "go";
  make_directories(folder);
  fs::path program = folder / "os.test";
  build({"env", "CGO_ENABLED=0", "GO111MODULE=off", "GOFLAGS=", "GOPATH=" + folder.string(),
         "GOCACHE=" + (folder / "cache").string(), "go", "test", "-c", "-o", program.string(),
         "os"});
  return program;
}

TEST(Observers, GosOwnTestsOfEpipeAgreeWithTheProbe) {
  const GuestProgram program =
      carried(go_tests(), {"-test.v", "-test.run", "^(TestEPIPE|TestStdPipe)$"});
  for (const std::string& kernel : {default_kernels().front(), default_kernels().back()}) {
    const ProgramOutcome outcome = run_in_guest(kernel, program);
    EXPECT_THAT(disagreements(go_verdicts(outcome.output), claims_of_go(),
                              ask_probe(kernel, scenarios_of(claims_of_go()))),
                IsEmpty())
        << kernel << "\n"
        << outcome.output;
  }
}

// --- The kernel's selftests ---------------------------------------------------------------------

// tools/testing/selftests/net/af_unix/unix_connreset.c, whose cases are about recv(2). The ninth,
// a datagram listener, does not apply, and says so itself (XFAIL).
const std::vector<Claim>& claims_of_connreset() {
  static const json end_of_file{{"returned", 0}};
  static const json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
  static const json nothing{{"returned", -1}, {"errno", "EAGAIN"}};
  static const std::vector<Claim> claims{
      {"unix_sock.stream.eof", "unix/unix-stream-peer-closed", "recv#1", end_of_file},
      {"unix_sock.stream.reset_unread_behavior", "unix/unix-stream-peer-closed-unread", "recv#1",
       reset},
      {"unix_sock.stream.reset_closed_embryo", "unix/unix-stream-listener-closed-before-accept",
       "recv#1", reset},
      {"unix_sock.dgram.eof", "unix/unix-dgram-peer-closed", "recv#1", nothing},
      {"unix_sock.dgram.reset_unread_behavior", "unix/unix-dgram-peer-closed-unread", "recv#1",
       nothing},
      {"unix_sock.seqpacket.eof", "unix/unix-seqpacket-peer-closed", "recv#1", end_of_file},
      // The error that recv(2) takes is the pending one, which SO_ERROR reads.
      {"unix_sock.seqpacket.reset_unread_behavior",
       "unix/unix-seqpacket-peer-closed-unread-soerror",
       "so_error#1",
       {{"so_error", "ECONNRESET"}}},
      {"unix_sock.seqpacket.reset_closed_embryo",
       "unix/unix-seqpacket-listener-closed-before-accept", "recv#1", reset},
  };
  return claims;
}

fs::path connreset_test() {
  const fs::path source = selftest_sources() / "net/af_unix/unix_connreset.c";
  fs::path program = fs::path(BUILD_FOLDER) / "unix_connreset";
  build({"cc", "-static", "-O2", "-o", program.string(), source.string()});
  return program;
}

TEST(Observers, TheKernelsOwnTestOfUnixResetsAgreesWithTheProbe) {
  const GuestProgram program = carried(connreset_test(), {});
  for (const std::string& kernel : {default_kernels().front(), default_kernels().back()}) {
    const ProgramOutcome outcome = run_in_guest(kernel, program);
    EXPECT_THAT(disagreements(tap_verdicts(outcome.output), claims_of_connreset(),
                              ask_probe(kernel, scenarios_of(claims_of_connreset()))),
                IsEmpty())
        << kernel << "\n"
        << outcome.output;
  }
}

}  // namespace
}  // namespace brokenpipe::testing
