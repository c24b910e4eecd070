#include <fmt/format.h>
#include <fmt/ranges.h>

#include <kainjow/mustache.hpp>

#include "orchestrator/reports/html_template.h"
#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"
#include "results/base/text.h"

/// One page for one run, in one file that needs nothing else: html.mustache, filled. Mustache
/// escapes whatever is put into it, and page_text() sees to what that leaves.
namespace brokenpipe {
namespace {

using Data = kainjow::mustache::data;
using kainjow::mustache::list;

void set(Data& data, const char* key, const std::string& words) {
  data.set(key, page_text(words));
}

/// What may be a list of many names.
void set_many(Data& data, const char* key, const std::string& words) {
  data.set(key, page_text(words, longest_text));
}

/// For a section of the template that is there at most once.
void set_once(Data& data, const char* key, const std::string& words) {
  if (!words.empty()) data.set(key, list{page_text(words)});
}

/// A heading and what stands below it; nothing where there is nothing to tell.
void add_section(list& sections, const std::string& heading, const list& facts) {
  if (facts.empty()) return;
  Data section;
  set(section, "heading", heading);
  section.set("facts", facts);
  sections.push_back(section);
}

void add_section(list& sections, const std::string& heading, const std::vector<Told>& told,
                 const Summary& summary) {
  list facts;
  for (const Told& fact : told) {
    Data item;
    set(item, "kernels", kernels_sentence(fact.kernels, summary));
    set(item, "what", fact.what);
    facts.push_back(item);
  }
  add_section(sections, heading, facts);
}

void add_section(list& sections, const std::string& heading, const std::vector<Unjudged>& groups,
                 const Summary& summary) {
  list facts;
  for (const Unjudged& group : groups) {
    Data item;
    set(item, "kernels", kernels_sentence(group.kernels, summary));
    set(item, "what",
        group.waiver.empty() ? group.reason : fmt::format("{}; {}", group.reason, group.waiver));
    set_many(item, "scenarios",
             fmt::format("{}: {}", counted(group.scenarios.size(), "scenario"),
                         fmt::join(group.scenarios, ", ")));
    facts.push_back(item);
  }
  add_section(sections, heading, facts);
}

void add_section(list& sections, const std::string& heading, const std::string& what,
                 const std::vector<std::string>& kernels) {
  if (kernels.empty()) return;
  Data item;
  set(item, "kernels", fmt::format("{}", fmt::join(kernels, ", ")));
  set(item, "what", what);
  add_section(sections, heading, list{item});
}

void add_waivers(list& sections, const Summary& summary) {
  list facts;
  for (const WaiverInUse& used : summary.waivers) {
    Data item;
    set(item, "kernels",
        fmt::format("{}, until {}, of {}", used.waiver->id, used.waiver->until,
                    used.waiver->owner));
    set(item, "what", used.waiver->why);
    set(item, "scenarios",
        fmt::format("{} on {}", counted(used.scenarios.size(), "scenario"),
                    kernels_sentence(used.kernels, summary)));
    facts.push_back(item);
  }
  add_section(sections, "Waivers in use", facts);
}

Data run_of(const RunRecord& run) {
  Data data;
  set(data, "id", run.id);
  set(data, "started", run.started);
  set(data, "command", fmt::format("{}", fmt::join(run.command_line, " ")));
  set_once(data, "qemu", run.qemu);
  set_once(data, "libvirt", run.libvirt);
  set(data, "uname", run.uname);
  return data;
}

const char* class_of(Count::Mood mood) {
  switch (mood) {
    case Count::Mood::plain:
      return "";
    case Count::Mood::warn:
      return "warn";
    case Count::Mood::bad:
      break;
  }
  return "bad";
}

Data kernel_row(const Row& row, const Summary& summary) {
  list cells;
  for (const Count& count : counts_of(row, summary)) {
    Data cell;
    set(cell, "count", row.judged ? std::to_string(count.count) : "-");
    set(cell, "class", count.count > 0 ? class_of(count.mood) : "");
    cells.push_back(cell);
  }
  Data data;
  set(data, "kernel", row.kernel);
  set(data, "release", row.release.empty() ? "-" : row.release);
  set(data, "guest", row.guest);
  data.set("cells", cells);
  set(data, "seconds", row.seconds.empty() ? "-" : row.seconds);
  return data;
}

Data unexplained_of(const Summary& summary) {
  if (summary.unexplained.empty()) return Data::type::bool_false;
  list rows;
  for (const UnexplainedDifference& difference : summary.unexplained) {
    Data row;
    set(row, "scenario", difference.scenario);
    set(row, "place", difference.place);
    set(row, "expected", difference.expected);
    set(row, "got", difference.got);
    set(row, "kernels", kernels_sentence(difference.kernels, summary));
    set_once(row, "grounds", difference.grounds);
    set_once(row, "as", difference.as);
    rows.push_back(row);
  }
  Data data;
  data.set("rows", rows);
  return data;
}

Data explained_of(const Summary& summary) {
  if (summary.explained.empty()) return Data::type::bool_false;
  list groups;
  const auto news = first_told(summary.explained);
  for (std::size_t i = 0; i < news.size(); ++i) {
    const ExplainedDifferences& group = summary.explained[i];
    list changes;
    for (const Change* change : news[i]) {
      Data item;
      if (group.changes.size() > 1) set_once(item, "id", change->id);
      set(item, "says", change->says);
      set(item, "versions", versions_of(*change));
      set(item, "commit", commit_of(*change));
      set(item, "subject", change->subject);
      changes.push_back(item);
    }
    list transitions;
    for (const ExplainedDifferences::Transition& transition : group.transitions) {
      Data item;
      set(item, "expected", transition.expected);
      set(item, "got", transition.got);
      set_many(item, "scenarios", fmt::format("{}", fmt::join(transition.scenarios, ", ")));
      transitions.push_back(item);
    }
    Data item;
    set(item, "chain", chain_of(group));
    item.set("changes", changes);
    set(item, "kernels", kernels_sentence(group.kernels, summary));
    item.set("transitions", transitions);
    groups.push_back(item);
  }
  Data data;
  data.set("groups", groups);
  return data;
}

std::string render(const ReportData& data, const ReportOptions& /*options*/) {
  const Summary summary = summarise(data);
  const ExitCode code = exit_code(data);
  Data page;
  set(page, "title", summary.title);
  set(page, "conclusion", conclusion(summary, code));
  set(page, "mood", code == ExitCode::as_reference ? "good" : "bad");
  page.set("run", data.run ? run_of(*data.run) : Data(Data::type::bool_false));
  list counts;
  for (const Count& count : counts_of({}, summary)) counts.push_back(count.name);
  page.set("counts", counts);
  list kernels;
  for (const Row& row : summary.rows) kernels.push_back(kernel_row(row, summary));
  page.set("kernels", kernels);
  set(page, "steps", steps_sentence(summary));
  set(page, "expected_head", summary.terms.expected);
  set(page, "predicted_head", summary.terms.predicted);
  set(page, "got_head", summary.terms.got);
  page.set("unexplained", unexplained_of(summary));
  page.set("explained", explained_of(summary));

  list before;
  add_section(before, "Failed", summary.failed, summary);
  add_section(before, "Inconclusive", summary.inconclusive, summary);
  add_section(before, "Flaky: the repeats disagree", summary.flaky, summary);
  add_section(before, "Not asked", summary.not_asked, summary);
  add_waivers(before, summary);
  add_section(before, "Ahead of the kernel's version, or behind it", summary.off_version, summary);
  add_section(before, "Recorded here: it proves nothing", summary.recorded_here, summary);
  add_section(before, "Tainted on the way, and ran to the end", summary.tainted, summary);
  page.set("before", before);
  list after;
  add_section(after, "Appeared", summary.added, summary);
  add_section(after, summary.comparison ? "Disappeared" : "Gone", summary.gone, summary);
  add_section(after, "Absent: both lack it", summary.absent, summary);
  add_section(after, "Only in A", "not in the run B", summary.only_a);
  add_section(after, "Only in B", "not in the run A", summary.only_b);
  add_section(after, "Not run", summary.not_run, summary);
  add_section(after, "Changes that explain nothing where they ought to", summary.idle, summary);
  page.set("after", after);
  return kainjow::mustache::mustache(html_template).render(page);
}

const Registered registered{{"html", "a page in one file, to look at or to pass on", render}};

}  // namespace
}  // namespace brokenpipe
