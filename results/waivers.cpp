#include "results/waivers.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <regex>
#include <set>

#include "results/base/json_file.h"

namespace brokenpipe {
namespace {

Waiver waiver_from(const JsonPlace& place) {
  place.only({"id", "kernels", "scenarios", "why", "owner", "until"});
  Waiver waiver{place.at("id").text(),  place.at("kernels").texts(), place.at("scenarios").texts(),
                place.at("why").text(), place.at("owner").text(),    place.at("until").text()};
  static const std::regex date("[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])");
  if (!std::regex_match(waiver.until, date))
    place.at("until").fail(fmt::format(R"("{}" is no date such as 2027-06-30)", waiver.until));
  return waiver;
}

bool is_about(const Waiver& waiver, const std::string& kernel, const std::string& scenario) {
  const auto any = [](const std::vector<std::string>& globs, const std::string& name) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return matches(glob, name); });
  };
  return any(waiver.kernels, kernel) && any(waiver.scenarios, scenario);
}

/// Dates of this form compare as text. A waiver without a day to ask it on holds for nobody.
bool holds(const Waiver& waiver, const std::string& date) {
  return !date.empty() && date <= waiver.until;
}

}  // namespace

Waivers read_waivers(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file, Waivers::schema);
  const JsonPlace root(document, file.string());
  root.only({"schema", "waivers"});
  Waivers waivers;
  std::set<std::string> ids;
  for (const JsonPlace& item : root.at("waivers").items()) {
    waivers.waivers.push_back(waiver_from(item));
    if (!ids.insert(waivers.waivers.back().id).second)
      item.fail(fmt::format("waiver \"{}\" is there twice", waivers.waivers.back().id));
  }
  return waivers;
}

std::string today() {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
}

const Waiver* waiver_for(const WaiversOn& waivers, const std::string& kernel,
                         const std::string& scenario) {
  for (const Waiver& waiver : waivers.waivers.waivers)
    if (holds(waiver, waivers.date) && is_about(waiver, kernel, scenario)) return &waiver;
  return nullptr;
}

const Waiver* expired_waiver_for(const WaiversOn& waivers, const std::string& kernel,
                                 const std::string& scenario) {
  const Waiver* last = nullptr;
  for (const Waiver& waiver : waivers.waivers.waivers) {
    if (waivers.date <= waiver.until || !is_about(waiver, kernel, scenario)) continue;
    if (last == nullptr || last->until < waiver.until) last = &waiver;
  }
  return last;
}

void apply_waivers(Diff& diff, const WaiversOn& waivers) {
  for (ScenarioVerdict& scenario : diff.scenarios) {
    if (scenario.verdict != Verdict::not_asked) continue;
    std::vector<std::string> kernels = scenario.not_asked_of;
    if (kernels.empty()) kernels.push_back(diff.contender.id);
    // Each must be waived: the waiver that ends first is the one to name.
    const Waiver* first = nullptr;
    for (const std::string& kernel : kernels) {
      const Waiver* waiver = waiver_for(waivers, kernel, scenario.scenario);
      if (waiver == nullptr) {
        first = nullptr;
        break;
      }
      if (first == nullptr || waiver->until < first->until) first = waiver;
    }
    scenario.waiver = first == nullptr ? std::string() : first->id;
  }
}

}  // namespace brokenpipe
