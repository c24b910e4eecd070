#include "results/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/explanations.h"
#include "tests/support/scratch_folder.h"

/// The changes of the kernel that are known, and what they explain.
namespace brokenpipe {
namespace {

using Json = nlohmann::json;

Changes read(const Json& entries) {
  const testing::ScratchFolder folder;
  write_file(folder.path() / "changes.json", Json{{"schema", 1}, {"changes", entries}}.dump());
  return read_changes(folder.path() / "changes.json");
}

Json entry() {
  return Json::parse(R"({"id":"pwritev2-appears","says":"pwritev2 exists.","mainline":"4.6",
      "stable":["3.18.5","4.4.10"],"until":null,"commit":"f17d8b35452c",
      "subject":"vfs: vfs: Define new syscalls preadv2,pwritev2","source":"a git log",
      "moves":[{"scenarios":["entry/*/pwritev2"],"step":"pwritev2#1",
                "before":{"returned":-1,"errno":"ENOSYS"},
                "after":{"returned":-1,"errno":"EPIPE"}}]})");
}

std::string complaint_about(const Json& changed) {
  try {
    read(changed);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

TEST(Changes, EveryMemberOfAnEntryIsRead) {
  const Changes changes = read(Json::array({entry()}));
  ASSERT_EQ(changes.changes.size(), 1U);
  const Change& change = changes.changes[0];
  EXPECT_EQ(change.id, "pwritev2-appears");
  EXPECT_EQ(change.says, "pwritev2 exists.");
  EXPECT_EQ(change.mainline, (KernelVersion{4, 6, 0}));
  EXPECT_THAT(change.stable,
              ::testing::ElementsAre(KernelVersion{3, 18, 5}, KernelVersion{4, 4, 10}));
  EXPECT_EQ(change.until, std::nullopt);
  EXPECT_EQ(change.commit, "f17d8b35452c");
  EXPECT_EQ(change.subject, "vfs: vfs: Define new syscalls preadv2,pwritev2");
  EXPECT_EQ(change.source, "a git log");
  ASSERT_EQ(change.moves.size(), 1U);
  EXPECT_THAT(change.moves[0].scenarios, ::testing::ElementsAre("entry/*/pwritev2"));
  EXPECT_EQ(change.moves[0].step, "pwritev2#1");
  EXPECT_EQ(change.moves[0].before, (Json{{"returned", -1}, {"errno", "ENOSYS"}}));
  EXPECT_EQ(change.moves[0].after, (Json{{"returned", -1}, {"errno", "EPIPE"}}));
}

TEST(Changes, CommitThatNobodyFoundIsSaidToBeMissing) {
  Json nameless = entry();
  nameless["commit"] = nullptr;
  EXPECT_EQ(commit_of(read(Json::array({nameless})).changes[0]), "commit not found");
  EXPECT_EQ(commit_of(read(Json::array({entry()})).changes[0]), "f17d8b35452c");
}

TEST(Changes, WrongEntryIsNamedWithItsPlace) {
  const auto with = [](const char* place, const Json& value) {
    Json wrong = entry();
    wrong[Json::json_pointer(place)] = value;
    return Json::array({entry(), wrong});
  };
  EXPECT_THAT(complaint_about(with("/id", "pwritev2-appears")),
              ::testing::HasSubstr("changes[1]: change \"pwritev2-appears\" is there twice"));
  EXPECT_THAT(complaint_about(with("/mainline", "4")),
              ::testing::HasSubstr("changes[1].mainline: \"4\" is no version"));
  EXPECT_THAT(complaint_about(with("/mainline", "4.6-rc1")),
              ::testing::HasSubstr("\"4.6-rc1\" is no version"));
  EXPECT_THAT(complaint_about(with("/stable/0", "4.x")),
              ::testing::HasSubstr("changes[1].stable[0]: \"4.x\" is no version"));
  EXPECT_THAT(complaint_about(with("/stable/0", "4.4")),
              ::testing::HasSubstr("changes[1].stable[0]: \"4.4\" is no point release"));
  EXPECT_THAT(complaint_about(with("/moves/0/before", "ENOSYS")),
              ::testing::HasSubstr("changes[1].moves[0].before: neither null nor an object"));
  EXPECT_THAT(complaint_about(with("/moves/0/before", {{"errno", 38}})),
              ::testing::HasSubstr("changes[1].moves[0].before.errno: not a string"));
  EXPECT_THAT(complaint_about(with("/moves/0/before", {{"call", "send"}})),
              ::testing::HasSubstr("moves[0].before: \"call\" is nothing that was seen"));
  EXPECT_THAT(complaint_about(with("/moves/0/after", entry()["moves"][0]["before"])),
              ::testing::HasSubstr("\"before\" and \"after\" are the same"));
  EXPECT_THAT(complaint_about(with("/title", "x")), ::testing::HasSubstr("\"title\" is not known"));
  const Json whole = entry();
  for (const auto& [key, value] : whole.items()) {
    Json wrong = whole;
    wrong.erase(key);
    EXPECT_THAT(complaint_about(Json::array({wrong})),
                ::testing::HasSubstr(key == "moves" ? "it moves, introduces and removes nothing"
                                                    : "\"" + key + "\" is missing"));
  }
}

TEST(Version, IsTheNumberInFront) {
  EXPECT_EQ(parse_version("6.1"), (KernelVersion{6, 1, 0}));
  EXPECT_EQ(parse_version("6.12.107+deb12-cloud-amd64"), (KernelVersion{6, 12, 107}));
  EXPECT_EQ(parse_version("7.3-rc7"), (KernelVersion{7, 3, 0}));
  EXPECT_EQ(parse_version("7.3~rc7-1~exp1"), (KernelVersion{7, 3, 0}));
  EXPECT_EQ(parse_version("vmlinuz"), std::nullopt);
  EXPECT_EQ(parse_version("6"), std::nullopt);
  EXPECT_EQ(parse_version("20261122.5"), std::nullopt);
  EXPECT_EQ(parse_version(""), std::nullopt);
}

TEST(Version, PointReleaseIsFoundWhereDebianSaysIt) {
  KernelIdentity kernel;
  kernel.release = "6.1.0-47-cloud-amd64";
  EXPECT_EQ(version_of(kernel), (KernelVersion{6, 1, 0}));
  kernel.version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-3 (2026-09-01)";
  EXPECT_EQ(version_of(kernel), (KernelVersion{6, 1, 170}));
  kernel.version.clear();
  kernel.package = "linux-image-6.1.0-47-cloud-amd64=6.1.170-3";
  EXPECT_EQ(version_of(kernel), (KernelVersion{6, 1, 170}));
  // The package of another kernel says nothing about this one.
  kernel.package = "linux-image-6.12.1=6.12.1-1";
  EXPECT_EQ(version_of(kernel), (KernelVersion{6, 1, 0}));
  EXPECT_EQ(version_of(KernelIdentity{}), std::nullopt);
}

TEST(Changes, StepThatComesOrGoesSaysWhatItIs) {
  Json coming = entry();
  Json& move = coming["moves"][0];
  move["before"] = nullptr;
  EXPECT_THAT(complaint_about(Json::array({coming})), ::testing::HasSubstr("\"call\" is missing"));
  move["call"] = "pwritev2";
  EXPECT_THAT(complaint_about(Json::array({coming})), ::testing::HasSubstr("\"args\" is missing"));
  move["args"] = "1, RWF_NOWAIT";
  const Changes changes = read(Json::array({coming}));
  EXPECT_EQ(changes.changes[0].moves[0].call, "pwritev2");
  EXPECT_EQ(changes.changes[0].moves[0].args, "1, RWF_NOWAIT");
  move["before"] = Json{{"returned", 1}};
  EXPECT_THAT(complaint_about(Json::array({coming})),
              ::testing::HasSubstr("are for a step that comes or goes"));
}

TEST(Change, IsInEffectFromMainlineOrBackPortUntilItsEnd) {
  Change change;
  change.mainline = {6, 4, 0};
  change.stable = {{5, 10, 217}, {6, 1, 90}};
  change.until = KernelVersion{6, 9, 0};
  const std::vector<std::pair<KernelVersion, bool>> cases{
      {{3, 16, 0}, false},   {{5, 10, 216}, false}, {{5, 10, 217}, true}, {{5, 10, 300}, true},
      {{5, 15, 999}, false}, {{6, 1, 89}, false},   {{6, 1, 90}, true},   {{6, 3, 13}, false},
      {{6, 4, 0}, true},     {{6, 8, 12}, true},    {{6, 9, 0}, false},   {{7, 3, 0}, false}};
  for (const auto& [version, expected] : cases)
    EXPECT_EQ(in_effect(change, version), expected)
        << version.major << "." << version.minor << "." << version.patch;
}

/// A change from one errno to another, at send#1 of every scenario of tcp.
Change errno_change(const std::string& id, KernelVersion mainline, const std::string& before,
                    const std::string& after) {
  Change change;
  change.id = id;
  change.mainline = mainline;
  change.moves = {{{"tcp/*"}, "send#1", Json{{"errno", before}}, Json{{"errno", after}}}};
  return change;
}

KernelIdentity kernel(const std::string& release) {
  KernelIdentity identity;
  identity.release = release;
  return identity;
}

std::vector<std::string> explain(const Changes& changes, const std::string& from_release,
                                 const std::string& to_release, const std::string& from,
                                 const std::string& to, const std::string& scenario = "tcp/x",
                                 const std::string& place = "send#1") {
  Explanations explanations(changes, kernel(from_release), kernel(to_release));
  return explanations.explain(scenario, place, Json{{"errno", from}}, Json{{"errno", to}});
}

TEST(Explanation, NeedsTheExactPlaceValueAndVersion) {
  const Changes changes{{errno_change("one", {4, 6, 0}, "ENOSYS", "EPIPE")}};
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(explain(changes, "3.16", "6.1", "ENOSYS", "EPIPE"), ElementsAre("one"));
  EXPECT_THAT(explain(changes, "3.16", "4.5", "ENOSYS", "EPIPE"), IsEmpty()) << "too old";
  EXPECT_THAT(explain(changes, "4.6", "6.1", "ENOSYS", "EPIPE"), IsEmpty()) << "both have it";
  EXPECT_THAT(explain(changes, "3.16", "6.1", "ENOSYS", "EINVAL"), IsEmpty());
  EXPECT_THAT(explain(changes, "3.16", "6.1", "EINVAL", "EPIPE"), IsEmpty());
  EXPECT_THAT(explain(changes, "3.16", "6.1", "EPIPE", "ENOSYS"), IsEmpty()) << "wrong way";
  EXPECT_THAT(explain(changes, "3.16", "6.1", "ENOSYS", "EPIPE", "unix/x"), IsEmpty());
  EXPECT_THAT(explain(changes, "3.16", "6.1", "ENOSYS", "EPIPE", "tcp/x", "send#2"), IsEmpty());
  EXPECT_THAT(explain(changes, "3.16", "unnumbered", "ENOSYS", "EPIPE"), IsEmpty());
}

TEST(Explanation, ChangesOfOneValueChain) {
  const Changes changes{{errno_change("third", {6, 4, 0}, "EINVAL", "EPIPE"),
                         errno_change("first", {4, 6, 0}, "ENOSYS", "EOPNOTSUPP"),
                         errno_change("second", {5, 0, 0}, "EOPNOTSUPP", "EINVAL")}};
  EXPECT_THAT(explain(changes, "3.16", "6.12", "ENOSYS", "EPIPE"),
              ::testing::ElementsAre("first", "second", "third"));
  EXPECT_THAT(explain(changes, "3.16", "6.1", "ENOSYS", "EINVAL"),
              ::testing::ElementsAre("first", "second"));
  EXPECT_THAT(explain(changes, "3.16", "6.1", "ENOSYS", "EPIPE"), ::testing::IsEmpty());
}

TEST(Explanation, ChainFollowsTheOrderOfVersions) {
  const Changes changes{{errno_change("late", {6, 4, 0}, "ENOSYS", "EINVAL"),
                         errno_change("early", {4, 6, 0}, "EINVAL", "EPIPE")}};
  EXPECT_THAT(explain(changes, "3.16", "6.12", "ENOSYS", "EPIPE"), ::testing::IsEmpty());
  EXPECT_THAT(explain(changes, "6.12", "3.16", "EPIPE", "ENOSYS"), ::testing::IsEmpty());
}

TEST(Explanation, BackPortCountsWhereItWasMade) {
  Changes changes{{errno_change("back-ported", {6, 9, 0}, "ENOSYS", "EINVAL"),
                   errno_change("mainline", {6, 1, 0}, "EINVAL", "EPIPE")}};
  changes.changes[0].stable = {{5, 10, 217}, {6, 1, 91}};
  EXPECT_THAT(explain(changes, "3.16", "6.1.170", "ENOSYS", "EPIPE"), ::testing::IsEmpty())
      << "6.1.91 is after 6.1";
  EXPECT_THAT(explain(changes, "5.10.217", "6.1.170", "EINVAL", "EPIPE"),
              ::testing::ElementsAre("mainline"))
      << "both have the back-port";
  changes.changes[1].mainline = {6, 6, 0};
  EXPECT_THAT(explain(changes, "5.10.217", "6.6.0", "EINVAL", "EPIPE"),
              ::testing::ElementsAre("mainline"));
  EXPECT_THAT(explain(changes, "5.10.217", "6.7", "EINVAL", "ENOSYS"),
              ::testing::ElementsAre("back-ported"))
      << "left behind with its series";
}

TEST(WayPoint, OrderIsThatOfTheWayFromKernelToKernel) {
  const auto at = [](KernelVersion mainline, std::vector<KernelVersion> stable, KernelVersion from,
                     KernelVersion to) {
    Change change;
    change.mainline = mainline;
    change.stable = std::move(stable);
    return way_point(change, from, to);
  };
  // Up: back along 5.10.y, along the mainline, up 6.1.y.
  const KernelVersion old{5, 10, 240};
  const KernelVersion young{6, 1, 170};
  const std::vector<WayPoint> up{at({6, 9, 0}, {{5, 10, 217}}, old, young),
                                 at({6, 9, 0}, {{5, 10, 100}}, old, young),
                                 at({5, 12, 0}, {}, old, young),
                                 at({6, 1, 0}, {}, old, young),
                                 at({6, 9, 0}, {{6, 1, 91}}, old, young),
                                 at({6, 9, 0}, {{6, 1, 110}}, old, young)};
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
  EXPECT_EQ(std::set<WayPoint>(up.begin(), up.end()).size(), up.size());
  // Down is the same way backwards.
  const std::vector<WayPoint> down{at({6, 9, 0}, {{6, 1, 110}}, young, old),
                                   at({6, 9, 0}, {{6, 1, 91}}, young, old),
                                   at({6, 1, 0}, {}, young, old),
                                   at({5, 12, 0}, {}, young, old),
                                   at({6, 9, 0}, {{5, 10, 100}}, young, old),
                                   at({6, 9, 0}, {{5, 10, 217}}, young, old)};
  EXPECT_TRUE(std::is_sorted(down.begin(), down.end()));
  EXPECT_EQ(std::set<WayPoint>(down.begin(), down.end()).size(), down.size());
  // Within a series.
  EXPECT_LT(at({6, 9, 0}, {{6, 1, 91}}, {6, 1, 50}, young),
            at({6, 9, 0}, {{6, 1, 110}}, {6, 1, 50}, young));
  EXPECT_GT(at({6, 9, 0}, {{6, 1, 91}}, young, {6, 1, 50}),
            at({6, 9, 0}, {{6, 1, 110}}, young, {6, 1, 50}));
}

TEST(WayPoint, ChangeThatEndedCountsWhereItEnded) {
  Change change;
  change.mainline = {5, 3, 0};
  change.until = KernelVersion{5, 8, 0};
  Change at_its_end;
  at_its_end.mainline = *change.until;
  EXPECT_EQ(way_point(change, {5, 4, 0}, {6, 1, 0}), way_point(at_its_end, {5, 4, 0}, {6, 1, 0}));
}

TEST(Explanation, OlderContenderIsExplainedBackwards) {
  const Changes changes{{errno_change("one", {4, 6, 0}, "ENOSYS", "EPIPE")}};
  EXPECT_THAT(explain(changes, "6.1", "3.16", "EPIPE", "ENOSYS"), ::testing::ElementsAre("one"));
}

TEST(Explanation, ChangesThatGoInCirclesEnd) {
  const Changes changes{{errno_change("there", {4, 6, 0}, "EPIPE", "EINVAL"),
                         errno_change("back", {4, 7, 0}, "EINVAL", "EPIPE")}};
  EXPECT_THAT(explain(changes, "3.16", "6.1", "EPIPE", "ENOSYS"), ::testing::IsEmpty());
}

TEST(Explanation, MoveIsIdleOnlyWhereItsScenarioWasComparedInVain) {
  const Changes changes{{errno_change("one", {4, 6, 0}, "ENOSYS", "EPIPE")}};
  const IdleMove idle{"one", {"tcp/*"}, "send#1"};

  Explanations untouched(changes, kernel("3.16"), kernel("6.1"));
  untouched.compared("unix/x");
  EXPECT_THAT(untouched.idle(), ::testing::IsEmpty());

  Explanations in_vain(changes, kernel("3.16"), kernel("6.1"));
  in_vain.compared("tcp/x");
  EXPECT_THAT(in_vain.idle(), ::testing::ElementsAre(idle));

  Explanations used(changes, kernel("3.16"), kernel("6.1"));
  used.compared("tcp/x");
  used.compared("tcp/y");
  used.explain("tcp/x", "send#1", Json{{"errno", "ENOSYS"}}, Json{{"errno", "EPIPE"}});
  EXPECT_THAT(used.idle(), ::testing::IsEmpty());

  Explanations too_old(changes, kernel("3.16"), kernel("4.5"));
  too_old.compared("tcp/x");
  EXPECT_THAT(too_old.idle(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace brokenpipe
