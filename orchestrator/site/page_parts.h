#pragma once

#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/site/model.h"
#include "orchestrator/site/pictures/answer.h"
#include "orchestrator/summary/summary.h"

/// What stands on more than one page: the legend of verdicts, links, changes, counts, differences.
namespace brokenpipe {

struct VerdictText {
  std::string_view word;
  std::string_view mark;  ///< style.css draws it
  std::string_view meaning;
};

/// All that a cell can be, as the legend tells it.
inline constexpr std::array legend{
    VerdictText{"same", "", "as the reference"},
    VerdictText{explained_departure.name, explained_departure.mark,
                "not as the reference: a change of the kernel explains it"},
    VerdictText{unexplained_departure.name, unexplained_departure.mark,
                "not as the reference, and nothing explains it"},
    VerdictText{added_departure.name, added_departure.mark,
                "the reference kernel lacks the feature"},
    VerdictText{gone_departure.name, gone_departure.mark, "this kernel lacks the feature"},
    VerdictText{inconclusive_departure.name, inconclusive_departure.mark,
                "no answer: broken, timed out, or the guest did not finish"},
    VerdictText{flaky_departure.name, flaky_departure.mark, "the repeats disagree"},
    VerdictText{"unreferenced", "·", "the reference does not say"},
};

/// The mark of a verdict by its word; empty for one that is not in the legend.
std::string_view mark_of(std::string_view word);

/// How many there are of a verdict, by its word.
std::size_t count_of(const Totals& totals, std::string_view word);

nlohmann::ordered_json scenario_link(const std::string& id);
nlohmann::ordered_json scenario_links(const std::vector<std::string>& ids);

nlohmann::ordered_json kernel_link(const SiteModel& model, const std::string& id);
nlohmann::ordered_json kernel_links(const SiteModel& model, const std::vector<std::string>& ids);
/// In the matrix's order.
nlohmann::ordered_json kernel_links(const SiteModel& model, const std::set<std::string>& ids);

nlohmann::ordered_json change_data(const Change& change);

/// A count for each verdict, for a row of chips, by its word and what `terms` call it.
nlohmann::ordered_json totals_data(const Totals& totals, const Terms& terms = {});

/// What one kernel has other than `against`, the name of what it was held against: for the template
/// `differences`.
nlohmann::ordered_json differences_data(const Summary& summary, const std::string& against);

}  // namespace brokenpipe
