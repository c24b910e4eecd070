// Files read and written whole.
#include "results/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <random>
#include <system_error>

#include "results/base/error.h"
#include "results/base/unique_fd.h"

namespace brokenpipe {
namespace {

namespace fs = std::filesystem;

std::string words(int error) {
  return std::generic_category().message(error);
}

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

/// A name that nobody else writes to: threads, and processes of other containers, may be at the
/// same file.
fs::path temporary_beside(const fs::path& target) {
  static thread_local std::random_device device;
  return fmt::format("{}.{:08x}", target.string(), device());
}

/// A file on its way to its name. What has no name yet is gone with the process, however that ends.
class NewFile {
 public:
  /// The mode is 0666 less the umask, which open(2) sees to: to ask for the umask is to set it, for
  /// all threads.
  explicit NewFile(const fs::path& target) : target_(target) {
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    fd_ = UniqueFd(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
    if (fd_) return;
    // The file system may not know files without a name (NFS, 9P), the kernel not the flag.
    do {
      temporary_ = temporary_beside(target);
      fd_ = UniqueFd(::open(temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666));
    } while (!fd_ && errno == EEXIST);
    if (!fd_) temporary_.clear();
  }
  ~NewFile() { remove_temporary(); }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  NewFile(NewFile&&) = delete;
  NewFile& operator=(NewFile&&) = delete;

  int fd() const { return fd_.get(); }

  /// Takes the name from whoever has it. 0, or the errno of what failed.
  int put_in_place() {
    if (temporary_.empty()) {
      if (const int error = give_name()) return error;
    }
    if (const int error = fd_.reset()) return error;
    if (temporary_.empty()) return 0;
    if (::rename(temporary_.c_str(), target_.c_str()) < 0) return errno;
    temporary_.clear();
    return 0;
  }

 private:
  /// The target's where there is none yet, else one for the time being: link(2) replaces nothing.
  int give_name() {
    const std::string open_file = fmt::format("/proc/self/fd/{}", fd_.get());
    const auto link_as = [&](const fs::path& file) {
      const bool linked =
          ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, file.c_str(), AT_SYMLINK_FOLLOW) == 0;
      return linked ? 0 : errno;
    };
    int error = link_as(target_);
    while (error == EEXIST) {
      const fs::path temporary = temporary_beside(target_);
      error = link_as(temporary);
      if (error == 0) temporary_ = temporary;
    }
    return error;
  }

  void remove_temporary() {
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove(temporary_, ignored);
  }

  fs::path target_;
  fs::path temporary_;  ///< its name for the time being; empty where it has none
  UniqueFd fd_;
};

}  // namespace

std::string read_file(const fs::path& file) {
  return read_file(file, std::numeric_limits<std::size_t>::max());
}

std::string read_file(const fs::path& file, std::size_t most) {
  const auto fail = [&](int error) {
    throw Error(fmt::format("reading {}", file.string()), words(error));
  };
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) fail(errno);
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < most) {
    const std::size_t wanted = std::min(buffer.size(), most - text.size());
    const ssize_t n = ::read(fd.get(), buffer.data(), wanted);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    if (n == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
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

  NewFile whole(target);
  if (whole.fd() < 0) fail_to_write(file, errno);
  if (const int error = write_all(whole.fd(), text)) fail_to_write(file, error);
  if (::fsync(whole.fd()) < 0) fail_to_write(file, errno);
  if (const int error = whole.put_in_place()) fail_to_write(file, error);
  const fs::path folder = target.parent_path();
  if (const int error = sync_folder(folder.empty() ? "." : folder)) fail_to_write(file, error);
}

}  // namespace brokenpipe
