#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "results/base/file.h"
#include "results/base/unique_fd.h"
#include "tests/faults/bench.h"

/// The faults of processes: ours and the virtual machine are killed, stopped, told to end, and go
/// without memory, processes or disk.
namespace brokenpipe::testing {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* booting = "booting";

// Of an interrupted run, brought to its end.
Outcome resumed(const Bench& bench, int interrupted_with) {
  const fs::path run = bench.last_run();
  if (run.empty()) {
    Outcome none;
    none.complaints.emplace_back("there is no run to resume");
    return none;
  }
  Outcome outcome = bench.run({"run", "--resume", run.string()});
  if (outcome.exit_code != 0)
    outcome.complaints.push_back(fmt::format("--resume ended with {}", outcome.exit_code));
  outcome.exit_code = interrupted_with;
  return outcome;
}

// What is killed while the guest boots; then the run is resumed.
Outcome kill_and_resume(const Bench& bench, const std::vector<std::size_t>& which, int signal) {
  const auto process = bench.start(bench.run_words("none"));
  process->until(booting);
  const std::vector<pid_t> ours = our_processes(*process);
  for (const std::size_t one : which) {
    if (one < ours.size()) kill(ours[one], signal);
  }
  const int exit_code = process->wait();
  const std::string said = process->err();
  Outcome outcome = resumed(bench, exit_code);
  outcome.err = said + outcome.err;
  return outcome;
}

Outcome kill_front(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {0}, SIGKILL);
}
Outcome kill_guard(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {1}, SIGKILL);
}
Outcome kill_worker(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {2}, SIGKILL);
}
Outcome kill_all(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {1, 2, 0}, SIGKILL);
}
Outcome interrupt(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {0}, SIGINT);
}
Outcome terminate(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {0}, SIGTERM);
}
Outcome hang_up(const Bench& bench, const Fault& /*fault*/) {
  return kill_and_resume(bench, {0}, SIGHUP);
}

// While the probe is asked for its list, which takes long here: before there is a run.
Outcome signal_early(const Bench& bench, int signal) {
  const fs::path slow = bench.folder() / "slow-probe";
  write_file(slow, "#!/bin/sh\n[ \"$1\" = --list ] && : >\"$0.asked\" && sleep 20\nexec " HOSTILE
                   " \"$@\"\n");
  chmod(slow.c_str(), 0755);
  const auto process =
      bench.start({"run", faulty_kernel, "--probe", slow.string(), "--out", bench.out().string()});
  const bool asked =
      await([&] { return fs::exists(slow.string() + ".asked"); }, std::chrono::seconds(10));
  kill(process->pid(), signal);
  Outcome outcome = bench.finish(*process);
  if (!asked) outcome.complaints.emplace_back("the probe was not asked for its list");
  return outcome;
}

Outcome terminate_early(const Bench& bench, const Fault& /*fault*/) {
  return signal_early(bench, SIGTERM);
}
Outcome hang_up_early(const Bench& bench, const Fault& /*fault*/) {
  return signal_early(bench, SIGHUP);
}
Outcome interrupt_early(const Bench& bench, const Fault& /*fault*/) {
  return signal_early(bench, SIGINT);
}

// A mirror that takes every connection and never says a word, at a port of this machine.
class SilentMirror {
 public:
  SilentMirror() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address_), size) != 0 ||
        listen(listener_.get(), SOMAXCONN) != 0)
      throw std::runtime_error("no port to listen at");
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address_), &size);
  }
  std::string address() const {
    return fmt::format("http://127.0.0.1:{}", ntohs(address_.sin_port));
  }
  // Until somebody asks it.
  void await_caller() const {
    pollfd caller{listener_.get(), POLLIN, 0};
    constexpr int most = 30000;
    poll(&caller, 1, most);
  }

 private:
  UniqueFd listener_;
  sockaddr_in address_{};
};

Outcome terminate_fetching(const Bench& bench, const Fault& fault) {
  const SilentMirror mirror;
  const auto process = bench.start(bench.run_words(
      fault.mode, {"--store", (bench.folder() / "store").string(), "--mirror", mirror.address()}));
  mirror.await_caller();
  kill(process->pid(), SIGTERM);
  return bench.finish(*process);
}

// Signals to the virtual machine while a scenario in it sleeps.
Outcome signal_guest(const Bench& bench, const Fault& fault, int signal) {
  const auto process = bench.start(bench.run_words("idle", fault.arguments));
  process->until(booting);
  const pid_t guest = bench.guest();
  // It is in its second scenario then, and no program that is being loaded.
  const auto is_there = [&] {
    const fs::recursive_directory_iterator files(bench.tmp());
    return std::any_of(begin(files), end(files), [](const auto& entry) {
      return entry.path().filename() == "records.txt" &&
             read_file(entry.path()).find("sigpipe-ignored") != std::string::npos;
    });
  };
  Outcome nobody;
  nobody.complaints.emplace_back("no guest was seen in its second scenario");
  if (!await(is_there, std::chrono::seconds(40)) || guest < 0) return nobody;
  kill(guest, signal);
  return bench.finish(*process);
}

Outcome kill_guest(const Bench& bench, const Fault& fault) {
  return signal_guest(bench, fault, SIGKILL);
}
Outcome stop_guest(const Bench& bench, const Fault& fault) {
  return signal_guest(bench, fault, SIGSTOP);
}

Outcome three_at_once(const Bench& bench, const Fault& /*fault*/) {
  Outcome outcome = bench.run_at_once(3, bench.run_words("none"));
  std::size_t runs = 0;
  for (const auto& entry : fs::directory_iterator(bench.out())) {
    if (fs::exists(entry.path() / (std::string(faulty_kernel) + ".json"))) ++runs;
  }
  if (runs != 3) outcome.complaints.push_back(fmt::format("{} runs are whole, not three", runs));
  return outcome;
}

// $TMPDIR is a file system of its own, which is filled while the guest boots.
Outcome full_tmp(const Bench& bench, const Fault& fault) {
  const Words below{"unshare",
                    "--mount",
                    "sh",
                    "-c",
                    R"(mount -t tmpfs -o size=160m none "$TMPDIR" && exec "$@")",
                    "sh"};
  const auto process = bench.start(bench.run_words(fault.mode, fault.arguments), below);
  process->until(booting);
  const fs::path inside = fmt::format("/proc/{}/root{}", process->pid(), bench.tmp().string());
  if (bench.guest() >= 0) {
    std::ofstream ballast(inside / "ballast", std::ios::binary);
    const std::string piece(1 << 20, 'x');
    while (ballast.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
    }
  }
  return bench.finish(*process);
}

// No room for what a guest needs from the beginning.
Outcome small_tmp(const Bench& bench, const Fault& fault) {
  const Words below{
      "unshare", "--mount", "sh", "-c", R"(mount -t tmpfs -o size=1m none "$TMPDIR" && exec "$@")",
      "sh"};
  const auto process = bench.start(bench.run_words(fault.mode, fault.arguments), below);
  return bench.finish(*process);
}

// A user who may have as many processes as the orchestrator alone needs, and no more.
Outcome process_limit(const Bench& bench, const Fault& fault) {
  constexpr unsigned nobody_elses = 54321;
  bench.use_own_cache();
  bench.give_to(nobody_elses);
  const std::string id = std::to_string(nobody_elses);
  const Words below{"setpriv",        "--reuid",         id,        "--regid",   id,
                    "--clear-groups", "--inh-caps=-all", "prlimit", "--nproc=12"};
  const auto process = bench.start(bench.run_words(fault.mode, fault.arguments), below);
  Outcome outcome = bench.finish(*process);
  if (outcome.err.find("Install QEMU") != std::string::npos)
    outcome.complaints.emplace_back("it says that QEMU is not installed");
  return outcome;
}

// What the virtual machine may do to this one.
Outcome look_at_guest(const Bench& bench, const Fault& fault) {
  const auto process = bench.start(bench.run_words("idle", fault.arguments));
  process->until(booting);
  const pid_t guest = bench.guest();
  const std::string status =
      guest < 0 ? std::string() : read_file(fmt::format("/proc/{}/status", guest));
  Outcome outcome = bench.finish(*process);
  if (status.empty()) outcome.complaints.emplace_back("no guest was seen");
  if (status.find("\nUid:\t0\t") != std::string::npos)
    outcome.complaints.emplace_back("QEMU is root");
  for (const char* set : {"CapPrm", "CapEff"}) {
    if (status.find(fmt::format("\n{}:\t0000000000000000\n", set)) == std::string::npos)
      outcome.complaints.push_back(fmt::format("QEMU has capabilities ({})", set));
  }
  return outcome;
}

// Whoever makes files while it is 0 makes them for everybody, and in a program of many threads
// there is always somebody.
Outcome watch_umask(const Bench& bench, const Fault& /*fault*/) {
  const fs::path log = bench.folder() / "strace.txt";
  const Words below{"strace", "-f", "-qq", "-e", "trace=umask", "-o", log.string()};
  const auto process = bench.start({"run", "host", "--probe", HOSTILE, "--scenario",
                                    "sigpipe/sigpipe-ignored", "--out", bench.out().string()},
                                   below);
  Outcome outcome = bench.finish(*process);
  // The probe's own, for a scenario, is the set-up of a process of one thread.
  if (const std::string calls = read_file(log);
      calls.find("umask(000)") != std::string::npos || calls.find("umask(0)") != std::string::npos)
    outcome.complaints.emplace_back("it sets the umask to 0");
  return outcome;
}

constexpr const char* resumable = "--resume";

Expected brought_to_its_end(int exit_code, const Words& says = {}) {
  return {.word = "finished", .exit_code = exit_code, .observations = 2, .says = says};
}

Fault fault(const std::string& name, const std::string& what, const Expected& expected,
            Procedure happen) {
  return {.name = name, .what = what, .expected = expected, .mode = "none", .happen = happen};
}

}  // namespace

std::vector<Fault> process_faults() {
  const Expected nothing_yet{
      .word = "none", .exit_code = 130, .log = false, .says = {"nterrupted"}};
  std::vector<Fault> all{
      fault("TheCommandIsKilled", "SIGKILL to the process that the user sees; then --resume",
            brought_to_its_end(137), kill_front),
      fault("TheSupervisorIsKilled",
            "SIGKILL to the process that looks after guests; then --resume",
            brought_to_its_end(137), kill_guard),
      fault("TheWorkerIsKilled", "SIGKILL to the process that works; then --resume",
            brought_to_its_end(137), kill_worker),
      fault("AllAreKilled", "SIGKILL to all three at once; then --resume", brought_to_its_end(137),
            kill_all),
      fault("CtrlC", "SIGINT while a guest boots; then --resume",
            brought_to_its_end(130, {resumable}), interrupt),
      fault("Terminated", "SIGTERM while a guest boots; then --resume",
            brought_to_its_end(130, {resumable}), terminate),
      fault("HungUp", "SIGHUP while a guest boots; then --resume",
            brought_to_its_end(130, {resumable}), hang_up),
      fault("EarlyCtrlC", "SIGINT before there is a run", nothing_yet, interrupt_early),
      fault("EarlyTerminated", "SIGTERM before there is a run", nothing_yet, terminate_early),
      fault("EarlyHungUp", "SIGHUP before there is a run", nothing_yet, hang_up_early),
      fault("TerminatedWhileFetching", "SIGTERM while a mirror keeps silent", nothing_yet,
            terminate_fetching),
      fault("TheMachineIsKilled", "SIGKILL to QEMU in the middle of a scenario",
            {.word = "died", .observations = 1, .says = {"in scenario sigpipe/sigpipe-ignored"}},
            kill_guest),
      fault("TheMachineIsStopped", "SIGSTOP to QEMU in the middle of a scenario",
            {.word = "no_progress",
             .observations = 1,
             .says = {"in scenario sigpipe/sigpipe-ignored"}},
            stop_guest),
      fault("ThreeAtOnce", "three orchestrators, one folder for runs",
            {.word = "finished", .exit_code = 0, .observations = 2}, three_at_once),
      fault("AFullTmp", "$TMPDIR is full in the middle of a guest",
            {.word = "none", .log = false, .says = {"No space left on device"}}, full_tmp),
      fault("ASmallTmp", "$TMPDIR has no room for a guest",
            {.word = "none", .log = false, .says = {"No space left on device"}}, small_tmp),
      fault("NoMoreProcesses", "a limit of processes that QEMU does not fit below",
            {.word = "none", .log = false, .says = {"process"}}, process_limit),
      fault("TheMachinesRights", "the orchestrator is root, its machine not",
            {.word = "no_progress", .observations = 1}, look_at_guest),
      fault("TheUmask", "no thread of the command sets it to 0",
            {.word = "none", .exit_code = 0, .log = false, .kept = "the result"}, watch_umask),
  };
  for (Fault& one : all) {
    if (one.name == "TheMachineIsStopped" || one.name == "TheMachinesRights")
      one.arguments = {"--no-progress-timeout", "6"};
    if (one.name == "AFullTmp") one.mode = "talk";
  }
  return all;
}

}  // namespace brokenpipe::testing
