#include "images/changelog.h"

#include <algorithm>
#include <array>
#include <optional>

#include "images/debian_version.h"

namespace brokenpipe {

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

/// The point release of a heading: `linux (6.12.101-1) trixie-security; urgency=high`. Signed
/// packages have a changelog of their own source, `linux-signed-amd64 (6.12.105+1)`, whose first
/// entry repeats that of linux 6.12.105-1.
std::optional<std::string> release_in_heading(std::string_view line) {
  const std::size_t open = line.find(" (");
  const std::size_t close = line.find(')');
  if (!line.starts_with("linux") || open == std::string_view::npos ||
      close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  const std::string upstream = point_release_of(line.substr(open + 2, close - open - 2));
  return upstream.substr(0, upstream.find('+'));
}

void add(std::vector<std::string>& words, std::string_view word) {
  if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) {
    words.emplace_back(word);
  }
}

/// `net`, `tcp` of `[amd64] net: tcp: fix ...`; nothing of what names no subsystem.
std::vector<std::string_view> prefixes_of(std::string_view change) {
  if (change.starts_with('[')) {
    const std::size_t end = change.find("] ");
    change.remove_prefix(end == std::string_view::npos ? 0 : end + 2);
  }
  std::vector<std::string_view> prefixes;
  for (std::size_t colon = change.find(": "); colon != std::string_view::npos;
       colon = change.find(": ")) {
    const std::string_view prefix = change.substr(0, colon);
    // What has a space in it is a sentence that goes on after a colon.
    if (prefix.find(' ') != std::string_view::npos) {
      break;
    }
    prefixes.push_back(prefix);
    change.remove_prefix(colon + 2);
  }
  return prefixes;
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool tells_of(std::string_view changelog, std::string_view point_release) {
  const std::vector<std::string_view> lines = split(changelog, "\n");
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    return release_in_heading(line) == point_release;
  });
}

std::vector<std::string> changes_between(std::string_view changelog, std::string_view before,
                                         std::string_view after) {
  std::vector<std::string> changes;
  bool wanted = false;
  // The indent of the item that is being read: a line further to the right goes on with it.
  constexpr std::size_t no_item = std::string_view::npos;
  std::size_t item = no_item;
  for (const std::string_view line : split(changelog, "\n")) {
    if (const auto release = release_in_heading(line)) {
      wanted = compare_debian_versions(*release, before) > 0 &&
               compare_debian_versions(*release, after) <= 0;
      item = no_item;
      continue;
    }
    const std::size_t indent = line.find_first_not_of(' ');
    if (!wanted || indent == std::string_view::npos) {
      item = no_item;
      continue;
    }
    const std::string_view text = line.substr(indent);
    if (text.starts_with("- ") || text.starts_with("* ")) {
      changes.emplace_back(text.substr(2));
      item = indent;
    } else if (item != no_item && indent > item) {
      changes.back() += " ";
      changes.back() += text;
    } else {
      item = no_item;
    }
  }
  return changes;
}

bool Subsystems::contain(std::string_view change) const {
  for (const std::string_view prefix : prefixes_of(change)) {
    const std::vector<std::string_view> parts = split(prefix, "/,");
    if (std::any_of(parts.begin(), parts.end(),
                    [&](std::string_view part) { return holds(words, part); })) {
      return true;
    }
    // What comes after another subsystem's name is a part of that one.
    if (!holds(roots, prefix)) {
      return false;
    }
  }
  return !prefixes_of(change).empty();
}

Subsystems subsystems_of(const std::vector<std::string>& grounds) {
  // Folders that many subsystems have, and no commit is named by.
  constexpr std::array<std::string_view, 3> telling_nothing = {"core", "include", "drivers"};
  Subsystems subsystems;
  for (const std::string& ground : grounds) {
    std::vector<std::string_view> path =
        split(std::string_view(ground).substr(0, ground.find(':')), "/");
    std::string_view file = path.back();
    path.pop_back();
    file = file.substr(0, file.rfind('.'));
    add(subsystems.words, file);
    // tcp_input.c is about tcp, af_unix.c about unix.
    const std::size_t underscore = file.find('_');
    const std::string_view first = file.substr(0, underscore);
    add(subsystems.words, first == "af" ? file.substr(underscore + 1) : first);
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (std::find(telling_nothing.begin(), telling_nothing.end(), path[i]) ==
          telling_nothing.end()) {
        add(i == 0 ? subsystems.roots : subsystems.words, path[i]);
      }
    }
  }
  return subsystems;
}

}  // namespace brokenpipe
