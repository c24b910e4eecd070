// Reading a file while QEMU writes it.
#include "orchestrator/guest/growing_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace brokenpipe {

GrowingFile::GrowingFile(std::filesystem::path path)
    : path_(std::move(path)), fd_(open(path_.c_str(), O_RDWR | O_CLOEXEC)) {
  // Of another user's QEMU it may be readable only.
  if (!fd_) fd_ = UniqueFd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd_) throw failed();
}

std::size_t GrowingFile::read_piece(char* buffer, std::size_t size) {
  find_new_end();
  for (;;) {
    const ssize_t got = pread(fd_.get(), buffer, size, static_cast<off_t>(at_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw failed();
    at_ += static_cast<std::uint64_t>(got);
    bytes_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }
}

void GrowingFile::give_back_beyond(std::uint64_t kept) {
  constexpr std::uint64_t much = std::uint64_t{1} << 20U;
  if (at_ < kept + much || ftruncate(fd_.get(), static_cast<off_t>(kept)) != 0) return;
  cut_at_ = kept;
}

/// After the file was cut: QEMU appends (O_APPEND), so that the next byte stands where it was cut.
/// Of a writer that does not, it stands where it would have stood.
void GrowingFile::find_new_end() {
  struct stat status {};
  if (!cut_at_ || fstat(fd_.get(), &status) != 0) return;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == *cut_at_) return;
  if (size <= at_) at_ = *cut_at_;
  cut_at_.reset();
}

Error GrowingFile::failed() const {
  return {"reading what the guest writes",
          fmt::format("{}: {}", path_.string(), std::strerror(errno)),
          "With a URI other than the default, QEMU's user and you must both have access to that "
          "folder."};
}

}  // namespace brokenpipe
