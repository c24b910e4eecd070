#include "orchestrator/guest/growing_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/support/scratch_folder.h"

/// Reading while another writes, and giving back the room of what nobody keeps.
using namespace brokenpipe;
using namespace brokenpipe::testing;

namespace {

struct Bench {
  ScratchFolder folder;
  std::filesystem::path path = folder.path() / "file";
  UniqueFd writer{open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  GrowingFile file{path};

  void write(const std::string& text) const {
    ASSERT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string read() {
    std::string all;
    while (!file.read_new([&](std::string_view piece) { all += piece; })) {
    }
    return all;
  }
};

}  // namespace

TEST(GrowingFile, ReadsWhatHasComeSince) {
  Bench bench;
  EXPECT_EQ(bench.read(), "");
  bench.write("one");
  EXPECT_EQ(bench.read(), "one");
  bench.write("two");
  EXPECT_EQ(bench.read(), "two");
  EXPECT_EQ(bench.file.bytes(), 6U);
}

TEST(GrowingFile, ReadsALotInPieces) {
  Bench bench;
  const std::string much(std::size_t{9} << 20U, 'x');
  bench.write(much);
  std::size_t longest = 0;
  std::size_t all = 0;
  EXPECT_FALSE(bench.file.read_new([&](std::string_view piece) {
    longest = std::max(longest, piece.size());
    all += piece.size();
  }));
  EXPECT_LE(longest, 65536U);
  EXPECT_LT(all, much.size());
  EXPECT_EQ(all + bench.read().size(), much.size());
}

TEST(GrowingFile, GivesBackTheRoomOfWhatIsNotKeptAndReadsOn) {
  Bench bench;
  bench.write("keep" + std::string(std::size_t{3} << 20U, 'x'));
  bench.read();
  bench.file.give_back_beyond(4);
  EXPECT_EQ(std::filesystem::file_size(bench.path), 4U);
  EXPECT_EQ(bench.read(), "");
  bench.write("more");
  EXPECT_EQ(bench.read(), "more");
  EXPECT_EQ(bench.file.bytes(), 4 + (std::size_t{3} << 20U) + 4);
}

TEST(GrowingFile, ReadsOnBehindAWriterThatDoesNotAppend) {
  Bench bench;
  bench.writer = UniqueFd(open(bench.path.c_str(), O_WRONLY | O_CLOEXEC));
  bench.write("keep" + std::string(std::size_t{3} << 20U, 'x'));
  bench.read();
  bench.file.give_back_beyond(4);
  bench.write("more");
  EXPECT_EQ(bench.read(), "more");
}

TEST(GrowingFile, KeepsALittleMoreThanItNeed) {
  Bench bench;
  bench.write("keep and more");
  bench.read();
  bench.file.give_back_beyond(4);
  EXPECT_EQ(std::filesystem::file_size(bench.path), 13U);
}
