#include "tests/site/sample_site.h"

#include <string>
#include <vector>

#include "results/base/file.h"
#include "tests/support/result_builder.h"
#include "tests/support/sample_run.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;

RunRecord record_of(const std::string& id, const std::string& started,
                    const std::vector<KernelReport>& kernels) {
  RunRecord run = *sample_run().run;
  run.id = id;
  run.started = started;
  run.kernels.clear();
  for (const KernelReport& kernel : kernels)
    run.kernels.push_back({kernel.plan.id, KernelState::planned, {}});
  return run;
}

RunDirectory write_run(const std::filesystem::path& folder, const RunRecord& record,
                       const std::vector<KernelReport>& kernels) {
  RunDirectory run = RunDirectory::create(folder, record);
  for (const KernelReport& kernel : kernels) {
    if (kernel.result) {
      run.keep(*kernel.result);
      write_file(run.console_file(kernel.plan.id), "Linux version " + kernel.plan.id + "\n");
    } else if (kernel.plan.state != KernelState::planned) {
      run.mark(kernel.plan.id, kernel.plan.state, kernel.plan.reason);
    }
  }
  run.finish();
  return run;
}

KernelReport hostile_kernel() {
  RunResult result = *sample_run().kernels.at(1).result;
  result.kernel.id = "debian-9.9";
  result.kernel.release = std::string("9.9.1-") + hostile_text;
  result.kernel.version = hostile_text;
  result.kernel.package = hostile_text;
  result.guest.cmdline = hostile_text;
  result.observations[1] =
      ended(result.observations[1].scenario, ScenarioEnding::unsupported, hostile_text);
  result.observations[2].steps[0].seen = {{"returned", -1}, {"errno", hostile_text}};
  return {{"debian-9.9", KernelState::done, ""}, result, std::nullopt};
}

ScenarioList scenario_list(const RunResult& result) {
  ScenarioList list{"0.1.0", {}, {}};
  for (const Observation& observation : result.observations)
    list.scenarios.push_back({observation.scenario,
                              "What does a write get in " + observation.scenario + "?",
                              {"net/ipv4/tcp_input.c:tcp_reset"},
                              {},
                              "sample"});
  list.stories["sample"] = {"A write to nobody, by a few rules:", {"One rule.", hostile_text}, ""};
  return list;
}

}  // namespace

SiteInput sample_site(const std::filesystem::path& folder) {
  std::vector<KernelReport> kernels = sample_run().kernels;
  SiteInput input;
  input.scenarios = scenario_list(sample_reference());
  input.reference = sample_reference();
  input.changes = sample_changes();
  input.waivers = sample_waivers();
  input.archive = {sample_archived()};
  input.assets = std::filesystem::path(PROJECT_FILES) / "orchestrator" / "site";
  input.runs.push_back(
      write_run(folder, record_of("20261121T010000Z", "2026-11-21T01:00:00Z", kernels), kernels));
  kernels.at(1).result->observations[4].steps[1].seen = {{"returned", -1}, {"errno", "EPIPE"}};
  kernels.push_back(hostile_kernel());
  const RunDirectory second =
      write_run(folder, record_of("20261122T010000Z", "2026-11-22T01:00:00Z", kernels), kernels);
  write_file(second.console_file("debian-9.9"),
             std::string("\x1b[31m") + hostile_text + "\xff\xfe\n");
  input.runs.push_back(second);
  return input;
}

RunResult sample_archived() {
  RunResult archived = *sample_run().kernels.front().result;
  archived.kernel.id = "linux-4.14.67";
  archived.kernel.release = "4.14.67";
  archived.kernel.version = "#1 SMP";
  archived.kernel.package = "own build of 4.14.67";
  return archived;
}

SiteInput large_site(const std::filesystem::path& folder) {
  const Json failed{{"returned", -1}, {"errno", "EPIPE"}};
  const Json reset{{"returned", -1}, {"errno", "ECONNRESET"}};
  std::vector<Observation> answers;
  for (int family = 0; family < 10; ++family)
    for (int i = 0; i < 70; ++i)
      answers.push_back(
          completed("family-" + std::to_string(family) + "/situation-" + std::to_string(100 + i),
                    {step("send#1", failed)}));
  SiteInput input;
  input.reference = result("3.16.0", answers);
  input.scenarios = scenario_list(input.reference);
  input.assets = std::filesystem::path(PROJECT_FILES) / "orchestrator" / "site";
  std::vector<KernelReport> kernels;
  for (int k = 0; k < 300; ++k) {
    RunResult one =
        result(std::to_string(4 + k / 20) + "." + std::to_string(k % 20) + ".0", answers);
    one.kernel.id = "made-up-" + std::to_string(k);
    for (auto i = static_cast<std::size_t>(k % 7); i < one.observations.size(); i += 7)
      one.observations[i].steps[0].seen = reset;
    kernels.push_back({{one.kernel.id, KernelState::done, ""}, one, std::nullopt});
  }
  input.runs.push_back(
      write_run(folder, record_of("20261122T020000Z", "2026-11-22T02:00:00Z", kernels), kernels));
  return input;
}

}  // namespace brokenpipe
