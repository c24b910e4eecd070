#include "tests/support/sample_run.h"

#include "tests/support/result_builder.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

const Json sent{{"returned", 1}};
const Json no_call{{"returned", -1}, {"errno", "ENOSYS"}};
const Json not_supported{{"returned", -1}, {"errno", "EOPNOTSUPP"}};
const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
const Json silent{{"returned", -1}, {"errno", "EPIPE"}};
const Json sigpipe = Json::parse(R"([{"signal":"SIGPIPE","code":"SI_USER","pid":"self"}])");
const Json broken_pipe{{"returned", -1}, {"errno", "EPIPE"}, {"signals", sigpipe}};
const Json hung_up{{"revents", {"POLLIN", "POLLOUT", "POLLHUP", "POLLRDHUP"}}};

/// What a kernel as 3.16 answers.
std::vector<Observation> answers() {
  return {killed("entry/listening/aio", "SIGSEGV", {step("io_submit#1", {{"returned", "never"}})}),
          ended("entry/listening/io-uring-send", ScenarioEnding::unsupported, "no io_uring"),
          completed("entry/listening/pwritev2-nowait", {step("pwritev2#1", no_call)}),
          completed("entry/never-connected/pwritev2-nowait", {step("pwritev2#1", no_call)}),
          completed("tcp/close-wait-rst",
                    {step("send#1", sent), step("send#2", broken_pipe), step("poll#1", hung_up)}),
          completed("tcp/repair", {step("setsockopt#1", {{"returned", 0}})})};
}

/// The same from 6.4 on, where io_uring and pwritev2 are there and AIO on a socket is harmless.
std::vector<Observation> newer_answers() {
  std::vector<Observation> newer = answers();
  newer[0] = completed("entry/listening/aio", {step("io_submit#1", {{"returned", 1}})});
  newer[1] = completed("entry/listening/io-uring-send", {step("io_uring#1", silent)});
  newer[2].steps[0].seen = broken_pipe;
  newer[3].steps[0].seen = broken_pipe;
  newer[4].steps.push_back(step("so_error#1", {{"so_error", "0"}}));
  newer.push_back(completed("tcp/unheard-of", {step("send#1", sent)}));
  return newer;
}

RunResult kernel(const std::string& id, const std::string& release,
                 std::vector<Observation> observations) {
  RunResult run = result(release, std::move(observations));
  run.kernel.id = id;
  run.kernel.machine = "x86_64";
  run.guest.accelerator = "tcg";
  run.guest.qemu = "7.2.0";
  run.guest.libvirt = "9.0.0";
  run.guest.boot_image = "pvh";
  run.guest.cmdline = "panic=-1";
  run.guest.timings = {{"boot", 2.25}, {"run", 7.5}};
  run.probe = {"0.1.0", std::string(64, 'b'), {}};
  return run;
}

RunResult as_3_16() {
  return kernel("debian-3.16", "3.16.0-11-amd64", answers());
}

RunResult explained() {
  return kernel("debian-6.12", "6.12.107+deb12-cloud-amd64", newer_answers());
}

/// Differs where no change explains it, lacks a feature, and does not repeat.
RunResult unexplained() {
  RunResult run = kernel("debian-7.1", "7.1.13-cloud-amd64", newer_answers());
  run.observations[2].steps[0].seen = not_supported;
  run.observations[4].steps[1].seen = reset;
  run.observations[4].steps.erase(run.observations[4].steps.begin() + 2);
  run.observations[5] = ended("tcp/repair", ScenarioEnding::unsupported, "no TCP_REPAIR");
  run.observations[3].disagreeing = {
      completed("entry/never-connected/pwritev2-nowait", {step("pwritev2#1", not_supported)})};
  return run;
}

/// Came as far as the second scenario, where something of ours failed.
RunResult panicked() {
  RunResult run = kernel("debian-7.3", "7.3-rc7-cloud-amd64", newer_answers());
  run.observations.resize(2);
  run.observations[1] =
      ended("entry/listening/io-uring-send", ScenarioEnding::broken, "bind: Address | in use");
  run.guest.ending = GuestEnding::panic;
  run.guest.reason = "Attempted to kill init! <exitcode=0x0b>";
  return run;
}

Change pwritev2_change(const std::string& id, KernelVersion mainline, const Json& before,
                       const Json& after) {
  Change change;
  change.id = id;
  change.says = "pwritev2(RWF_NOWAIT) on a socket answers otherwise.";
  change.mainline = mainline;
  change.commit = "0123456789abcdef0123456789abcdef01234567";
  change.subject = "vfs: " + id;
  change.source = "made up for this test";
  change.moves = {{{"entry/*/pwritev2-nowait"}, "pwritev2#1", before, after}};
  return change;
}

}  // namespace

RunResult sample_reference() {
  RunResult reference = result("3.16.0", answers());
  reference.guest = {};
  reference.from_sources = true;
  for (Observation& observation : reference.observations) {
    observation.basis = Basis::measured;
    for (Step& step : observation.steps) step.basis = Basis::measured;
  }
  reference.observations[4].steps[1].basis = Basis::derived;
  reference.observations[4].steps[1].lines = "net/core/stream.c:176 sk_stream_error";
  return reference;
}

Changes sample_changes() {
  Changes changes{{pwritev2_change("pwritev2-appears", {4, 6, 0}, no_call, not_supported),
                   pwritev2_change("sockets-nowait", {6, 4, 0}, not_supported, broken_pipe),
                   pwritev2_change("never-seen", {6, 2, 0}, not_supported, reset)}};
  Change aio = pwritev2_change("aio-on-sockets", {3, 19, 0}, no_call, sent);
  aio.says = "Asynchronous I/O on a socket is served; it was a kernel bug.";
  aio.stable = {{3, 18, 2}};
  aio.until = KernelVersion{99, 0, 0};
  aio.moves = {{{"entry/*/aio"},
                "ending",
                {{"ending", "killed"}, {"signal", "SIGSEGV"}},
                {{"ending", "completed"}}},
               {{"entry/*/aio"}, "io_submit#1", {{"returned", "never"}}, sent}};
  changes.changes.push_back(aio);
  return changes;
}

ReportData sample_run() {
  RunRecord run;
  run.id = "20261122T161005Z";
  run.started = "2026-11-22T16:10:05Z";
  run.command_line = {"brokenpipe", "run", "--repeat", "2"};
  run.qemu = "7.2.0";
  run.libvirt = "9.0.0";
  run.uname = "Linux 6.1.0 x86_64";

  ReportData data{run, sample_reference().kernel, sample_changes(), {}, std::nullopt};
  for (const RunResult& kernel : {as_3_16(), explained(), unexplained()})
    data.kernels.push_back({{kernel.kernel.id, KernelState::done, ""}, kernel, std::nullopt});
  data.kernels.push_back(
      {{"debian-7.3", KernelState::failed, "panic: Attempted to kill init! <exitcode=0x0b>"},
       panicked(),
       std::nullopt});
  data.kernels.push_back({{"debian-5.10", KernelState::failed, "QEMU could not be started"},
                          std::nullopt,
                          std::nullopt});
  data.kernels.push_back({{"debian-6.16", KernelState::not_offered, "6.16 has left the mirror"},
                          std::nullopt,
                          std::nullopt});
  data.kernels.push_back({{"debian-6.1", KernelState::planned, ""}, std::nullopt, std::nullopt});
  for (KernelReport& kernel : data.kernels) {
    data.run->kernels.push_back(kernel.plan);
    if (kernel.result) kernel.diff = diff(sample_reference(), *kernel.result, data.changes);
  }
  return data;
}

}  // namespace brokenpipe
