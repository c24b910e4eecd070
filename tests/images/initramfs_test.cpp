#include "images/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <memory>
#include <set>

#include "results/base/error.h"
#include "results/base/file.h"
#include "results/base/folder.h"

/// What a guest is given, and that it is the same bytes everywhere.
namespace brokenpipe {
namespace {

using testing::ElementsAre;

struct Member {
  std::string path;
  mode_t mode;
  std::string content;

  bool operator==(const Member&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Member& member) {
  return out << member.path << " mode " << std::oct << member.mode << " \"" << member.content
             << '"';
}

struct FreeArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};

/// Reads a newc archive, and checks on the way that it holds nothing of this machine.
std::vector<Member> listing(const std::string& cpio) {
  const std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  archive_read_support_format_cpio(reader.get());
  archive_read_open_memory(reader.get(), cpio.data(), cpio.size());
  std::vector<Member> members;
  std::set<la_int64_t> inodes;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    EXPECT_EQ(archive_format(reader.get()), ARCHIVE_FORMAT_CPIO_SVR4_NOCRC);
    EXPECT_EQ(archive_entry_mtime(entry), 0);
    EXPECT_EQ(archive_entry_uid(entry), 0);
    EXPECT_EQ(archive_entry_gid(entry), 0);
    EXPECT_EQ(archive_entry_dev(entry), 0U);
    EXPECT_EQ(archive_entry_nlink(entry), 1U);
    EXPECT_TRUE(inodes.insert(archive_entry_ino64(entry)).second);
    if (archive_entry_filetype(entry) == AE_IFCHR) {
      EXPECT_EQ(archive_entry_rdev(entry), makedev(5, 1));
    }
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader.get(), content.data(), content.size());
    members.push_back({archive_entry_pathname(entry), archive_entry_mode(entry), content});
  }
  return members;
}

TEST(Initramfs, ItHoldsTheProbeItsArgumentsAndTheModulesInTheirOrder) {
  const TemporaryDirectory directory(testing::TempDir());
  write_file(directory.path() / "probe", "a program");
  const std::string cpio = initramfs(
      {directory.path() / "probe", {{"zlib.ko", "first"}, {"af.ko", "second"}}, {"--jobs", "2"}});
  EXPECT_THAT(
      listing(cpio),
      ElementsAre(Member{"brokenpipe", S_IFDIR | 0755, ""}, Member{"dev", S_IFDIR | 0755, ""},
                  Member{"modules", S_IFDIR | 0755, ""}, Member{"proc", S_IFDIR | 0755, ""},
                  Member{"run", S_IFDIR | 0755, ""}, Member{"sys", S_IFDIR | 0755, ""},
                  Member{"tmp", S_IFDIR | 0755, ""}, Member{"dev/console", S_IFCHR | 0600, ""},
                  Member{"init", S_IFREG | 0755, "a program"},
                  Member{"brokenpipe/arguments", S_IFREG | 0644, "--jobs\n2\n"},
                  Member{"modules/00-zlib.ko", S_IFREG | 0644, "first"},
                  Member{"modules/01-af.ko", S_IFREG | 0644, "second"}));
}

TEST(Initramfs, ACarriedFileComesWithTheFoldersAboveItAndNoneTwice) {
  const TemporaryDirectory directory(testing::TempDir());
  write_file(directory.path() / "probe", "a program");
  write_file(directory.path() / "other", "another");
  InitramfsContents contents{directory.path() / "probe", {}, {}};
  contents.files = {{directory.path() / "other", "/usr/bin/other"},
                    {directory.path() / "other", "/usr/bin/again"},
                    {directory.path() / "other", "/tmp/there"}};
  const std::vector<Member> members = listing(initramfs(contents));
  EXPECT_THAT(std::vector<Member>(members.end() - 5, members.end()),
              ElementsAre(Member{"usr", S_IFDIR | 0755, ""}, Member{"usr/bin", S_IFDIR | 0755, ""},
                          Member{"usr/bin/other", S_IFREG | 0755, "another"},
                          Member{"usr/bin/again", S_IFREG | 0755, "another"},
                          Member{"tmp/there", S_IFREG | 0755, "another"}));
}

TEST(Initramfs, TheSameContentsGiveTheSameBytesWhereverAndWheneverTheyLay) {
  const TemporaryDirectory here(testing::TempDir());
  const TemporaryDirectory there(testing::TempDir());
  for (const TemporaryDirectory* directory : {&here, &there}) {
    write_file(directory->path() / "probe", "a program");
  }
  std::filesystem::last_write_time(there.path() / "probe", {});
  std::filesystem::permissions(there.path() / "probe", std::filesystem::perms::owner_read);
  EXPECT_EQ(initramfs({here.path() / "probe", {{"tls.ko", "a module"}}, {"a"}}),
            initramfs({there.path() / "probe", {{"tls.ko", "a module"}}, {"a"}}));
}

TEST(Initramfs, OtherContentsGiveOtherBytes) {
  const TemporaryDirectory directory(testing::TempDir());
  write_file(directory.path() / "probe", "a program");
  EXPECT_NE(initramfs({directory.path() / "probe", {}, {"a"}}),
            initramfs({directory.path() / "probe", {}, {"b"}}));
}

TEST(Initramfs, AProbeThatIsNotThereIsAnError) {
  EXPECT_THROW(initramfs({"/nonexistent/probe", {}, {}}), Error);
}

}  // namespace
}  // namespace brokenpipe
