#include "orchestrator/site/pictures/atom.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "orchestrator/site/pictures/markup.h"
#include "results/base/error.h"
#include "results/base/text.h"
#include "results/describe.h"

namespace brokenpipe {
namespace {

/// A tag URI (RFC 4151); the date says when the name began to be used so.
std::string tag(const std::string& what) {
  return "tag:brokenpipe,2026:" + what;
}

void link_to(pugi::xml_node parent, const char* relation, const std::string& href) {
  pugi::xml_node link = append(parent, "link");
  set(link, "rel", relation);
  set(link, "href", href);
}

std::string headline(const std::vector<const NightChange*>& changes) {
  const NightChange& first = *changes.front();
  const std::string count = changes.size() == 1 ? std::string("1 answer changed")
                                                : fmt::format("{} answers changed", changes.size());
  const std::string release = first.from_release == first.to_release
                                  ? first.to_release
                                  : fmt::format("{} to {}", first.from_release, first.to_release);
  return fmt::format("{}: {} ({})", first.kernel, count, release);
}

/// The changes of one kernel on one night together, in the history's order.
std::vector<std::vector<const NightChange*>> by_night_and_kernel(const History& history) {
  std::vector<std::vector<const NightChange*>> groups;
  for (const NightChange& change : history.changes) {
    const bool follows = !groups.empty() && groups.back().front()->night == change.night &&
                         groups.back().front()->kernel == change.kernel;
    if (!follows) groups.emplace_back();
    groups.back().push_back(&change);
  }
  return groups;
}

/// What is said of a change that another kernel does not account for.
std::string caveat(const NightChange& change) {
  if (change.probe_changed) return " (asked by another probe)";
  return change.same_kernel ? " (on the same kernel: not steady)" : "";
}

void describe_changes(pugi::xml_node entry, const std::vector<const NightChange*>& changes) {
  // A reader of feeds is told what kind of thing changed, not everything.
  constexpr std::size_t most = 100;
  pugi::xml_node content = append(entry, "content");
  set(content, "type", "xhtml");
  pugi::xml_node division = append(content, "div");
  set(division, "xmlns", "http://www.w3.org/1999/xhtml");
  pugi::xml_node list = append(division, "ul");
  for (std::size_t i = 0; i < std::min(most, changes.size()); ++i) {
    const NightChange& change = *changes[i];
    append(list, "li",
           fmt::format("{} {}: {} → {}{}", change.scenario, change.step, describe_seen(change.from),
                       describe_seen(change.to), caveat(change)));
  }
  if (changes.size() > most)
    append(division, "p", fmt::format("and {} more", changes.size() - most));
}

}  // namespace

std::string atom_feed(const History& history, const std::string& page) {
  if (history.nights.empty())
    throw Error("writing the feed of changes", "no kernel was ever run", "Run one first.");
  std::map<std::string, std::string> started;
  for (const Night& night : history.nights) started[night.run] = night.started;

  pugi::xml_document document;
  pugi::xml_node feed = append(document.root(), "feed");
  set(feed, "xmlns", "http://www.w3.org/2005/Atom");
  append(feed, "title", "brokenpipe: answers that changed");
  append(feed, "id", tag("changes"));
  append(feed, "updated", history.nights.back().started);
  append(append(feed, "author"), "name", "brokenpipe");
  link_to(feed, "alternate", page);
  for (const std::vector<const NightChange*>& changes : by_night_and_kernel(history)) {
    const std::string& night = changes.front()->night;
    pugi::xml_node entry = append(feed, "entry");
    append(entry, "title", headline(changes));
    append(entry, "id",
           tag(fmt::format("changes/{}/{}", uri_part(night), uri_part(changes.front()->kernel))));
    append(entry, "updated", started.at(night));
    link_to(entry, "alternate", page + "#" + uri_part(night));
    describe_changes(entry, changes);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + markup(document) + "\n";
}

}  // namespace brokenpipe
