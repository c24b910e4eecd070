#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "probes/base/child.h"
#include "probes/base/file.h"
#include "probes/base/must.h"
#include "probes/frame/feature.h"
#include "probes/frame/scenario.h"

/// Scenarios that go wrong in every way that a scenario can, for the contract tests of the probe.
namespace probe {
namespace {

const std::string fin_timeout = "net.ipv4.tcp_fin_timeout";

Scenario faulty(const std::string& what, std::function<void(Trace&)> run) {
  return {.id = "faulty/" + what,
          .asks = "What becomes of a scenario that " + what + "?",
          .grounds = {"tests/probes/faulty_scenarios.cpp"},
          .run = std::move(run)};
}

void note_fin_timeout(Trace& trace) {
  const auto value = read_file("/proc/sys/net/ipv4/tcp_fin_timeout");
  trace.look("sysctl", "read", fin_timeout, Json::object({{"value", value.value_or("none")}}));
}

const Register completes(faulty("completes", [](Trace& trace) {
  trace.call("getppid", "", [] { return getppid() > 0 ? 1 : 0; });
}));

const Register signalled_outside(faulty("is-signalled-outside-its-steps", [](Trace& trace) {
  raise(SIGPIPE);
  trace.call("getuid", "", [] { return 0; });
  raise(SIGPIPE);
}));

const Register hangs([] {
  Scenario scenario = faulty("hangs", [](Trace& trace) {
    trace.call("getuid", "", [] { return 0; });
    trace.call("pause", "", [] { return pause(); });
  });
  scenario.deadline = std::chrono::seconds(1);
  return scenario;
}());

const Register dies(faulty("dies", [](Trace& trace) {
  trace.call("raise", "SIGSEGV", [] { return raise(SIGSEGV); });
}));

const Register throws_broken(faulty("is-broken", [](Trace& trace) {
  trace.call("getuid", "", [] { return 0; });
  must("open", open("/no/such/file", O_RDONLY));
}));

const Register throws(faulty("throws", [](Trace&) { throw std::runtime_error("out of ideas"); }));

const Register throws_no_exception(faulty("throws-what-is-no-exception", [](Trace&) { throw 42; }));

const Register aborts(faulty("aborts", [](Trace& trace) {
  trace.call("abort", "", [] {
    std::abort();
    return 0;
  });
}));

// As the kernel's out-of-memory killer would.
const Register is_killed(faulty("is-killed-by-somebody", [](Trace& trace) {
  trace.call("kill", "SIGKILL", [] { return kill(getpid(), SIGKILL); });
}));

// A child whose end is a step, and how it comes to it.
Scenario with_child(const std::string& what, std::function<int()> body) {
  return faulty("has-a-child-that-" + what, [body = std::move(body)](Trace& trace) {
    Child child(body);
    trace.ended(child.wait());
  });
}

const Register child_dies(with_child("dies", [] { return raise(SIGSEGV); }));
const Register child_aborts(with_child("aborts", [] {
  std::abort();
  return 0;
}));
const Register child_is_killed(with_child("is-killed-by-somebody",
                                          [] { return kill(getpid(), SIGKILL); }));
const Register child_throws(with_child("throws",
                                       []() -> int { throw std::runtime_error("out of ideas"); }));
const Register child_throws_no_exception(with_child("throws-what-is-no-exception",
                                                    []() -> int { throw 42; }));

const Register lacks(faulty("lacks", [](Trace&) { throw Unsupported("no moon"); }));

const Register lacks_by_proof(faulty("lacks-by-proof", [](Trace&) {
  throw Unsupported("no moon: ENOSYS", "moon", "ENOSYS");
}));

const std::string proven_absent = "proven-absent";
const std::string not_there = "not-there";

// Two features that no kernel has: of one it says so, of the other a module may be missing.
const RegisterFeature proven{{.name = proven_absent, .missing = [] {
                                return Missing{"socket: EPROTO", "EPROTO"};
                              }}};
const RegisterFeature unproven{
    {.name = not_there, .missing = [] { return Missing{"module moon not available"}; }}};

Scenario needing(const std::string& feature) {
  Scenario scenario = faulty("needs-what-is-" + feature, [](Trace&) {});
  scenario.needs = {feature};
  return scenario;
}

const Register needs_proven(needing(proven_absent));
const Register needs_unproven(needing(not_there));

const Register exits(faulty("exits", [](Trace&) { _exit(3); }));

const Register needs_unknown([] {
  Scenario scenario = faulty("needs-what-no-feature-is-called", [](Trace&) {});
  scenario.needs = {"the-moon"};
  return scenario;
}());

const Register writes_to_stdout(faulty("writes-to-stdout", [](Trace&) {
  std::puts(R"({"record":"observation"})");
  std::fflush(stdout);
}));

// A process that holds stderr open for as long as it lives.
const Register leaves_a_process(faulty("leaves-a-process", [](Trace&) {
  if (must("fork", fork()) == 0) {
    for (;;) pause();
  }
}));

const Register inherits(faulty("inherits", [](Trace& trace) {
  sigset_t blocked;
  must("sigprocmask", sigprocmask(SIG_BLOCK, nullptr, &blocked));
  struct sigaction action {};
  must("sigaction", sigaction(SIGTERM, nullptr, &action));
  cpu_set_t cpus;
  must("sched_getaffinity", sched_getaffinity(0, sizeof cpus, &cpus));
  trace.look("inherited", "", "",
             Json::object({{"blocked", sigismember(&blocked, SIGUSR1) == 1},
                           {"ignored", action.sa_handler == SIG_IGN},
                           {"leader", getsid(0) == getpid()},
                           {"cpus", CPU_COUNT(&cpus)}}));
}));

const Register sets_a_sysctl([] {
  Scenario scenario = faulty("sets-a-sysctl", note_fin_timeout);
  scenario.sysctls = {{fin_timeout, "7"}};
  return scenario;
}());

const Register shortens_a_timeout([] {
  Scenario scenario = faulty("shortens-a-timeout", note_fin_timeout);
  scenario.shortened = {{fin_timeout, "3"}};
  return scenario;
}());

const Register sets_an_unknown_sysctl([] {
  Scenario scenario = faulty("sets-an-unknown-sysctl", [](Trace&) {});
  scenario.sysctls = {{"net.ipv4.no_such_thing", "1"}};
  return scenario;
}());

const Register runs_last([] {
  Scenario scenario = faulty("at-the-end", [](Trace&) {});
  scenario.last = true;
  return scenario;
}());

// A pause of the machine, of which the probe knows by a look at the clock that comes much too late.
// It concerns all scenarios that run, so these have a family of their own.
void pause_the_probe() {
  const pid_t probe = getppid();
  must("kill", kill(probe, SIGSTOP));
  poll(nullptr, 0, 3500);
  must("kill", kill(probe, SIGCONT));
}

Scenario paused(const std::string& how_often, std::function<void(Trace&)> run) {
  Scenario scenario = faulty(how_often, std::move(run));
  scenario.id = "paused/" + how_often;
  return scenario;
}

// Shared by the attempts, which are processes; so it is mapped before there is any.
int& attempts() {
  static int* const counted = static_cast<int*>(
      mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *counted;
}

const Register paused_once([] {
  attempts() = 0;
  return paused("once", [](Trace& trace) {
    if (++attempts() == 1) pause_the_probe();
    trace.look("attempt", "", "", Json::object({{"number", attempts()}}));
  });
}());

const Register paused_always(paused("always", [](Trace&) { pause_the_probe(); }));

}  // namespace
}  // namespace probe
