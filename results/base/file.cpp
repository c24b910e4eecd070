#include "results/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "results/base/error.h"
#include "results/base/unique_fd.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

std::string words(int error) {
  return std::generic_category().message(error);
}

/// Removes a temporary file that was not renamed.
class Leftover {
 public:
  explicit Leftover(fs::path file) : file_(std::move(file)) {}
  ~Leftover() {
    std::error_code ignored;
    if (!file_.empty()) fs::remove(file_, ignored);
  }
  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;
  Leftover(Leftover&&) = delete;
  Leftover& operator=(Leftover&&) = delete;
  void keep() { file_.clear(); }

 private:
  fs::path file_;
};

[[noreturn]] void fail_to_write(const fs::path& file, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(
      fmt::format("writing {}", file.string()), words(error),
      full ? "Make room there, or name another folder." : "Name a folder that can be written to.");
}

/// 0, or the errno that ended the writing.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

/// The name of a file is as durable as its folder.
int sync_folder(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno;
  // Some file systems cannot sync a folder and say so with EINVAL.
  return ::fsync(fd.get()) < 0 && errno != EINVAL ? errno : 0;
}

}  // namespace

std::string read_file(const fs::path& file) {
  const auto fail = [&](int error) {
    throw Error(fmt::format("reading {}", file.string()), words(error));
  };
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail(errno);
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    if (n == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

void write_file(const fs::path& file, std::string_view text) {
  std::error_code unresolved;
  // Through a symbolic link: what it points at is replaced, not the link.
  fs::path target = fs::weakly_canonical(file, unresolved);
  if (unresolved) target = file;
  const fs::file_status status = fs::status(target, unresolved);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    UniqueFd fd(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) fail_to_write(file, errno);
    if (const int error = write_all(fd.get(), text)) fail_to_write(file, error);
    if (const int error = fd.reset()) fail_to_write(file, error);
    return;
  }

  // A name of its own: threads, and processes of other containers, may write the same file.
  std::string temporary = target.string() + ".XXXXXX";
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) fail_to_write(file, errno);
  Leftover leftover(temporary);
  if (const int error = write_all(fd.get(), text)) fail_to_write(file, error);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(fd.get(), 0666 & ~mask) < 0) fail_to_write(file, errno);
  if (::fsync(fd.get()) < 0) fail_to_write(file, errno);
  if (const int error = fd.reset()) fail_to_write(file, error);
  if (::rename(temporary.c_str(), target.c_str()) < 0) fail_to_write(file, errno);
  leftover.keep();
  const fs::path folder = target.parent_path();
  if (const int error = sync_folder(folder.empty() ? "." : folder)) fail_to_write(file, error);
}

}  // namespace brokenpipe
