// How a site takes its place: by several publishers at once, and after some that were killed.
#include "orchestrator/site/site_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "results/base/error.h"
#include "results/base/file.h"
#include "tests/support/scratch_folder.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

constexpr int pages = 20;

/// A site whose pages all say who wrote them.
void write_pages(const SiteFolder& site, const std::string& who) {
  site.write("data/matrix.json", who);
  for (int page = 0; page < pages; ++page) site.write(std::to_string(page) + ".html", who);
}

/// What the pages of a site say; with `missing` for one that is not there.
std::set<std::string> writers_of(const fs::path& site) {
  std::set<std::string> writers{read_file(site / "data/matrix.json")};
  for (int page = 0; page < pages; ++page) {
    const fs::path file = site / (std::to_string(page) + ".html");
    writers.insert(fs::exists(file) ? read_file(file) : "missing");
  }
  return writers;
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

TEST(SiteFolder, OfTwoPublishersAtOnceBothSucceedAndTheLastOnesSiteStaysWhole) {
  const ScratchFolder scratch;
  const fs::path out = scratch.path() / "site";
  for (const bool replaces : {false, true}) {
    SiteFolder one(out);
    write_pages(one, "one");
    SiteFolder two(out);
    write_pages(two, "two");
    write_pages(one, "one");
    one.put_in_place();
    EXPECT_EQ(writers_of(out), std::set<std::string>{"one"}) << replaces;
    two.put_in_place();
    EXPECT_EQ(writers_of(out), std::set<std::string>{"two"}) << replaces;
  }
  EXPECT_EQ(names_in(scratch.path()), std::set<std::string>{"site"});
}

TEST(SiteFolder, ManyPublishersLeaveOneWholeSiteAndNothingBesideIt) {
  const ScratchFolder scratch;
  const fs::path out = scratch.path() / "site";
  {
    std::vector<std::jthread> publishers;
    publishers.reserve(8);
    for (int who = 0; who < 8; ++who)
      publishers.emplace_back([&, name = std::to_string(who)] {
        for (int n = 0; n < 10; ++n) {
          SiteFolder site(out);
          write_pages(site, name);
          site.put_in_place();
        }
      });
  }
  EXPECT_EQ(writers_of(out).size(), 1U);
  EXPECT_EQ(names_in(scratch.path()), std::set<std::string>{"site"});
}

TEST(SiteFolder, RemovesWhatAKilledPublisherLeftAndNothingElse) {
  const ScratchFolder scratch;
  const fs::path out = scratch.path() / "site";
  const pid_t publisher = fork();
  if (publisher == 0) {
    const SiteFolder killed(out);
    write_pages(killed, "killed");
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(publisher, &status, 0), publisher);
  EXPECT_EQ(names_in(scratch.path()).size(), 1U);
  // Of a version that had one name for all.
  fs::create_directory(scratch.path() / ".site.new");
  std::set<std::string> left{".site.new.txt", ".site.newer", ".site2.new.0123abcd",
                             ".site.new.0123ABCD", ".site.new.0123abcde"};
  for (const std::string& name : left) fs::create_directory(scratch.path() / name);
  {
    SiteFolder site(out);
    write_pages(site, "one");
    site.put_in_place();
  }
  left.insert("site");
  EXPECT_EQ(names_in(scratch.path()), left);
}

TEST(SiteFolder, DoesNotReplaceWhatHasComeMeanwhileAndIsNoSite) {
  const ScratchFolder scratch;
  const fs::path out = scratch.path() / "site";
  SiteFolder site(out);
  write_pages(site, "one");
  fs::create_directory(out);
  write_file(out / "diary", "dear");
  EXPECT_THROW(site.put_in_place(), UsageError);
  EXPECT_EQ(read_file(out / "diary"), "dear");
}

TEST(SiteFolder, IsForEverybodyToRead) {
  const ScratchFolder scratch;
  SiteFolder site(scratch.path() / "site");
  write_pages(site, "one");
  site.put_in_place();
  const auto readable = fs::perms::others_read | fs::perms::others_exec;
  EXPECT_EQ(fs::status(scratch.path() / "site").permissions() & readable, readable);
}

}  // namespace
}  // namespace brokenpipe
