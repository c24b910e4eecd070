#include <fmt/format.h>

#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/json_file.h"
#include "results/base/safe_format.h"
#include "results/base/text.h"

/// What KernelCI's common database takes: I/O schema 5.3 (kernelci/kcidb-io), the part of it that
/// is in results/schema/kcidb.json. A kernel is a checkout and a build, its guest the test
/// `brokenpipe`, a scenario a test below that.
///
/// Statuses: PASS as predicted; FAIL an answer that is not, or a flaky one, of a strict run also
/// one ahead of the kernel's version or behind it; ERROR a scenario of ours that broke or timed
/// out; MISS what was not asked, or where the guest never answered; SKIP where the kernel lacks
/// what the scenario needs, or no mirror offers the kernel; DONE where there is an answer and
/// nothing that could speak for it.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* origin = "brokenpipe";

/// An excerpt's greatest length in the schema, less the words that say how much was cut.
constexpr std::size_t longest_excerpt = 16384 - 64;

/// A scenario's id as a path in the tree of tests: `brokenpipe.entry.listening.send_nosignal`.
std::string path_of(const std::string& scenario) {
  return fmt::format("{}.{}", origin, kcidb_path(scenario));
}

/// Of a scenario that is inconclusive: whose fault it was.
const char* status_without_answer(const RunResult& result, const std::string& scenario) {
  const Observation* seen = observation_of(result, scenario);
  if (seen == nullptr) return "MISS";
  const bool ours =
      seen->ending == ScenarioEnding::broken || seen->ending == ScenarioEnding::timed_out;
  return ours ? "ERROR" : "DONE";
}

const char* status_of(const KernelReport& kernel, const ScenarioVerdict& scenario,
                      const ReportData& data) {
  if (is_red(scenario, data)) return "FAIL";
  switch (scenario.verdict) {
    case Verdict::gone:
    case Verdict::absent:
      return "SKIP";
    case Verdict::not_asked:
      return "MISS";
    case Verdict::inconclusive:
      return status_without_answer(*kernel.result, scenario.scenario);
    default:
      return proves_nothing(scenario, data) ? "DONE" : "PASS";
  }
}

/// A guest that panicked has told something of the kernel, one that only stopped has not.
const char* status_of(const KernelReport& kernel) {
  if (kernel.plan.state == KernelState::not_offered) return "SKIP";
  if (kernel.plan.state == KernelState::done) return "PASS";
  return kernel.result && kernel.result->guest.ending == GuestEnding::panic ? "FAIL" : "MISS";
}

std::string excerpt(const ScenarioVerdict& scenario, const ReportData& data) {
  std::string text;
  for (const Departure& departure : departures(scenario, data)) {
    text += safe_format("{}: {}: {}; {}: {}", departure.place, departure.due_word, departure.due,
                        departure.got_word, departure.got);
    for (const std::string& note : departure.notes) text += safe_format("; {}", note);
    text += "\n";
  }
  return kcidb_text(text, longest_excerpt);
}

/// The id under which a kernel of a run is known in the database; where there is no run, what it
/// was held against tells it from others.
std::string id_of(const ReportData& data, const KernelReport& kernel) {
  const std::string run = data.run         ? data.run->id + ":"
                          : data.reference ? "against-" + data.reference->id + ":"
                                           : std::string();
  return safe_format("{}:{}{}", origin, run, kernel.plan.id);
}

Json checkout(const ReportData& data, const KernelReport& kernel) {
  Json json{{"id", id_of(data, kernel)}, {"origin", origin}, {"valid", true}};
  if (data.run) json["start_time"] = kcidb_text(data.run->started);
  json["comment"] = kcidb_text(kernel.result && !kernel.result->kernel.release.empty()
                                   ? "Linux " + kernel.result->kernel.release
                                   : kernel.plan.id);
  return json;
}

Json build(const ReportData& data, const KernelReport& kernel) {
  const std::string id = id_of(data, kernel);
  Json json{{"id", id}, {"checkout_id", id}, {"origin", origin}};
  if (!kernel.result) return json;
  const KernelIdentity& identity = kernel.result->kernel;
  // The guest's own word, and the schema wants it plain.
  if (identity.machine.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
      std::string::npos)
    json["architecture"] = identity.machine;
  json["misc"] = {{"version", kcidb_text(identity.version)},
                  {"package", kcidb_text(identity.package)},
                  {"sha256", kcidb_text(identity.sha256)}};
  return json;
}

Json test(const ReportData& data, const KernelReport& kernel, const std::string& path,
          const char* status) {
  const std::string id = id_of(data, kernel);
  Json json{{"id", fmt::format("{}:{}", id, path)},
            {"build_id", id},
            {"origin", origin},
            {"path", path},
            {"status", status}};
  if (data.run) json["start_time"] = kcidb_text(data.run->started);
  return json;
}

Json guest_test(const ReportData& data, const KernelReport& kernel) {
  Json json = test(data, kernel, origin, status_of(kernel));
  if (!kernel.plan.reason.empty()) json["comment"] = kcidb_text(kernel.plan.reason);
  if (!kernel.result || kernel.result->from_sources) return json;
  const GuestRun& guest = kernel.result->guest;
  if (const auto seconds = seconds_of(guest)) json["duration"] = *seconds;
  Json misc = to_json(guest);
  for (Json& value : misc)
    if (value.is_string()) value = kcidb_text(value.get<std::string>());
  json["environment"] = {{"comment", "QEMU guest"}, {"misc", misc}};
  return json;
}

Json scenario_test(const ReportData& data, const KernelReport& kernel,
                   const ScenarioVerdict& scenario) {
  Json json = test(data, kernel, path_of(scenario.scenario), status_of(kernel, scenario, data));
  json["comment"] = kcidb_text(verdict_and_reason(kernel.plan.id, scenario, data));
  if (const std::string text = excerpt(scenario, data); !text.empty()) json["log_excerpt"] = text;
  json["misc"] = {{"scenario", kcidb_text(scenario.scenario)},
                  {"verdict", verdict_word(scenario.verdict, data)},
                  {"standing", to_string(scenario.standing)}};
  if (!scenario.waiver.empty()) json["misc"]["waiver"] = kcidb_text(scenario.waiver);
  return json;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  Json json{{"version", {{"major", 5}, {"minor", 3}}},
            {"checkouts", Json::array()},
            {"builds", Json::array()},
            {"tests", Json::array()}};
  for (const KernelReport& kernel : data.kernels) {
    json["checkouts"].push_back(checkout(data, kernel));
    json["builds"].push_back(build(data, kernel));
    json["tests"].push_back(guest_test(data, kernel));
    if (!kernel.diff) continue;
    for (const ScenarioVerdict& scenario : kernel.diff->scenarios)
      json["tests"].push_back(scenario_test(data, kernel, scenario));
  }
  return json_text(json);
}

const Registered registered{{"kcidb", "for KernelCI's database (I/O schema 5.3)", render}};

}  // namespace
}  // namespace brokenpipe
