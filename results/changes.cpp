#include "results/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

#include "results/base/json_file.h"
#include "results/seen.h"

namespace brokenpipe {
namespace {

KernelVersion version_from(const JsonPlace& place) {
  const std::string text = place.text();
  static const std::regex whole("[0-9]+[.][0-9]+([.][0-9]+)?");
  const auto version = parse_version(text);
  if (!version || !std::regex_match(text, whole))
    place.fail(fmt::format(R"("{}" is no version such as 6.1 or 6.1.170)", text));
  return *version;
}

/// A series as a whole is no back-port: `6.1` would be in effect in all of it.
KernelVersion point_release_from(const JsonPlace& place) {
  const KernelVersion version = version_from(place);
  const std::string text = place.text();
  if (std::count(text.begin(), text.end(), '.') != 2)
    place.fail(fmt::format(R"("{}" is no point release such as 6.1.170)", text));
  return version;
}

nlohmann::json value_from(const JsonPlace& place) {
  if (!place.value().is_null() && !place.value().is_object())
    place.fail("neither null nor an object of what was seen");
  if (place.value().is_null()) return nullptr;
  for (const char* key : step_keys)
    if (place.find(key)) place.fail(fmt::format("\"{}\" is nothing that was seen", key));
  check_seen(place);
  return place.value();
}

Move move_from(const JsonPlace& place) {
  place.only({"scenarios", "step", "before", "after", "call", "args"});
  Move move{place.at("scenarios").texts(), place.at("step").text(), value_from(place.at("before")),
            value_from(place.at("after"))};
  if (move.before == move.after) place.fail(R"("before" and "after" are the same)");
  if (move.before.is_null() || move.after.is_null()) {
    move.call = place.at("call").text();
    move.args = place.at("args").text();
  } else if (place.find("call") || place.find("args")) {
    place.fail(R"("call" and "args" are for a step that comes or goes)");
  }
  return move;
}

Introduction introduction_from(const JsonPlace& place) {
  place.only({"recorded_on", "answer"});
  Introduction introduction;
  introduction.answer = read_observation(place.at("answer"), true);
  const JsonPlace recorded = place.at("recorded_on");
  if (!recorded.value().is_null()) introduction.recorded_on = version_from(recorded);
  const Basis basis = introduction.recorded_on ? Basis::recorded : Basis::derived;
  const bool all_so =
      introduction.answer.basis == basis &&
      std::all_of(introduction.answer.steps.begin(), introduction.answer.steps.end(),
                  [&](const Step& step) { return step.basis == basis; });
  if (!all_so) place.fail(fmt::format("not every step's basis is {}", to_string(basis)));
  return introduction;
}

Change change_from(const JsonPlace& place) {
  place.only({"id", "says", "mainline", "stable", "until", "until_stable", "commit", "subject",
              "source", "moves", "introduces", "removes"});
  Change change;
  change.id = place.at("id").text();
  change.says = place.at("says").text();
  change.mainline = version_from(place.at("mainline"));
  for (const JsonPlace& item : place.at("stable").items())
    change.stable.push_back(point_release_from(item));
  const JsonPlace until = place.at("until");
  if (!until.value().is_null()) change.until = version_from(until);
  if (const auto ended = place.find("until_stable"))
    for (const JsonPlace& item : ended->items())
      change.until_stable.push_back(point_release_from(item));
  const JsonPlace commit = place.at("commit");
  if (!commit.value().is_null()) change.commit = commit.text();
  change.subject = place.at("subject").text();
  change.source = place.at("source").text();
  if (const auto moves = place.find("moves"))
    for (const JsonPlace& item : moves->items()) change.moves.push_back(move_from(item));
  if (const auto introduces = place.find("introduces"))
    for (const JsonPlace& item : introduces->items())
      change.introduces.push_back(introduction_from(item));
  if (const auto removes = place.find("removes")) change.removes = removes->texts();
  if (change.moves.empty() && change.introduces.empty() && change.removes.empty())
    place.fail("it moves, introduces and removes nothing");
  return change;
}

bool same_series(const KernelVersion& a, const KernelVersion& b) {
  return a.major == b.major && a.minor == b.minor;
}

/// The point release of the version's own series at which something came, if it has reached it.
const KernelVersion* reached(const std::vector<KernelVersion>& points,
                             const KernelVersion& version) {
  const auto found = std::find_if(points.begin(), points.end(), [&](const KernelVersion& point) {
    return same_series(point, version) && version >= point;
  });
  return found == points.end() ? nullptr : &*found;
}

}  // namespace

std::optional<KernelVersion> parse_version(const std::string& text) {
  // Three digits at most: a longer number is no part of a kernel's version.
  static const std::regex front("([0-9]{1,3})[.]([0-9]{1,3})(?:[.]([0-9]{1,3}))?(?![0-9])");
  std::smatch found;
  if (!std::regex_search(text, found, front, std::regex_constants::match_continuous))
    return std::nullopt;
  return KernelVersion{std::stoi(found[1]), std::stoi(found[2]),
                       found[3].matched ? std::stoi(found[3]) : 0};
}

std::optional<KernelVersion> version_of(const KernelIdentity& kernel) {
  auto version = parse_version(kernel.release);
  if (!version) return std::nullopt;
  const auto refine = [&](const std::string& text, const std::string& marker) {
    const auto at = text.find(marker);
    if (at == std::string::npos) return;
    const auto point = parse_version(text.substr(at + marker.size()));
    if (point && same_series(*point, *version)) version = std::max(*version, *point);
  };
  refine(kernel.version, "Debian ");
  refine(kernel.package, "=");
  return version;
}

std::string commit_of(const Change& change) {
  constexpr std::size_t quoted_digits = 12;
  return change.commit.empty() ? "commit not found" : change.commit.substr(0, quoted_digits);
}

bool in_effect(const Change& change, const KernelVersion& version) {
  if (change.until && version >= *change.until) return false;
  if (reached(change.until_stable, version) != nullptr) return false;
  return version >= change.mainline || reached(change.stable, version) != nullptr;
}

WayPoint way_point(const Change& change, const KernelVersion& from, const KernelVersion& to) {
  const KernelVersion& with = in_effect(change, from) ? from : to;
  const KernelVersion& without = in_effect(change, from) ? to : from;
  KernelVersion turn = change.mainline;
  if (change.until && without >= *change.until) {
    turn = *change.until;
  } else if (const KernelVersion* ended = reached(change.until_stable, without)) {
    turn = *ended;
  } else if (with < change.mainline) {
    turn = *reached(change.stable, with);
  }
  // Numbers of a version have three digits at most (parse_version).
  const auto number = [](const KernelVersion& v) {
    return (v.major * 1000 + v.minor) * 1000 + v.patch;
  };
  const bool ahead = from < to;
  if (same_series(from, to)) return {0, ahead ? number(turn) : -number(turn)};
  if (turn.patch > 0 && same_series(turn, from)) return {0, -number(turn)};
  if (turn.patch > 0 && same_series(turn, to)) return {2, number(turn)};
  return {1, ahead ? number(turn) : -number(turn)};
}

Changes read_changes(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file, Changes::schema);
  const JsonPlace root(document, file.string());
  root.only({"schema", "changes"});
  Changes changes;
  std::set<std::string> ids;
  for (const JsonPlace& item : root.at("changes").items()) {
    changes.changes.push_back(change_from(item));
    if (!ids.insert(changes.changes.back().id).second)
      item.fail(fmt::format("change \"{}\" is there twice", changes.changes.back().id));
  }
  return changes;
}

}  // namespace brokenpipe
