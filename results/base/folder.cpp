// Folders that several processes share.
#include "results/base/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

const char* const writable_remedy =
    "Make room or give the folder to this user, or name another one.";

constexpr std::string_view temporary_prefix = "brokenpipe-";

/// PREFIX, a number, a dash and six characters: other things of ours begin with the prefix too.
bool is_temporary_name(std::string_view name) {
  if (!name.starts_with(temporary_prefix)) return false;
  name.remove_prefix(temporary_prefix.size());
  const auto dash = name.find_first_not_of("0123456789");
  constexpr std::size_t random_characters = 6;
  return dash != 0 && dash != std::string_view::npos && name[dash] == '-' &&
         name.size() - dash - 1 == random_characters;
}

/// Once in the life of a process.
void sweep_once(const fs::path& parent) {
  static std::mutex mutex;
  static std::set<fs::path> swept;
  const std::lock_guard lock(mutex);
  if (swept.insert(parent).second) sweep_temporary(parent);
}

}  // namespace

void make_directories(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw Error(fmt::format("making the folder {}", directory.string()), error.message(),
                writable_remedy);
  }
}

std::uintmax_t room_in(const fs::path& folder) {
  std::error_code unknown;
  const fs::space_info space = fs::space(folder, unknown);
  return unknown ? std::numeric_limits<std::uintmax_t>::max() : space.available;
}

Error no_room(const fs::path& folder, std::uintmax_t left) {
  return {fmt::format("writing below {}", folder.string()),
          fmt::format("No space left on device, or too little: {} KiB", left >> 10U),
          "Make room there, or name another folder (for what is temporary, by TMPDIR)."};
}

fs::path scratch_parent() {
  std::error_code error;
  fs::path parent = fs::temp_directory_path(error);
  if (error)
    throw Error("looking for a folder for temporary files", "TMPDIR: " + error.message(),
                "Let it name a folder.");
  return parent;
}

void sweep_temporary(const fs::path& parent) {
  std::error_code ignored;
  for (fs::directory_iterator at(parent, ignored), end; at != end; at.increment(ignored)) {
    if (!is_temporary_name(at->path().filename().string())) continue;
    const UniqueFd folder(
        open(at->path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    const bool is_ours = folder && fstat(folder.get(), &status) == 0 && status.st_uid == geteuid();
    if (is_ours && flock(folder.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(at->path(), ignored);
  }
}

TemporaryDirectory::TemporaryDirectory(const fs::path& parent) {
  sweep_once(parent);
  const auto failed = [&] {
    return Error(fmt::format("making a folder below {}", parent.string()), std::strerror(errno),
                 writable_remedy);
  };
  while (!held_) {
    std::string name = (parent / fmt::format("{}{}-XXXXXX", temporary_prefix, getpid())).string();
    if (mkdtemp(name.data()) == nullptr) throw failed();
    path_ = name;
    UniqueFd folder(open(name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    // Between the two a sweeper may have taken it for nobody's: then the next one is ours. Where
    // the file system cannot lock, nobody sweeps.
    if (!folder && errno != ENOENT) throw failed();
    if (!folder || (flock(folder.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)) continue;
    if (fs::exists(path_)) held_ = std::move(folder);
  }
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

FileLock::FileLock(const fs::path& file, const std::function<void()>& on_wait)
    : file_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  const std::string doing = fmt::format("locking {}", file.string());
  if (file_.get() < 0) {
    throw Error(doing, std::strerror(errno), writable_remedy);
  }
  if (flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
    return;
  }
  if (errno == EWOULDBLOCK && on_wait) {
    on_wait();
  }
  while (flock(file_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) {
      throw Error(doing, std::strerror(errno));
    }
  }
}

}  // namespace brokenpipe
