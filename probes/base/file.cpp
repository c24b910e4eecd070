#include "probes/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "probes/base/must.h"

namespace probe {

std::optional<std::string> read_file(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file < 0) return std::nullopt;
  std::string content;
  std::array<char, 65536> piece{};
  ssize_t length = 0;
  while ((length = read(file, piece.data(), piece.size())) > 0) {
    content.append(piece.data(), static_cast<size_t>(length));
  }
  if (length < 0) return std::nullopt;
  return content;
}

Fd file_to_send(size_t at_least) {
  Fd file(must("open(/proc/self/exe)", open("/proc/self/exe", O_RDONLY | O_CLOEXEC)));
  struct stat status {};
  must("fstat", fstat(file, &status));
  if (static_cast<size_t>(status.st_size) < at_least) throw Broken("the probe is too short a file");
  return file;
}

}  // namespace probe
