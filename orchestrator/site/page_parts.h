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
  std::string_view word;  ///< cell_word()
  std::string_view mark;  ///< style.css draws it
  std::string_view meaning;
};

/// All that a cell can be, as the legend tells it.
inline constexpr std::array legend{
    VerdictText{"same", "", "as the reference, and as predicted"},
    VerdictText{explained_mark.name, explained_mark.mark,
                "as predicted, and not as the reference: a change of the kernel explains it"},
    VerdictText{unexplained_mark.name, unexplained_mark.mark, "not as predicted"},
    VerdictText{ahead_mark.name, ahead_mark.mark,
                "as after a change of the kernel that its version does not tell"},
    VerdictText{behind_mark.name, behind_mark.mark,
                "as before a change of the kernel that its version tells"},
    VerdictText{added_mark.name, added_mark.mark,
                "as predicted, and the reference kernel lacks the feature"},
    VerdictText{gone_mark.name, gone_mark.mark,
                "this kernel lacks the feature, and there is evidence of it"},
    VerdictText{"absent", "∅", "this kernel lacks the feature, as the reference kernel does"},
    VerdictText{not_asked_mark.name, not_asked_mark.mark,
                "it could not be asked, and nothing shows that it lacks the feature"},
    VerdictText{recorded_here_mark.name, recorded_here_mark.mark,
                "what predicts it was recorded on this very kernel: it proves nothing"},
    VerdictText{inconclusive_mark.name, inconclusive_mark.mark,
                "no answer: broken, timed out, or the guest did not finish"},
    VerdictText{flaky_mark.name, flaky_mark.mark, "the repeats disagree"},
    VerdictText{"unreferenced", "·", "nobody predicts it"},
};

/// The word of a verdict as a text has it: `not asked`.
std::string label_of(std::string_view word);

/// The mark of a verdict by its word; empty for one that is not in the legend.
std::string_view mark_of(std::string_view word);

/// Whether a list of counts has the verdict though there is none of it: a reader must see that.
bool always_told(std::string_view word);

/// How many there are of a verdict, by its word.
std::size_t count_of(const Totals& totals, std::string_view word);

nlohmann::ordered_json scenario_link(const std::string& id);
nlohmann::ordered_json scenario_links(const std::vector<std::string>& ids);

nlohmann::ordered_json kernel_link(const SiteModel& model, const std::string& id);
nlohmann::ordered_json kernel_links(const SiteModel& model, const std::vector<std::string>& ids);
/// In the matrix's order.
nlohmann::ordered_json kernel_links(const SiteModel& model, const std::set<std::string>& ids);

nlohmann::ordered_json change_data(const Change& change);
/// Those of these ids that are known, in their order.
nlohmann::ordered_json named_changes(const SiteModel& model, const std::vector<std::string>& ids);

/// A count for each verdict, for a row of chips, by its word and what `terms` call it.
nlohmann::ordered_json totals_data(const Totals& totals, const Terms& terms = {});

/// What one kernel answers otherwise, for the template `differences`; `due` is the heading of what
/// it was held against.
nlohmann::ordered_json differences_data(const Summary& summary, const std::string& due);

}  // namespace brokenpipe
