#include "orchestrator/site/page_parts.h"
#include "orchestrator/site/pages.h"
#include "orchestrator/summary/summary.h"

/// The page of two kernels that are neighbours in the matrix.
namespace brokenpipe {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json pair_data(const SiteModel& model, const SiteKernel& before, const SiteKernel& after) {
  const ReportData report = compare(before.result(), after.result(), model.changes, model.waivers);
  const Diff& compared = *report.kernels.front().diff;
  Json data;
  data["before"] = before.id();
  data["before_page"] = kernel_page(before.id());
  data["before_release"] = before.result().kernel.release;
  data["after"] = after.id();
  data["after_page"] = kernel_page(after.id());
  data["after_release"] = after.result().kernel.release;
  data["totals"] = totals_data(compared.scenario_totals, terms_of(report));
  data["differences"] = differences_data(summarise(report), before.id());
  data["new"] = Json::array();
  for (const ScenarioVerdict& scenario : compared.scenarios)
    if (scenario.verdict == Verdict::added)
      data["new"].push_back({{"id", scenario.scenario},
                             {"scenario_page", scenario_page(scenario.scenario)},
                             {"reason", scenario.reason}});
  data["has_new"] = !data["new"].empty();
  const Totals& totals = compared.scenario_totals;
  data["nothing"] = totals.all() == totals.same + totals.absent + totals.not_asked;
  return data;
}

}  // namespace brokenpipe
