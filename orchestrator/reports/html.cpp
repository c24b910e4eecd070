#include <fmt/format.h>
#include <fmt/ranges.h>

#include <kainjow/mustache.hpp>

#include "orchestrator/reports/html_template.h"
#include "orchestrator/reports/report.h"
#include "orchestrator/summary/summary.h"

/// One page for one run, in one file that needs nothing else: html.mustache, filled; mustache
/// escapes whatever is put into it.
namespace brokenpipe {
namespace {

using Data = kainjow::mustache::data;
using kainjow::mustache::list;

/// A heading and what stands below it; nothing where there is nothing to tell.
void add_section(list& sections, const std::string& heading, const list& facts) {
  if (facts.empty()) return;
  Data section;
  section.set("heading", heading);
  section.set("facts", facts);
  sections.push_back(section);
}

void add_section(list& sections, const std::string& heading, const std::vector<Told>& told,
                 const Summary& summary) {
  list facts;
  for (const Told& fact : told) {
    Data item;
    item.set("kernels", kernels_sentence(fact.kernels, summary));
    item.set("what", fact.what);
    facts.push_back(item);
  }
  add_section(sections, heading, facts);
}

void add_section(list& sections, const std::string& heading, const std::vector<Unjudged>& groups,
                 const Summary& summary) {
  list facts;
  for (const Unjudged& group : groups) {
    Data item;
    item.set("kernels", kernels_sentence(group.kernels, summary));
    item.set("what", group.waiver.empty() ? group.reason
                                          : fmt::format("{}; {}", group.reason, group.waiver));
    item.set("scenarios", fmt::format("{}: {}", counted(group.scenarios.size(), "scenario"),
                                      fmt::join(group.scenarios, ", ")));
    facts.push_back(item);
  }
  add_section(sections, heading, facts);
}

void add_section(list& sections, const std::string& heading, const std::string& what,
                 const std::vector<std::string>& kernels) {
  if (kernels.empty()) return;
  Data item;
  item.set("kernels", fmt::format("{}", fmt::join(kernels, ", ")));
  item.set("what", what);
  add_section(sections, heading, list{item});
}

void add_waivers(list& sections, const Summary& summary) {
  list facts;
  for (const WaiverInUse& used : summary.waivers) {
    Data item;
    item.set("kernels", fmt::format("{}, until {}, of {}", used.waiver->id, used.waiver->until,
                                    used.waiver->owner));
    item.set("what", used.waiver->why);
    item.set("scenarios", fmt::format("{} on {}", counted(used.scenarios.size(), "scenario"),
                                      kernels_sentence(used.kernels, summary)));
    facts.push_back(item);
  }
  add_section(sections, "Waivers in use", facts);
}

Data run_of(const RunRecord& run) {
  Data data;
  data.set("id", run.id);
  data.set("started", run.started);
  data.set("command", fmt::format("{}", fmt::join(run.command_line, " ")));
  if (!run.qemu.empty()) data.set("qemu", list{run.qemu});
  if (!run.libvirt.empty()) data.set("libvirt", list{run.libvirt});
  data.set("uname", run.uname);
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
    cell.set("count", row.judged ? std::to_string(count.count) : "-");
    cell.set("class", count.count > 0 ? class_of(count.mood) : "");
    cells.push_back(cell);
  }
  Data data;
  data.set("kernel", row.kernel);
  data.set("release", row.release.empty() ? "-" : row.release);
  data.set("guest", row.guest);
  data.set("cells", cells);
  data.set("seconds", row.seconds.empty() ? "-" : row.seconds);
  return data;
}

Data unexplained_of(const Summary& summary) {
  if (summary.unexplained.empty()) return Data::type::bool_false;
  list rows;
  for (const UnexplainedDifference& difference : summary.unexplained) {
    Data row;
    row.set("scenario", difference.scenario);
    row.set("place", difference.place);
    row.set("expected", difference.expected);
    row.set("got", difference.got);
    row.set("kernels", kernels_sentence(difference.kernels, summary));
    if (!difference.grounds.empty()) row.set("grounds", list{difference.grounds});
    if (!difference.as.empty()) row.set("as", list{difference.as});
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
      if (group.changes.size() > 1) item.set("id", list{change->id});
      item.set("says", change->says);
      item.set("versions", versions_of(*change));
      item.set("commit", commit_of(*change));
      item.set("subject", change->subject);
      changes.push_back(item);
    }
    list transitions;
    for (const ExplainedDifferences::Transition& transition : group.transitions) {
      Data item;
      item.set("expected", transition.expected);
      item.set("got", transition.got);
      item.set("scenarios", fmt::format("{}", fmt::join(transition.scenarios, ", ")));
      transitions.push_back(item);
    }
    Data item;
    item.set("chain", chain_of(group));
    item.set("changes", changes);
    item.set("kernels", kernels_sentence(group.kernels, summary));
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
  page.set("title", summary.title);
  page.set("conclusion", conclusion(summary, code));
  page.set("mood", code == ExitCode::as_reference ? "good" : "bad");
  page.set("run", data.run ? run_of(*data.run) : Data(Data::type::bool_false));
  list counts;
  for (const Count& count : counts_of({}, summary)) counts.push_back(count.name);
  page.set("counts", counts);
  list kernels;
  for (const Row& row : summary.rows) kernels.push_back(kernel_row(row, summary));
  page.set("kernels", kernels);
  page.set("steps", steps_sentence(summary));
  page.set("expected_head", summary.terms.expected);
  page.set("predicted_head", summary.terms.predicted);
  page.set("got_head", summary.terms.got);
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
