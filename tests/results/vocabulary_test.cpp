#include "results/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "results/base/file.h"
#include "results/changes.h"
#include "results/predict.h"
#include "results/run_result.h"
#include "results/seen.h"
#include "tests/support/schema.h"

namespace brokenpipe {
namespace {

using ::testing::IsEmpty;

namespace fs = std::filesystem;

const fs::path results = fs::path(PROJECT_FILES) / "results";

/// A step that a committed file tells of, and where.
struct Told {
  std::string place;
  Step step;
};

void add(std::vector<Told>& all, const std::string& file, const Observation& observation) {
  for (const Step& step : observation.steps)
    all.push_back({file + ": " + observation.scenario + " " + step.id, step});
}

std::vector<fs::path> recordings() {
  std::vector<fs::path> files{results / "reference/linux-3.16.json"};
  for (const auto& entry : fs::directory_iterator(results / "archive"))
    files.push_back(entry.path());
  return files;
}

/// Of the reference, the archive and the ledger.
const std::vector<Told>& all_told() {
  static const std::vector<Told> told = [] {
    std::vector<Told> all;
    for (const fs::path& file : recordings())
      for (const Observation& observation : read_run_result(file).observations)
        add(all, file.filename(), observation);
    for (const Change& change : read_changes(results / "changes.json").changes) {
      for (const Introduction& introduction : change.introduces)
        add(all, change.id, introduction.answer);
      for (const Move& move : change.moves) {
        // How a scenario ends is no step.
        if (move.step == ending_place) continue;
        for (const nlohmann::json& seen : {move.before, move.after}) {
          Step step;
          step.call = move.call;
          if (!seen.is_null()) step.seen = seen;
          all.push_back({change.id + ": " + move.step, step});
        }
      }
    }
    return all;
  }();
  return told;
}

/// Of a step's call and of its members, the first step that has it.
std::map<std::string, std::string> calls_in_use() {
  std::map<std::string, std::string> used;
  for (const Told& told : all_told())
    if (!told.step.call.empty()) used.emplace(told.step.call, told.place);
  return used;
}

std::map<std::string, std::string> members_in_use() {
  std::map<std::string, std::string> used;
  for (const Told& told : all_told())
    for (const auto& [name, value] : told.step.seen.items()) used.emplace(name, told.place);
  return used;
}

template <typename Entries>
std::set<std::string_view> names_of(const Entries& entries) {
  std::set<std::string_view> names;
  for (const auto& entry : entries) names.insert(entry.name);
  return names;
}

TEST(Vocabulary, EveryCallInACommittedFileHasAnEntry) {
  const auto used = calls_in_use();
  EXPECT_GT(used.size(), 20U);
  const auto known = names_of(all_calls());
  for (const auto& [call, place] : used)
    EXPECT_TRUE(known.contains(call))
        << "results/vocabulary.cpp has no entry for the call " << call << " (" << place
        << "). Add one to all_calls(): whether it writes, what the number that it returns counts, "
           "the system call by which libc makes it, and what of it strace cannot see.";
}

TEST(Vocabulary, EveryMemberOfAStepInACommittedFileHasAnEntry) {
  const auto used = members_in_use();
  EXPECT_GT(used.size(), 10U);
  const auto known = names_of(all_step_members());
  for (const auto& [member, place] : used)
    EXPECT_TRUE(known.contains(member))
        << "results/vocabulary.cpp has no entry for the member " << member << " (" << place
        << "). Add one to all_step_members(), and either say why strace cannot see it, there or at "
           "its call, or teach seen_by_strace() in tests/observer/second_observer.cpp to read it.";
}

/// What a schema says of a step's members, by their names.
std::set<std::string> members_in_schema(const char* definition) {
  const nlohmann::json schema =
      nlohmann::json::parse(read_file(results / "schema/definitions.json"));
  std::set<std::string> names;
  for (const auto& [name, says] :
       schema.at("definitions").at(definition).at("properties").items()) {
    const bool seen = std::find(step_keys.begin(), step_keys.end(), name) == step_keys.end();
    if (seen) names.insert(name);
  }
  return names;
}

TEST(Vocabulary, IsTheSchemas) {
  std::set<std::string> members;
  for (const StepMember& member : all_step_members()) members.emplace(member.name);
  EXPECT_EQ(members_in_schema("seen"), members);
  EXPECT_EQ(members_in_schema("step"), members);
}

TEST(Vocabulary, OfTheArchiveIsTheSchemas) {
  const testing::Schema schema("run_result.json");
  for (const fs::path& file : recordings()) {
    if (file.parent_path().filename() != "archive") continue;
    EXPECT_THAT(schema.complaint_about(nlohmann::json::parse(read_file(file))), IsEmpty()) << file;
  }
}

TEST(Vocabulary, NothingHasTwoEntries) {
  EXPECT_EQ(names_of(all_calls()).size(), all_calls().size());
  EXPECT_EQ(names_of(all_step_members()).size(), all_step_members().size());
}

TEST(Vocabulary, WhatATracerCannotSeeOfACallAreMembersOfSteps) {
  const auto known = names_of(all_step_members());
  for (const Call& call : all_calls())
    for (const UnseenMember& unseen : call.unseen) {
      EXPECT_TRUE(known.contains(unseen.name)) << call.name << ": " << unseen.name;
      EXPECT_EQ(why_unseen(call.name, unseen.name), unseen.why);
    }
}

TEST(Vocabulary, AMemberThatNoCallShowsIsUnseenWhateverTheCall) {
  EXPECT_EQ(why_unseen("send", "elapsed"), "a class of times, not a value");
  EXPECT_EQ(why_unseen("of-another-probe", "elapsed"), "a class of times, not a value");
  EXPECT_THAT(why_unseen("send", "completion"), IsEmpty());
  EXPECT_THAT(why_unseen("send", "of-another-probe"), IsEmpty());
}

TEST(Vocabulary, ACallWithoutAnEntryIsTheSystemCallOfItsNameAndNothingMore) {
  const Call call = call_named("of-another-probe");
  EXPECT_FALSE(call.writes);
  EXPECT_EQ(call.counts, Counts::nothing);
  EXPECT_EQ(call.system_call, "of-another-probe");
  EXPECT_FALSE(call.made_before);
  EXPECT_THAT(call.unseen, IsEmpty());
}

}  // namespace
}  // namespace brokenpipe
