#include "images/hashed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "results/base/error.h"

namespace brokenpipe {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail_to_write(const fs::path& file, int error) {
  throw Error(fmt::format("writing {}", file.string()), std::strerror(error),
              "Make room or give the folder to this user, or name another one.");
}

}  // namespace

HashedFile::HashedFile(fs::path file)
    : file_(std::move(file)),
      fd_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (!fd_) fail_to_write(file_, errno);
}

void HashedFile::append(std::string_view bytes) {
  hash_.add(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_write(file_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string HashedFile::close() {
  if (const int error = fd_.reset()) fail_to_write(file_, error);
  return hash_.take();
}

std::optional<std::string> copy_hashed(const fs::path& from, const fs::path& to) {
  const UniqueFd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  HashedFile copy(to);
  constexpr std::size_t block = 1 << 18;
  std::vector<char> buffer(block);
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return copy.close();
    copy.append({buffer.data(), static_cast<std::size_t>(count)});
  }
}

void sync_file_system(const fs::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) {
    throw Error(fmt::format("writing what is below {} to the disk", folder.string()),
                std::strerror(errno), "Make room there, or name another folder.");
  }
}

}  // namespace brokenpipe
