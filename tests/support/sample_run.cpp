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
const Json hung_up_alone = Json::parse(R"({"revents":["POLLHUP"]})");

/// What a kernel as 3.16 answers.
std::vector<Observation> answers() {
  return {killed("entry/listening/aio", "SIGSEGV", {step("io_submit#1", {{"returned", "never"}})}),
          ended("entry/listening/io-uring-send", ScenarioEnding::unsupported, "no io_uring"),
          completed("entry/listening/pwritev2-nowait", {step("pwritev2#1", no_call)}),
          completed("entry/never-connected/pwritev2-nowait", {step("pwritev2#1", no_call)}),
          completed("tcp/close-wait-rst",
                    {step("send#1", sent), step("send#2", broken_pipe), step("poll#1", hung_up)}),
          completed("tcp/repair", {step("setsockopt#1", {{"returned", 0}})}),
          ended("vsock/loopback", ScenarioEnding::unsupported, "no vsock: socket: EAFNOSUPPORT")};
}

/// The same from 6.4 on, where io_uring and pwritev2 are there and AIO on a socket is harmless.
std::vector<Observation> newer_answers() {
  std::vector<Observation> newer = answers();
  newer[0] = completed("entry/listening/aio", {step("io_submit#1", {{"returned", 1}})});
  newer[1] = completed("entry/listening/io-uring-send", {step("io_uring#1", silent)});
  newer[2].steps[0].seen = broken_pipe;
  newer[3].steps[0].seen = broken_pipe;
  newer[4].steps.push_back(step("so_error#1", {{"so_error", "0"}}));
  newer[6] = completed("vsock/loopback", {step("send#1", sent), step("send#2", silent)});
  newer.insert(newer.begin() + 6, completed("tcp/unheard-of", {step("send#1", sent)}));
  return newer;
}

Observation without_module() {
  return ended("vsock/loopback", ScenarioEnding::unsupported,
               "no vsock: module vsock_loopback not available: EAFNOSUPPORT");
}

RunResult kernel(const std::string& id, const std::string& release,
                 std::vector<Observation> observations) {
  RunResult run = result(release, std::move(observations));
  run.kernel.id = id;
  run.kernel.machine = "x86_64";
  run.kernel.package = "linux-image=" + release.substr(0, release.find_first_of("+-")) + "-1";
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

/// Has lost a change, differs where no change ever did, warns, lacks a feature, could not be asked
/// for another, and does not repeat.
RunResult unexplained() {
  RunResult run = kernel("debian-7.1", "7.1.13-cloud-amd64", newer_answers());
  run.observations[0].steps.push_back(step("kernel#1", {{"report", "WARNING in aio_complete"}}));
  run.observations[0].steps.back().args = "log";
  run.observations[2].steps[0].seen = no_call;
  run.observations[4].steps[1].seen = reset;
  run.observations[4].steps.erase(run.observations[4].steps.begin() + 2);
  run.observations[5] = ended("tcp/repair", ScenarioEnding::unsupported, "no TCP_REPAIR");
  run.observations[5].feature = "tcp_repair";
  run.observations[5].proof = "ENOPROTOOPT";
  run.observations[7] = without_module();
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

/// Somebody's own build of 6.3, with one change too many and one too few.
RunResult own_tree() {
  RunResult run = kernel("own-tree", "6.3.0", newer_answers());
  run.kernel.package = "build/arch/x86/boot/bzImage";
  run.observations[2].steps[0].seen = not_supported;
  run.observations[3].steps[0].seen = no_call;
  run.observations[4].steps[2].seen = hung_up_alone;
  run.observations[7] = without_module();
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

/// A change that brings a scenario as those kernels answer it that have it.
Change introduction(const std::string& id, KernelVersion mainline, std::size_t which,
                    std::optional<KernelVersion> recorded_on) {
  Change change = pwritev2_change(id, mainline, {}, {});
  change.says = "It can be asked at all.";
  change.moves.clear();
  Observation answer = newer_answers()[which];
  answer.basis = recorded_on ? Basis::recorded : Basis::derived;
  if (!recorded_on) answer.lines = "v5.1 fs/io_uring.c:io_send";
  for (Step& step : answer.steps) {
    step.basis = answer.basis;
    step.lines = answer.lines;
  }
  change.introduces = {{answer, recorded_on}};
  return change;
}

}  // namespace

RunResult sample_reference() {
  RunResult reference = result("3.16.0", answers());
  reference.guest = {};
  reference.from_sources = true;
  for (Observation& observation : reference.observations) {
    observation.basis = Basis::recorded;
    for (Step& step : observation.steps) step.basis = Basis::recorded;
  }
  reference.observations[4].steps[1].basis = Basis::derived;
  reference.observations[4].steps[1].lines = "net/core/stream.c:176 sk_stream_error";
  return reference;
}

Changes sample_changes() {
  Changes changes{{pwritev2_change("pwritev2-appears", {4, 6, 0}, no_call, not_supported),
                   pwritev2_change("sockets-nowait", {6, 4, 0}, not_supported, broken_pipe),
                   introduction("io-uring", {5, 1, 0}, 1, std::nullopt),
                   introduction("vsock-loopback", {5, 6, 0}, 7, KernelVersion{6, 12, 107})}};
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
  Change polled = pwritev2_change("poll-tells-less", {7, 2, 0}, hung_up, hung_up_alone);
  polled.says = "poll(2) tells POLLHUP alone.";
  polled.moves[0].scenarios = {"tcp/close-wait-rst"};
  polled.moves[0].step = "poll#1";
  changes.changes.push_back(polled);
  return changes;
}

WaiversOn sample_waivers() {
  return {{{{"own-tree-without-modules",
             {"own-*"},
             {"vsock/*"},
             "The tree is built without modules.",
             "somebody",
             "2027-06-30"},
            {"mirror-was-down",
             {"debian-7.1"},
             {"*"},
             "The mirror was down.",
             "the maintainers",
             "2026-01-31"}}},
          "2026-11-22"};
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
  data.kernels.push_back({{"own-tree", KernelState::done, ""}, own_tree(), std::nullopt});
  data.waivers = sample_waivers();
  for (KernelReport& kernel : data.kernels) {
    data.run->kernels.push_back(kernel.plan);
    if (!kernel.result) continue;
    kernel.diff = diff(sample_reference(), *kernel.result, data.changes);
    apply_waivers(*kernel.diff, data.waivers);
  }
  return data;
}

}  // namespace brokenpipe
