#include "orchestrator/site/pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "orchestrator/site/page_parts.h"
#include "orchestrator/summary/summary.h"

/// The list of kernels, and the page of each.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

/// What a kernel lacks by evidence, reason by reason.
Json lacking_data(const SiteKernel& kernel) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const ScenarioVerdict& scenario : kernel.diff().scenarios)
    if (scenario.verdict == Verdict::gone || scenario.verdict == Verdict::absent)
      by_reason[scenario.reason].push_back(scenario.scenario);
  Json data = Json::array();
  for (const auto& [reason, scenarios] : by_reason)
    data.push_back({{"reason", reason},
                    {"how_many", counted(scenarios.size(), "scenario")},
                    {"scenarios", scenario_links(scenarios)}});
  return data;
}

/// The waivers, and how much each covers.
Json waivers_data(const SiteModel& model) {
  std::map<std::string, std::size_t> covered;
  for (const SiteKernel& kernel : model.kernels)
    for (const ScenarioVerdict& scenario : kernel.diff().scenarios)
      if (!scenario.waiver.empty()) ++covered[scenario.waiver];
  Json data = Json::array();
  for (const Waiver& waiver : model.waivers.waivers.waivers)
    data.push_back({{"id", waiver.id},
                    {"why", waiver.why},
                    {"owner", waiver.owner},
                    {"until", waiver.until},
                    // Dates of this form compare as text.
                    {"expired", waiver.until < model.waivers.date},
                    {"kernels", fmt::format("{}", fmt::join(waiver.kernels, " "))},
                    {"scenarios", fmt::format("{}", fmt::join(waiver.scenarios, " "))},
                    {"covers", counted(covered[waiver.id], "scenario")}});
  return data;
}

/// The columns of the list of kernels: what no kernel has is left out, but for what must be seen to
/// be none.
std::vector<std::string_view> columns(const SiteModel& model) {
  Totals totals;
  for (const SiteKernel& kernel : model.kernels) totals += kernel.diff().scenario_totals;
  std::vector<std::string_view> words;
  for (const VerdictText& verdict : legend)
    if (count_of(totals, verdict.word) > 0 || always_told(verdict.word))
      words.push_back(verdict.word);
  return words;
}

Json counts_data(const Totals& totals, const std::vector<std::string_view>& words) {
  Json data = Json::array();
  for (const Json& count : totals_data(totals))
    if (std::find(words.begin(), words.end(), count["word"].get<std::string>()) != words.end())
      data.push_back(count);
  return data;
}

Json facts(std::initializer_list<std::pair<const char*, std::string>> pairs) {
  Json data = Json::array();
  for (const auto& [name, value] : pairs)
    if (!value.empty()) data.push_back({{"name", name}, {"value", value}});
  return data;
}

std::string guest_ending(const RunResult& result) {
  std::string text(to_string(result.guest.ending));
  if (!result.guest.reason.empty()) text += ": " + result.guest.reason;
  return text;
}

std::string timings_text(const GuestRun& guest) {
  std::vector<std::string> parts;
  for (const auto& [part, seconds] : guest.timings)
    parts.push_back(fmt::format("{} {:.1f} s", part, seconds));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// A newer run than the one whose result is shown that did not get one.
std::string latest_note(const SiteKernel& kernel) {
  if (kernel.latest == kernel.report.plan || kernel.latest.state == KernelState::done) return {};
  std::string note =
      fmt::format("The newest run has no result of it: {}", to_string(kernel.latest.state));
  if (!kernel.latest.reason.empty()) note += ": " + kernel.latest.reason;
  return note + ".";
}

}  // namespace

Json kernel_data(const SiteModel& model, const SiteKernel& kernel, const std::string& console) {
  const RunResult& result = kernel.result();
  const GuestRun& guest = result.guest;
  ReportData report;
  report.reference = model.reference.kernel;
  report.changes = model.changes;
  report.kernels = {kernel.report};
  report.waivers = model.waivers;
  const Summary summary = summarise(report);
  Json data;
  data["id"] = kernel.id();
  data["version"] = version_text(result.kernel);
  data["pictures_page"] = pictures_page(kernel.id());
  data["note"] = latest_note(kernel);
  data["identity"] = facts({{"Release", result.kernel.release},
                            {"Version", result.kernel.version},
                            {"Machine", result.kernel.machine},
                            {"Package", result.kernel.package},
                            {"SHA-256 of the image", result.kernel.sha256}});
  data["archived"] = kernel.archived;
  data["guest"] = facts({{"Run", kernel.run},
                         {"Started", kernel.started},
                         {"Ending", guest_ending(result)},
                         {"Boot image", guest.boot_image},
                         {"Accelerator", guest.accelerator},
                         {"Clock", guest.clock},
                         {"QEMU", guest.qemu},
                         {"libvirt", guest.libvirt},
                         {"Command line", guest.cmdline},
                         {"Took", timings_text(guest)},
                         {"Probe", result.probe.version},
                         {"SHA-256 of the probe", result.probe.sha256},
                         {"Asked for", fmt::format("{}", fmt::join(result.probe.selection, " "))}});
  data["totals"] = totals_data(kernel.diff().scenario_totals);
  data["steps"] = steps_sentence(summary);
  data["differences"] = differences_data(summary, "Predicted");
  data["lacking"] = lacking_data(kernel);
  data["has_lacking"] = !data["lacking"].empty();
  // Told among what the kernel lacks.
  data["differences"]["has_gone"] = false;
  data["console"] = console;
  return data;
}

Json kernels_data(const SiteModel& model) {
  Json data;
  data["reference"] = model.reference.kernel.id;
  const std::vector<std::string_view> words = columns(model);
  data["words"] = Json::array();
  for (const std::string_view word : words) data["words"].push_back(label_of(word));
  data["kernels"] = Json::array();
  for (const SiteKernel& kernel : model.kernels) {
    Json item = kernel_link(model, kernel.id());
    item["release"] = kernel.result().kernel.release;
    item["started"] = kernel.archived ? "archived" : kernel.started;
    item["ending"] = to_string(kernel.result().guest.ending);
    item["finished"] = vouches_for_all(kernel.result().guest.ending);
    item["note"] = latest_note(kernel);
    item["totals"] = counts_data(kernel.diff().scenario_totals, words);
    data["kernels"].push_back(std::move(item));
  }
  data["absent"] = Json::array();
  for (const PlannedKernel& plan : model.absent)
    data["absent"].push_back(
        {{"id", plan.id}, {"state", to_string(plan.state)}, {"reason", plan.reason}});
  data["has_absent"] = !model.absent.empty();
  data["waivers"] = waivers_data(model);
  data["has_waivers"] = !data["waivers"].empty();
  return data;
}

}  // namespace brokenpipe
