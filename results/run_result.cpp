#include "results/run_result.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/json_file.h"
#include "results/seen.h"

namespace brokenpipe {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr Words<ScenarioEnding, 5> scenario_endings{{
    {ScenarioEnding::completed, "completed"},
    {ScenarioEnding::broken, "broken"},
    {ScenarioEnding::unsupported, "unsupported"},
    {ScenarioEnding::timed_out, "timed_out"},
    {ScenarioEnding::killed, "killed"},
}};

constexpr Words<GuestEnding, 8> guest_endings{{
    {GuestEnding::finished, "finished"},
    {GuestEnding::boot_timeout, "boot_timeout"},
    {GuestEnding::no_progress, "no_progress"},
    {GuestEnding::panic, "panic"},
    {GuestEnding::oops, "oops"},
    {GuestEnding::truncated, "truncated"},
    {GuestEnding::died, "died"},
    {GuestEnding::interrupted, "interrupted"},
}};

constexpr Words<Basis, 2> bases{{
    {Basis::recorded, "recorded"},
    {Basis::derived, "derived"},
}};

bool by_scenario(const Observation& a, const Observation& b) {
  return a.scenario < b.scenario;
}

std::string text_or_nothing(const JsonPlace& place, const std::string& key) {
  const auto found = place.find(key);
  return found ? found->text() : std::string();
}

/// None where there is no such key.
std::map<std::string, std::string> texts_by_name(const JsonPlace& place, const std::string& key) {
  std::map<std::string, std::string> texts;
  const auto found = place.find(key);
  if (!found) return texts;
  if (!found->value().is_object()) found->fail("not an object");
  for (const auto& [name, value] : found->value().items()) texts[name] = found->at(name).text();
  return texts;
}

/// Where a value of a reference comes from: `to` is the step or the observation.
template <typename Value>
void read_basis(const JsonPlace& place, Value& to) {
  if (const auto basis = place.find("basis")) to.basis = basis->one_of(bases);
  to.lines = text_or_nothing(place, "lines");
  if (to.basis == Basis::derived && to.lines.empty())
    place.fail(R"(derived, and "lines" does not say from where)");
}

Step step_from(const JsonPlace& place, bool reference) {
  Step step;
  step.id = place.at("step").text();
  step.call = place.at("call").text();
  step.args = place.at("args").text();
  if (reference) {
    place.at("basis");
    read_basis(place, step);
  } else if (place.find("basis") || place.find("lines")) {
    place.fail(R"(only a reference has "basis" and "lines")");
  }
  check_seen(place);
  step.seen = place.value();
  for (const char* key : step_keys) step.seen.erase(key);
  return step;
}

/// What an ending has to say of itself, and what only it may.
void check_ending(const JsonPlace& place, const Observation& observation, bool reference) {
  const bool completed = observation.ending == ScenarioEnding::completed;
  const bool killed = observation.ending == ScenarioEnding::killed;
  const auto word = to_string(observation.ending);
  if (killed && observation.signal.empty())
    place.fail(R"(killed, and "signal" does not say by which)");
  if (!killed && place.find("signal"))
    place.fail(fmt::format(R"({}, and yet there is a "signal")", word));
  if (!killed && !completed && observation.reason.empty())
    place.fail(fmt::format(R"({}, and "reason" does not say why)", word));
  if (reference && !completed) place.at("basis");
}

/// Whether a value in a list of observations says where it comes from.
bool any_has_basis(const Json& observations) {
  const auto has_basis = [](const Json& place) { return place.contains("basis"); };
  return std::any_of(observations.begin(), observations.end(), [&](const Json& observation) {
    const auto steps = observation.find("steps");
    return has_basis(observation) ||
           (steps != observation.end() && std::any_of(steps->begin(), steps->end(), has_basis));
  });
}

KernelIdentity kernel_from(const JsonPlace& place) {
  place.only({"id", "release", "version", "machine", "package", "sha256"});
  return {place.at("id").text(),      place.at("release").text(), place.at("version").text(),
          place.at("machine").text(), place.at("package").text(), place.at("sha256").text()};
}

GuestRun guest_from(const JsonPlace& place) {
  place.only({"ending", "reason", "accelerator", "clock", "qemu", "libvirt", "boot_image",
              "cmdline", "modules", "modules_failed", "initramfs", "domain", "kernel_log",
              "timings"});
  GuestRun guest;
  guest.ending = place.at("ending").one_of(guest_endings);
  guest.reason = text_or_nothing(place, "reason");
  guest.accelerator = place.at("accelerator").text();
  guest.clock = place.at("clock").text();
  guest.qemu = place.at("qemu").text();
  guest.libvirt = place.at("libvirt").text();
  guest.boot_image = place.at("boot_image").text();
  guest.cmdline = place.at("cmdline").text();
  if (const auto modules = place.find("modules")) guest.modules = modules->texts();
  guest.modules_failed = texts_by_name(place, "modules_failed");
  if (const auto log = place.find("kernel_log")) guest.kernel_log = log->boolean();
  guest.initramfs = text_or_nothing(place, "initramfs");
  guest.domain = text_or_nothing(place, "domain");
  const JsonPlace timings = place.at("timings");
  if (!timings.value().is_object()) timings.fail("not an object");
  for (const auto& [name, value] : timings.value().items()) {
    const double seconds = timings.at(name).number();
    if (seconds < 0) timings.at(name).fail("negative");
    guest.timings[name] = seconds;
  }
  return guest;
}

ProbeIdentity probe_from(const JsonPlace& place) {
  place.only({"version", "sha256", "selection"});
  return {place.at("version").text(), place.at("sha256").text(), place.at("selection").texts()};
}

}  // namespace

Observation read_observation(const JsonPlace& place, bool reference) {
  if (reference)
    place.only({"scenario", "ending", "reason", "signal", "feature", "proof", "shortened", "steps",
                "basis", "lines"});
  else
    place.only({"scenario", "ending", "reason", "signal", "feature", "proof", "shortened", "steps",
                "disagreeing"});
  Observation observation;
  observation.scenario = place.at("scenario").text();
  observation.ending = place.at("ending").one_of(scenario_endings);
  observation.reason = text_or_nothing(place, "reason");
  observation.signal = text_or_nothing(place, "signal");
  observation.feature = text_or_nothing(place, "feature");
  observation.proof = text_or_nothing(place, "proof");
  check_ending(place, observation, reference);
  if (const auto shortened = place.find("shortened")) observation.shortened = shortened->texts();
  std::set<std::string> ids;
  for (const JsonPlace& item : place.at("steps").items()) {
    observation.steps.push_back(step_from(item, reference));
    if (!ids.insert(observation.steps.back().id).second)
      item.fail(fmt::format("step \"{}\" is there twice", observation.steps.back().id));
  }
  read_basis(place, observation);
  if (const auto disagreeing = place.find("disagreeing"))
    for (const JsonPlace& item : disagreeing->items())
      observation.disagreeing.push_back(read_observation(item, reference));
  return observation;
}

std::string_view to_string(ScenarioEnding ending) {
  return word_for(scenario_endings, ending);
}
std::string_view to_string(GuestEnding ending) {
  return word_for(guest_endings, ending);
}
std::string_view to_string(Basis basis) {
  return word_for(bases, basis);
}

const Observation* observation_of(const RunResult& result, std::string_view scenario) {
  const auto found = std::lower_bound(
      result.observations.begin(), result.observations.end(), scenario,
      [](const Observation& seen, std::string_view id) { return seen.scenario < id; });
  return found == result.observations.end() || found->scenario != scenario ? nullptr : &*found;
}

const Step* step_of(const Observation& observation, std::string_view id) {
  const auto found = std::find_if(observation.steps.begin(), observation.steps.end(),
                                  [&](const Step& step) { return step.id == id; });
  return found == observation.steps.end() ? nullptr : &*found;
}

bool vouches_for_all(GuestEnding ending) {
  return ending == GuestEnding::finished || ending == GuestEnding::oops;
}

bool matches(std::string_view glob, std::string_view scenario) {
  return ::fnmatch(std::string(glob).c_str(), std::string(scenario).c_str(), 0) == 0;
}

Observation observation_from_record(const Json& record) {
  const std::string document = "a record of the probe";
  const JsonPlace kind = JsonPlace(record, document).at("record");
  if (kind.text() != "observation") kind.fail("not an observation");
  Json observation = record;
  observation.erase("record");
  return read_observation(JsonPlace(observation, document), false);
}

OrderedJson to_json(const Step& step) {
  OrderedJson json;
  json["step"] = step.id;
  json["call"] = step.call;
  json["args"] = step.args;
  for (const auto& [key, value] : step.seen.items()) json[key] = value;
  if (step.basis) json["basis"] = to_string(*step.basis);
  if (!step.lines.empty()) json["lines"] = step.lines;
  return json;
}

OrderedJson to_json(const Observation& observation) {
  OrderedJson json;
  json["scenario"] = observation.scenario;
  json["ending"] = to_string(observation.ending);
  if (!observation.reason.empty()) json["reason"] = observation.reason;
  if (!observation.signal.empty()) json["signal"] = observation.signal;
  if (!observation.feature.empty()) json["feature"] = observation.feature;
  if (!observation.proof.empty()) json["proof"] = observation.proof;
  if (!observation.shortened.empty()) json["shortened"] = observation.shortened;
  if (observation.basis) json["basis"] = to_string(*observation.basis);
  if (!observation.lines.empty()) json["lines"] = observation.lines;
  json["steps"] = OrderedJson::array();
  for (const Step& step : observation.steps) json["steps"].push_back(to_json(step));
  for (const Observation& other : observation.disagreeing)
    json["disagreeing"].push_back(to_json(other));
  return json;
}

OrderedJson to_json(const KernelIdentity& kernel) {
  return {{"id", kernel.id},           {"release", kernel.release}, {"version", kernel.version},
          {"machine", kernel.machine}, {"package", kernel.package}, {"sha256", kernel.sha256}};
}

OrderedJson to_json(const GuestRun& guest) {
  OrderedJson json;
  json["ending"] = to_string(guest.ending);
  if (!guest.reason.empty()) json["reason"] = guest.reason;
  json["accelerator"] = guest.accelerator;
  json["clock"] = guest.clock;
  json["qemu"] = guest.qemu;
  json["libvirt"] = guest.libvirt;
  json["boot_image"] = guest.boot_image;
  json["cmdline"] = guest.cmdline;
  if (!guest.modules.empty()) json["modules"] = guest.modules;
  if (!guest.modules_failed.empty()) json["modules_failed"] = guest.modules_failed;
  if (!guest.initramfs.empty()) json["initramfs"] = guest.initramfs;
  if (!guest.domain.empty()) json["domain"] = guest.domain;
  if (guest.kernel_log) json["kernel_log"] = true;
  json["timings"] = guest.timings;
  return json;
}

std::string to_json_text(const RunResult& result) {
  std::vector<Observation> sorted = result.observations;
  std::stable_sort(sorted.begin(), sorted.end(), by_scenario);
  OrderedJson json;
  json["schema"] = RunResult::schema;
  json["kernel"] = to_json(result.kernel);
  if (!result.from_sources) {
    json["guest"] = to_json(result.guest);
    json["probe"] = {{"version", result.probe.version},
                     {"sha256", result.probe.sha256},
                     {"selection", result.probe.selection}};
  }
  if (!result.lacks.empty()) json["lacks"] = result.lacks;
  json["observations"] = OrderedJson::array();
  for (const Observation& observation : sorted)
    json["observations"].push_back(to_json(observation));
  return json_text(json);
}

RunResult read_run_result(const std::filesystem::path& file) {
  const Json document = read_json(file, RunResult::schema);
  const JsonPlace root(document, file.string());
  root.only({"schema", "kernel", "guest", "probe", "lacks", "observations"});
  RunResult result;
  result.kernel = kernel_from(root.at("kernel"));
  result.from_sources = !root.find("guest") && !root.find("probe");
  if (!result.from_sources) {
    result.guest = guest_from(root.at("guest"));
    result.probe = probe_from(root.at("probe"));
  }
  result.lacks = texts_by_name(root, "lacks");
  const JsonPlace observations = root.at("observations");
  const bool reference = result.from_sources || any_has_basis(observations.value());
  std::set<std::string> scenarios;
  for (const JsonPlace& item : observations.items()) {
    result.observations.push_back(read_observation(item, reference));
    if (!scenarios.insert(result.observations.back().scenario).second)
      item.fail(fmt::format("scenario \"{}\" is there twice", result.observations.back().scenario));
  }
  std::sort(result.observations.begin(), result.observations.end(), by_scenario);
  return result;
}

void write_run_result(const std::filesystem::path& file, const RunResult& result) {
  write_file(file, to_json_text(result));
}

RunResult reference_from_run(RunResult run) {
  const std::string doing = "making a reference of the run of " + run.kernel.id;
  if (!vouches_for_all(run.guest.ending))
    throw Error(doing, fmt::format("its guest did not finish ({})", to_string(run.guest.ending)),
                "Run the kernel again.");
  for (Observation& observation : run.observations) {
    if (observation.ending == ScenarioEnding::broken ||
        observation.ending == ScenarioEnding::timed_out)
      throw Error(doing,
                  fmt::format("{} ended {}: {}", observation.scenario,
                              to_string(observation.ending), observation.reason),
                  "Mend the scenario, or leave it out with --scenario.");
    if (!observation.disagreeing.empty())
      throw Error(doing, fmt::format("the repeats of {} disagree", observation.scenario),
                  "Mend the scenario, or leave it out with --scenario.");
    observation.basis = Basis::recorded;
    for (Step& step : observation.steps) step.basis = Basis::recorded;
  }
  return run;
}

}  // namespace brokenpipe
