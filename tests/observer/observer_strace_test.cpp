#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "tests/observer/observer_guest.h"
#include "tests/observer/second_observer.h"

/// The observer observed: what the probe says of a kernel, held against what programs say that
/// others wrote.
namespace brokenpipe::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

std::string family_of(const std::string& scenario) {
  return scenario.substr(0, scenario.find('/'));
}

// A dozen of each family or an eighth of it, whichever is more, at even distances in the order of
// the ids; all of a smaller one.
std::vector<ScenarioInfo> fair_sample(const ScenarioList& list) {
  constexpr std::size_t dozen = 12;
  std::map<std::string, std::vector<ScenarioInfo>> families;
  for (const ScenarioInfo& scenario : list.scenarios) {
    families[family_of(scenario.id)].push_back(scenario);
  }
  std::vector<ScenarioInfo> sample;
  for (const auto& [family, members] : families) {
    const std::size_t chosen = std::min(std::max(dozen, members.size() / 8), members.size());
    for (std::size_t i = 0; i < chosen; ++i) {
      sample.push_back(members.at(i * members.size() / chosen));
    }
  }
  return sample;
}

ProgramOutcome straced(const std::string& kernel, const std::string& probe,
                       const std::vector<ScenarioInfo>& scenarios) {
  const std::string strace = "/usr/bin/strace";
  GuestProgram program = probe_program(probe, scenarios);
  program.words.insert(program.words.begin() + 1, "--mark-steps");
  // Strings in hexadecimal unless they are text, and long enough for a scenario's id.
  const std::vector<std::string> tracer{strace, "-f", "-x", "-s", "128", "-o", "trace"};
  program.words.insert(program.words.begin(), tracer.begin(), tracer.end());
  for (CarriedFile& file : with_libraries(strace)) program.files.push_back(std::move(file));
  return run_in_guest(kernel, program);
}

Comparison compared(const ProgramOutcome& outcome) {
  const std::map<std::string, ScenarioLog> logs = by_scenario(read_strace(outcome.trace));
  Comparison comparison;
  for (const auto& [scenario, observation] : observations_in(outcome.output)) {
    compare(observation, logs.at(scenario), comparison);
  }
  return comparison;
}

std::set<std::string> families_of(const std::vector<ScenarioInfo>& scenarios) {
  std::set<std::string> families;
  for (const ScenarioInfo& scenario : scenarios) families.insert(family_of(scenario.id));
  return families;
}

void expect_the_same_without_strace(const std::string& kernel,
                                    const std::vector<ScenarioInfo>& scenarios,
                                    const ProgramOutcome& seen) {
  const ProgramOutcome alone = run_in_guest(kernel, probe_program(PROBE, scenarios));
  const auto unseen = observations_in(alone.output);
  EXPECT_EQ(unseen.size(), scenarios.size()) << kernel;
  for (const auto& [scenario, observation] : observations_in(seen.output)) {
    EXPECT_EQ(observation, unseen.at(scenario)) << kernel;
    EXPECT_THAT((std::array<std::string, 2>{"completed", "unsupported"}),
                Contains(observation.at("ending").get<std::string>()))
        << kernel << " " << scenario;
  }
}

// What Debian's cloud kernels, of which the default matrix is, do not have.
const std::set<std::string> families_of_plain_kernels{"9p",     "atm",  "ax25",      "bluetooth",
                                                      "netrom", "rose", "rpc-pipefs"};

std::vector<ScenarioInfo> of_families(const std::vector<ScenarioInfo>& scenarios,
                                      const std::set<std::string>& families) {
  std::vector<ScenarioInfo> chosen;
  std::copy_if(
      scenarios.begin(), scenarios.end(), std::back_inserter(chosen),
      [&](const ScenarioInfo& scenario) { return families.contains(family_of(scenario.id)); });
  return chosen;
}

// No kernel has all of what the families need, but together these do.
TEST(Observers, StraceSeesWhatTheProbeRecordsInEveryFamilyAndChangesNothing) {
  const std::vector<ScenarioInfo> sample = fair_sample(list_scenarios(PROBE));
  const std::vector<std::pair<std::string, std::vector<ScenarioInfo>>> asked{
      {default_kernels().front(), sample},
      {default_kernels().back(), sample},
      {"debian-6.12-plain", of_families(sample, families_of_plain_kernels)}};
  std::set<std::string> families;
  for (const auto& [kernel, scenarios] : asked) {
    const ProgramOutcome seen = straced(kernel, PROBE, scenarios);
    EXPECT_EQ(seen.status, "exited 0") << kernel;
    const Comparison comparison = compared(seen);
    EXPECT_THAT(comparison.disagreements, IsEmpty()) << kernel;
    for (const auto& [family, members] : comparison.compared) families.insert(family);
    expect_the_same_without_strace(kernel, scenarios, seen);
  }
  EXPECT_EQ(families, families_of(sample));
}

TEST(Observers, AProbeThatDoesNotRecordWhatTheKernelAnsweredIsSeenToLie) {
  const std::string kernel = default_kernels().back();
  const Comparison comparison =
      compared(straced(kernel, LYING_PROBE, select_scenarios(list_scenarios(PROBE), {"tcp/p*"})));
  const std::string lie = R"( pwrite#1: the probe recorded errno "EIO", strace saw "ESPIPE")";
  EXPECT_EQ(comparison.disagreements,
            (std::vector<std::string>{"tcp/positional-write-after-shut-wr" + lie,
                                      "tcp/positional-write-on-socket" + lie}));
}

}  // namespace
}  // namespace brokenpipe::testing
