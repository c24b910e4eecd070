#include "results/base/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "results/base/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

const char* const writable_remedy =
    "Make room or give the folder to this user, or name another one.";

}  // namespace

void make_directories(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw Error(fmt::format("making the folder {}", directory.string()), error.message(),
                writable_remedy);
  }
}

TemporaryDirectory::TemporaryDirectory(const fs::path& parent) {
  std::string name = (parent / "XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw Error(fmt::format("making a folder below {}", parent.string()), std::strerror(errno),
                writable_remedy);
  }
  path_ = name;
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
