#include "results/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "results/run_result.h"

namespace brokenpipe {
namespace {

using ::testing::IsEmpty;

/// The steps of the reference, by the name of something that each has, with the first that has it.
template <typename NamesOf>
std::map<std::string, std::string> used_in_the_reference(NamesOf&& names_of) {
  const RunResult reference = read_run_result(std::filesystem::path(PROJECT_FILES) / "results" /
                                              "reference" / "linux-3.16.json");
  std::map<std::string, std::string> used;
  for (const Observation& observation : reference.observations)
    for (const Step& step : observation.steps)
      for (const std::string& name : names_of(step))
        used.emplace(name, observation.scenario + " " + step.id);
  return used;
}

template <typename Entries>
std::set<std::string_view> names_of(const Entries& entries) {
  std::set<std::string_view> names;
  for (const auto& entry : entries) names.insert(entry.name);
  return names;
}

TEST(Vocabulary, EveryCallOfTheReferenceHasAnEntry) {
  const auto used =
      used_in_the_reference([](const Step& step) { return std::set<std::string>{step.call}; });
  EXPECT_GT(used.size(), 20U);
  const auto known = names_of(all_calls());
  for (const auto& [call, place] : used)
    EXPECT_TRUE(known.contains(call))
        << "results/vocabulary.cpp has no entry for the call " << call << " (" << place
        << "). Add one to all_calls(): whether it writes, what the number that it returns counts, "
           "the system call by which libc makes it, and what of it strace cannot see.";
}

TEST(Vocabulary, EveryMemberOfAStepOfTheReferenceHasAnEntry) {
  const auto used = used_in_the_reference([](const Step& step) {
    std::set<std::string> members;
    for (const auto& [name, value] : step.seen.items()) members.insert(name);
    return members;
  });
  EXPECT_GT(used.size(), 10U);
  const auto known = names_of(all_step_members());
  for (const auto& [member, place] : used)
    EXPECT_TRUE(known.contains(member))
        << "results/vocabulary.cpp has no entry for the member " << member << " (" << place
        << "). Add one to all_step_members(), and either say why strace cannot see it, there or at "
           "its call, or teach seen_by_strace() in tests/observer/second_observer.cpp to read it.";
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
