#include "orchestrator/site/pictures/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "orchestrator/site/pictures/answer.h"
#include "orchestrator/site/pictures/markup.h"

namespace brokenpipe {
namespace {

struct Column {
  std::string state;
  std::string heading;
};

/// In the order of a connection's life. A state that is not named here follows under its id.
const std::vector<Column> known_columns{
    {"never-connected", "never connected"},      {"listening", "LISTEN"},
    {"syn-sent-refused", "SYN_SENT, refused"},   {"established-rst", "ESTABLISHED, RST"},
    {"error-consumed", "RST, reported already"}, {"close-wait", "CLOSE_WAIT"},
    {"close-wait-rst", "CLOSE_WAIT, RST"},       {"local-shut-wr", "own side shut down"},
    {"disconnected", "dissolved by AF_UNSPEC"},
};

/// What is asked: the states, and the entry points in groups of one system call.
struct Axes {
  std::vector<Column> columns;
  std::map<std::string, std::vector<std::string>> groups;
};

std::string group_of(const std::string& entry) {
  constexpr std::string_view uring = "io-uring";
  if (entry.compare(0, uring.size(), uring) == 0) return std::string(uring);
  return entry.substr(0, entry.find_first_of("+-"));
}

/// The state and the entry point of entry/STATE/ENTRY; empty for another scenario.
std::pair<std::string, std::string> coordinates(const std::string& scenario) {
  constexpr std::string_view family = "entry/";
  if (scenario.compare(0, family.size(), family) != 0) return {};
  const std::size_t slash = scenario.find('/', family.size());
  if (slash == std::string::npos) return {};
  return {scenario.substr(family.size(), slash - family.size()), scenario.substr(slash + 1)};
}

Axes axes_of(const std::vector<const RunResult*>& results) {
  std::set<std::string> states;
  std::set<std::string> entries;
  for (const RunResult* result : results)
    for (const Observation& observation : result->observations)
      if (const auto [state, entry] = coordinates(observation.scenario); !entry.empty()) {
        states.insert(state);
        entries.insert(entry);
      }
  Axes axes;
  for (const Column& column : known_columns)
    if (states.erase(column.state) > 0) axes.columns.push_back(column);
  for (const std::string& state : states) axes.columns.push_back({state, state});
  for (const std::string& entry : entries) axes.groups[group_of(entry)].push_back(entry);
  return axes;
}

void heading(pugi::xml_node row, const char* scope, const std::string& words) {
  set(append(row, "th", words), "scope", scope);
}

/// What a marked answer is held against.
struct Other {
  std::string whose;
  Answer answer;
  bool shown = false;  ///< in the cell, and not only in its title
};

Other other_than(const std::string& scenario, const std::string& step, const RunResult& reference,
                 const Diff& diff) {
  const PlaceVerdict* place = place_verdict(verdict_of(diff, scenario), step);
  if (place != nullptr && off_prediction(*place)) return {"predicted", due_answer(*place), true};
  const bool explained = place != nullptr && place->verdict == Verdict::differs;
  return {reference.kernel.id, answer_at(reference, scenario, step), explained};
}

void add_cell(pugi::xml_node row, const std::string& scenario, const RunResult& reference,
              const KernelReport* kernel, const ScenarioHref& href) {
  const RunResult& whose = kernel == nullptr ? reference : *kernel->result;
  std::string step = first_step(whose, scenario);
  if (step.empty()) step = first_step(reference, scenario);
  const Answer told = kernel == nullptr ? answer_at(whose, scenario, step)
                                        : answer_at(whose, *kernel->diff, scenario, step);
  const VerdictMark* mark = kernel == nullptr ? nullptr : mark_at(*kernel->diff, scenario, step);

  pugi::xml_node cell = append(row, "td");
  set(cell, "class", std::string(to_string(told.kind)));
  if (mark != nullptr) set(cell, "data-departure", std::string(mark->name));
  std::string words = told.words;
  if (mark != nullptr) words += fmt::format("; {}", mark->words);
  const std::string link = href(scenario);
  pugi::xml_node holder = append(cell, link.empty() ? "span" : "a");
  if (!link.empty()) set(holder, "href", link);
  if (mark != nullptr) {
    append(holder, "b", std::string(mark->mark));
    const Other other = other_than(scenario, step, reference, *kernel->diff);
    if (other.answer.text != told.text) {
      words += fmt::format("; {}: {}", other.whose, other.answer.words);
      if (other.shown) append(holder, "del", other.answer.text);
    }
  }
  append(holder, "span", told.text);
  set(holder, "title", words);
  // Marks and the bolt are not for reading aloud.
  if (!link.empty()) set(holder, "aria-label", words);
}

}  // namespace

std::string heat_map(const RunResult& reference, const KernelReport* kernel,
                     const ScenarioHref& href) {
  std::vector<const RunResult*> results{&reference};
  if (kernel != nullptr) results.push_back(&*kernel->result);
  const Axes axes = axes_of(results);

  pugi::xml_document document;
  pugi::xml_node table = append(document.root(), "table");
  set(table, "class", "heat-map");
  append(table, "caption",
         kernel == nullptr
             ? fmt::format("What the first call gets on {}, by entry point and state",
                           reference.kernel.id)
             : fmt::format("What the first call gets on {}, by entry point and state; marked where "
                           "it is not as predicted, or not as on {}",
                           kernel->plan.id, reference.kernel.id));
  pugi::xml_node head = append(append(table, "thead"), "tr");
  heading(head, "col", "entry point");
  for (const Column& column : axes.columns) heading(head, "col", column.heading);
  for (const auto& [group, entries] : axes.groups) {
    pugi::xml_node body = append(table, "tbody");
    for (const std::string& entry : entries) {
      pugi::xml_node row = append(body, "tr");
      heading(row, "row", entry);
      for (const Column& column : axes.columns)
        add_cell(row, fmt::format("entry/{}/{}", column.state, entry), reference, kernel, href);
    }
  }
  return markup(document);
}

std::string heat_map_css() {
  std::string css =
      themed(".heat-map",
             "--paper:#fff;--ink:#1b242c;--muted:#57636e;--line:#c5ced6;--explained:#1d4b8f;"
             "--unexplained:#b3160b;",
             "--paper:#12171c;--ink:#e6edf3;--muted:#a3b0bc;--line:#3b4854;--explained:#8ab8f8;"
             "--unexplained:#ff8a7d;") +
      answer_colours(".heat-map") + R"(
.heat-map{border-collapse:separate;border-spacing:2px;color:var(--ink);font-size:.75rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.heat-map caption{text-align:start;padding:.5rem 0;color:var(--muted)}
.heat-map th{background:var(--paper);font-weight:600;text-align:start;padding:.25rem .5rem}
.heat-map thead th{position:sticky;top:0;z-index:2;vertical-align:bottom;line-height:1.25;border-bottom:1px solid var(--line)}
.heat-map tbody th{position:sticky;inset-inline-start:0;z-index:1;white-space:nowrap;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-weight:400}
.heat-map tbody tr:first-child>*{border-top:1px solid var(--line)}
.heat-map td{padding:0;border-radius:4px;white-space:nowrap}
.heat-map td>*{display:flex;gap:.35em;padding:.25rem .4rem;color:inherit;text-decoration:none;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.heat-map td>a:hover span{text-decoration:underline}
.heat-map td>a:focus-visible{outline:2px solid var(--ink);outline-offset:-1px}
.heat-map b{font-weight:700;min-width:1ch}
.heat-map td[data-departure=explained]{box-shadow:inset 0 0 0 2px var(--explained)}
.heat-map td[data-departure=ahead],.heat-map td[data-departure=behind]{box-shadow:inset 0 0 0 2px var(--muted)}
.heat-map td[data-departure=unexplained]{box-shadow:inset 0 0 0 2px var(--unexplained)}
)";
  for (const AnswerKind kind : all_answer_kinds)
    css += fmt::format(".heat-map td.{0}{{background:var(--{0});color:var(--{0}-ink)}}\n",
                       to_string(kind));
  return css;
}

}  // namespace brokenpipe
