#include "images/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "results/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

const char* const writable_remedy =
    "Make room or give the folder to this user, or name another one.";

void write_all(int fd, std::string_view content, const std::string& doing) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno != EINTR) {
      throw Error(doing, std::strerror(errno), writable_remedy);
    }
    content.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

}  // namespace

void Descriptor::reset() {
  if (fd_ >= 0) {
    close(fd_);
    fd_ = -1;
  }
}

std::string read_file(const fs::path& file) {
  const std::string doing = fmt::format("reading {}", file.string());
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw Error(doing, std::strerror(errno));
  }
  std::ostringstream content;
  // An empty file sets failbit on `content`: nothing was inserted.
  content << stream.rdbuf();
  if (stream.bad() || fs::is_directory(file)) {
    throw Error(doing, fs::is_directory(file) ? "it is a folder" : std::strerror(errno));
  }
  return std::move(content).str();
}

void write_file(const fs::path& file, std::string_view content) {
  const std::string doing = fmt::format("writing {}", file.string());
  std::string temporary = file.string() + ".XXXXXX";
  Descriptor descriptor(mkostemp(temporary.data(), O_CLOEXEC));
  if (descriptor.get() < 0) {
    throw Error(doing, std::strerror(errno), writable_remedy);
  }
  try {
    write_all(descriptor.get(), content, doing);
    if (fchmod(descriptor.get(), 0644) != 0 || rename(temporary.c_str(), file.c_str()) != 0) {
      throw Error(doing, std::strerror(errno), writable_remedy);
    }
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
}

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
