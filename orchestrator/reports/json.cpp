#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/json_file.h"

/// Everything, for programs: results/schema/report.json.
namespace brokenpipe {
namespace {

constexpr int schema = 1;

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["schema"] = schema;
  json["exit_code"] = static_cast<int>(exit_code(data));
  json["strict"] = data.strict;
  json["run"] = data.run ? to_json(*data.run) : Json();
  json["reference"] = data.reference ? to_json(*data.reference) : Json();
  json["comparison"] = Json();
  if (data.comparison)
    json["comparison"] = {{"a", data.comparison->a},
                          {"b", data.comparison->b},
                          {"only_a", data.comparison->only_a},
                          {"only_b", data.comparison->only_b}};
  json["kernels"] = Json::array();
  for (const KernelReport& kernel : data.kernels) {
    Json item = to_json(kernel.plan);
    const bool ran = kernel.result && !kernel.result->from_sources;
    item["guest"] = ran ? to_json(kernel.result->guest) : Json();
    item["diff"] = kernel.diff ? to_json(*kernel.diff) : Json();
    json["kernels"].push_back(std::move(item));
  }
  json["changes"] = Json::array();
  for (const Change& change : data.changes.changes)
    json["changes"].push_back({{"id", change.id},
                               {"says", change.says},
                               {"commit", change.commit},
                               {"subject", change.subject}});
  const Summary summary = summarise(data);
  const PredictedFrom& from = summary.predicted_from;
  json["predicted_from"] = {{"reference", from.reference},
                            {"derivations", from.derivations},
                            {"recordings", from.recordings}};
  json["waivers"] = Json::array();
  for (const WaiverInUse& used : summary.waivers)
    json["waivers"].push_back({{"id", used.waiver->id},
                               {"why", used.waiver->why},
                               {"owner", used.waiver->owner},
                               {"until", used.waiver->until},
                               {"kernels", used.kernels},
                               {"scenarios", used.scenarios}});
  return json_text(json);
}

const Registered registered{{"json", "all of it, for programs (schema/report.json)", render}};

}  // namespace
}  // namespace brokenpipe
